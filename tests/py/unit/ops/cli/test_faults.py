"""What an operator is told when a server cannot be asked, or answers something else than hoped for."""

import http.client
import socket
import ssl

import pytest

from ops.cli.client import Reply
from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.faults import data_of, unreachable

PROBLEM = {"content-type": "application/problem+json"}
TEXT = {"content-type": "text/plain; charset=utf-8"}

REFUSALS = {
    "rfc9457-detail": (
        Reply(400, PROBLEM, b'{"title": "Bad Request", "detail": "give one of key"}'),
        "400: give one of key",
    ),
    "rfc9457-title-alone": (Reply(429, PROBLEM, b'{"title": "Too Many"}'), "429: Too Many"),
    "rfc9457-not-an-object": (Reply(400, PROBLEM, b"[]"), "400: no reason given"),
    "rfc9457-broken": (Reply(500, PROBLEM, b"{"), "500: no reason given"),
    "control-characters": (Reply(400, PROBLEM, b'{"detail": "a\\u001b[2Jb"}'), r"400: a\x1b[2Jb"),
    "rfc9110-15.5.2": (Reply(401, PROBLEM, b"{}"), "the token is not accepted"),
    "older-server-and-wrong-token": (Reply(403, TEXT, b"403 Forbidden\n"), "the token is not accepted"),
    "server-without-token": (
        Reply(403, PROBLEM, b'{"title": "Forbidden"}'),
        "the server has no token and refuses everybody",
    ),
    "older-server-get": (Reply(404, TEXT, b"404 Not Found\n"), "this server has no such endpoint (404)"),
    "older-server-post": (Reply(405, TEXT, b"405\n"), "this server has no such endpoint (405)"),
    "something-else-behind-the-url": (Reply(302, {}, b""), "302: no reason given"),
    "no-json": (Reply(200, TEXT, b"<html>"), "the answer is not JSON"),
}

UNREACHABLE = {
    "refused": (ConnectionRefusedError(111, "Connection refused"), "nobody listens there"),
    "no-socket": (FileNotFoundError(2, "No such file"), "nobody listens there"),
    "timeout": (TimeoutError(), "no answer within 3 s"),
    "name": (socket.gaierror(-2, "Name or service not known"), "the name does not resolve"),
    "reset": (ConnectionResetError(104, "reset"), "the connection broke off"),
    "closed-without-an-answer": (http.client.RemoteDisconnected("closed"), "the connection broke off"),
    "short-body": (http.client.IncompleteRead(b"", 3), "the connection broke off"),
    "not-http": (http.client.BadStatusLine("\x1b[2J"), r"no proper answer: \x1b[2J"),
    "plain-http": (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "it does not speak TLS as it should"),
    "network": (OSError(113, "No route to host"), "No route to host"),
}


@pytest.mark.parametrize(("reply", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusal(reply: Reply, message: str) -> None:
    """What the server says, or what its status means."""
    with pytest.raises(CommandError) as refusal:
        data_of(reply, has_token=True)
    assert (refusal.value.message, refusal.value.code) == (message, ExitCode.FAILED)


def test_without_a_token() -> None:
    """Who gave none is told to."""
    with pytest.raises(CommandError) as refusal:
        data_of(Reply(401, PROBLEM, b"{}"), has_token=False)
    assert refusal.value.message == "a token is needed"
    assert "S3OPS_TOKEN" in refusal.value.advice


def test_an_older_server_is_named_as_such() -> None:
    """The next step is said."""
    with pytest.raises(CommandError) as refusal:
        data_of(Reply(404, TEXT, b""), has_token=True)
    assert "older than this s3ops" in refusal.value.advice
    assert "--ops-path" in refusal.value.advice


@pytest.mark.parametrize(("error", "message"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_unreachable(error: Exception, message: str) -> None:
    """Each way not to get an answer, with a next step."""
    told = unreachable(error, timeout=3)
    assert (told.message, told.code) == (message, ExitCode.UNREACHABLE)
    assert told.advice


def test_data() -> None:
    """An answer that is fine."""
    assert data_of(Reply(200, {}, b'{"cleared": true}'), has_token=True) == {"cleared": True}
