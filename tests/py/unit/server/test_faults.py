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
from support.sanic_request import a_request
from support.told import Told

from sidecar import errors
from sidecar.errors import OriginError, OriginUnavailable
from sidecar.http.cache_status import CacheStatus
from sidecar.http.dates import format_http_date
from sidecar.http.header_rules import HeaderRule, HeaderRules
from sidecar.server.exchange import Exchange
from sidecar.server.faults import FaultHandler, refusal_reply, words_of
from sidecar.server.finish import NOT_ASKED, Finish
from sidecar.server.telling import Telling

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


def _handler(*rules: str, origins: tuple[str, ...] = ("*",), told: Told | None = None) -> FaultHandler:
    finish = Finish(origins, HeaderRules(tuple(map(HeaderRule.parse, rules))))
    return FaultHandler(ManualClock(NOW), finish, Telling(told or Told(), ManualClock(NOW)))


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
    response = _handler().response(a_request(), exception)
    assert (response.status, response.body) == (status, body)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["date"] == DATE
    assert response.headers["content-length"] == str(len(body))
    assert BAIT not in f"{response.body!r} {response.headers}"


def test_another_method() -> None:
    """A 405 lists the methods that are allowed (RFC 9110 15.5.6)."""
    exception = MethodNotAllowed("", method="POST", allowed_methods=["GET", "HEAD"])
    response = _handler().response(a_request(), exception)
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


def test_what_every_answer_carries() -> None:
    """An answer in place of a handler's has CORS and the operator's headers too, but none about storing."""
    handler = _handler(
        "X-Frame-Options: DENY", "/a/*=X-A: b", "Cache-Control: max-age=9", origins=("https://a.example",)
    )
    request = a_request("/a/b", "POST", origin="https://a.example")
    response = handler.response(request, MethodNotAllowed("", method="POST", allowed_methods=["GET"]))
    headers = dict(response.headers)
    assert len(headers) == len(response.headers)
    assert (headers["x-frame-options"], headers["x-a"], headers["cache-control"]) == ("DENY", "b", "no-store")
    assert (headers["access-control-allow-origin"], headers["vary"]) == ("https://a.example", "origin")
    assert headers["cache-status"] == NOT_ASKED


def test_what_was_not_even_parsed() -> None:
    """A request without a readable target has the headers that every answer has."""
    response = _handler("X-Frame-Options: DENY", "*=X-A: b").response(a_request(b"*", "NONE"), BadRequest(BAIT))
    assert (response.status, response.headers.get("x-frame-options"), response.headers.get("x-a")) == (
        400,
        "DENY",
        None,
    )


def test_what_was_begun() -> None:
    """What the cache did before a handler failed is still told."""
    request = a_request()
    request.ctx.exchange = Exchange(request, cache=CacheStatus(hit=True, ttl=5))
    assert _handler().response(request, ZeroDivisionError(BAIT)).headers["cache-status"] == "s3-sidecar; hit; ttl=5"


def test_who_tells() -> None:
    """What no handler has begun is told here, once, with what is sent; the rest by who began it."""
    told = Told()
    handler = _handler(told=told)
    response = handler.response(a_request("/a%20b?c", "POST"), MethodNotAllowed("", method="POST", allowed_methods=[]))
    (record,) = told.records
    assert (record.method, record.resource, record.status, record.outcome) == ("POST", "/a b", 405, "none")
    assert (record.body_bytes, record.media_type) == (len(response.body or b""), "text/plain; charset=utf-8")
    begun = a_request()
    begun.ctx.exchange = Exchange(begun)
    handler.response(begun, ZeroDivisionError())
    assert len(told.records) == 1


def test_without_a_request() -> None:
    """Sanic's signature allows it: the answer is made all the same."""
    response = _handler().response(None, BadRequest(BAIT))
    assert (response.status, response.headers["date"]) == (400, DATE)


def test_the_unexpected_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody expected goes to the log, with its traceback."""
    error = ZeroDivisionError(BAIT)
    _handler().response(a_request(), error)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_a_clients_mistake_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends nonsense does not fill the log."""
    _handler().response(a_request(), BadRequest(BAIT))
    assert caplog.records == []
