"""The status of each failure, and how little a client is told of it."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.exceptions import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    SanicException,
    ServerError,
    ServiceUnavailable,
)
from support.manual_clock import ManualClock

from sidecar import errors
from sidecar.errors import OriginError, OriginUnavailable
from sidecar.http.dates import format_http_date
from sidecar.server.faults import FaultHandler, refusal_reply, words_of

NOW = 1_780_000_000.0
DATE = format_http_date(NOW)
BAIT = "s3.internal:9000 refused AKIAEXAMPLE"

STATUS = {
    errors.OriginNotFound: 404,
    errors.OriginNotAsked: 504,
    errors.OriginChanged: 502,
    errors.OriginForbidden: 403,
    errors.OriginRefusedCredentials: 502,
    errors.OriginProtocolError: 502,
    errors.OriginUnavailable: 503,
    errors.OriginTimeout: 504,
}

RETRY_AFTER = {
    "rfc9110-10.2.3-as-the-bucket-said": (120, "120"),
    "rfc9110-10.2.3-unknown": (None, "5"),
    "rfc9110-10.2.3-never-at-once": (0, "5"),
}

WORDS = {200: "200 OK", 404: "404 Not Found", 416: "416 Requested Range Not Satisfiable", 499: "499", 999: "999"}

EXCEPTIONS = {
    "rfc9110-15.5.1": (BadRequest(BAIT), 400, b"400 Bad Request\n"),
    "rfc9110-15.5.5": (NotFound(BAIT), 404, b"404 Not Found\n"),
    "rfc9110-15.5.9": (RequestTimeout(BAIT), 408, b"408 Request Timeout\n"),
    "rfc9110-15.5.14": (PayloadTooLarge(BAIT), 413, b"413 Request Entity Too Large\n"),
    "rfc9110-15.6.1": (ServerError(BAIT), 500, b"500 Internal Server Error\n"),
    "rfc9110-15.6.4": (ServiceUnavailable(BAIT), 503, b"503 Service Unavailable\n"),
    "rfc9110-15-unregistered": (SanicException(BAIT, status_code=499), 499, b"499\n"),
    "unexpected": (ZeroDivisionError(BAIT), 500, b"500 Internal Server Error\n"),
    "unexpected-of-the-system": (OSError(28, BAIT), 500, b"500 Internal Server Error\n"),
}


def _subclasses(error: type[OriginError]) -> Iterator[type[OriginError]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def test_every_failure_has_a_status() -> None:
    """Each concrete OriginError is in the table; there is no default, so that none is forgotten."""
    assert set(_subclasses(OriginError)) == set(STATUS)


@pytest.mark.parametrize(("error", "status"), STATUS.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_status(error: type[OriginError], status: int) -> None:
    """Only a missing object is a 404, and no failure is stored on the way to the client."""
    reply = refusal_reply(error(BAIT), NOW)
    fields = dict(reply.fields)
    assert reply.status == status
    assert reply.text == f"{words_of(status)}\n".encode()
    assert fields["cache-control"] == "no-store"
    assert fields["date"] == DATE
    assert ("retry-after" in fields) is (status == 503)


@pytest.mark.parametrize(("seconds", "expected"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after(seconds: int | None, expected: str) -> None:
    """A client is told how long to wait when the bucket cannot answer now."""
    reply = refusal_reply(OriginUnavailable(BAIT, retry_after=seconds), NOW)
    assert dict(reply.fields)["retry-after"] == expected


@pytest.mark.parametrize(("status", "expected"), WORDS.items(), ids=map(str, WORDS))
def test_words(status: int, expected: str) -> None:
    """A status goes with its reason where it has one."""
    assert words_of(status) == expected


@given(st.integers(100, 999))
def test_every_status_has_words(status: int) -> None:
    """Any status can be put into words that begin with it."""
    assert words_of(status).startswith(str(status))


@pytest.mark.parametrize(("exception", "status", "body"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_exceptions(exception: Exception, status: int, body: bytes) -> None:
    """A client sees the status and its reason, nothing of what went wrong inside."""
    response = FaultHandler(ManualClock(NOW)).response(None, exception)
    assert (response.status, response.body) == (status, body)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["date"] == DATE
    assert response.headers["content-length"] == str(len(body))
    assert BAIT not in f"{response.body!r} {response.headers}"


def test_another_method() -> None:
    """A 405 lists the methods that are allowed (RFC 9110 15.5.6)."""
    exception = MethodNotAllowed("", method="POST", allowed_methods=["GET", "HEAD"])
    response = FaultHandler(ManualClock(NOW)).response(None, exception)
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


def test_the_unexpected_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody expected goes to the log, with its traceback."""
    error = ZeroDivisionError(BAIT)
    FaultHandler(ManualClock(NOW)).response(None, error)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_a_clients_mistake_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends nonsense does not fill the log."""
    FaultHandler(ManualClock(NOW)).response(None, BadRequest(BAIT))
    assert caplog.records == []
