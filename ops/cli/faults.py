"""What an operator is told when a server cannot be asked, or answers something else than hoped for: pure."""

import http.client
import json
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.text import printable

if TYPE_CHECKING:
    from ops.cli.client import Reply

_OK = range(200, 300)
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_NO_SUCH_ENDPOINT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_BUSY = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
_MAX_DETAIL = 300


def unreachable(error: Exception, timeout: float) -> CommandError:
    """Why no answer came, and what to do."""
    message, advice = _reason(error, timeout)
    return CommandError(message, advice, ExitCode.UNREACHABLE)


def _reason(error: Exception, timeout: float) -> tuple[str, str]:
    match error:
        case ConnectionRefusedError() | FileNotFoundError():
            return "nobody listens there", "is the server up? s3ops asks where --url says"
        case TimeoutError():
            return f"no answer within {timeout:g} s", "try again, or wait longer with --timeout"
        case socket.gaierror():
            return "the name does not resolve", "check the name in --url"
        case http.client.IncompleteRead() | ConnectionResetError():
            return "the connection broke off", "try again; the server may be restarting"
        case http.client.HTTPException():
            return f"no proper answer: {_told(error)}", "is it s3proxy that listens there, and is it http or https?"
    return _reason_of_os(error)


def _reason_of_os(error: Exception) -> tuple[str, str]:
    if type(error).__name__ == "SSLCertVerificationError":
        why = getattr(error, "verify_message", "") or "unknown"
        return f"its certificate is not trusted: {why}", "give the authority's certificate with --ca-file"
    if type(error).__module__ == "ssl":
        return "it does not speak TLS as it should", "is it plain http? then say so in --url"
    return _told(error), "check --url and the network in between"


def _told(error: Exception) -> str:
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(words)[:_MAX_DETAIL]


def data_of(reply: "Reply", *, has_token: bool) -> Any:
    """The JSON of an answer. Raises CommandError for a refusal, and for what is no JSON."""
    if reply.status not in _OK:
        raise refusal(reply, has_token=has_token)
    try:
        return json.loads(reply.body)
    except ValueError:
        advice = "is it s3proxy that listens there? see --url"
        raise CommandError("the answer is not JSON", advice) from None


def refusal(reply: "Reply", *, has_token: bool) -> CommandError:
    """What an answer that is none of 2xx means to an operator (RFC 9457, if the server says more)."""
    if reply.status in _REFUSED:
        return _no_entry(reply, has_token=has_token)
    if reply.status in _NO_SUCH_ENDPOINT:
        advice = "it is older than this s3ops, or --ops-path has renamed /_proxy: then put that path into --url"
        return CommandError(f"this server has no such endpoint ({reply.status})", advice)
    told = problem_of(reply).get("detail") or problem_of(reply).get("title") or "no reason given"
    return CommandError(f"{reply.status}: {printable(str(told))[:_MAX_DETAIL]}", _next_step(reply.status))


def problem_of(reply: "Reply") -> dict[str, Any]:
    """The problem document of an answer (RFC 9457 3); empty when it has none."""
    if not reply.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _no_entry(reply: "Reply", *, has_token: bool) -> CommandError:
    if reply.status == HTTPStatus.FORBIDDEN and problem_of(reply):
        return CommandError("the server has no token and refuses everybody", "start it with --auth-key (AUTH_KEY)")
    if has_token:
        advice = "give the server's AUTH_KEY with --token-file or S3OPS_TOKEN; a server without one refuses everybody"
        return CommandError("the token is not accepted", advice)
    return CommandError("a token is needed", "give the server's AUTH_KEY with --token-file or S3OPS_TOKEN")


def _next_step(status: int) -> str:
    if status in _BUSY:
        return "try again in a moment"
    return "the server's log says more" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
