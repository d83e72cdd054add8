"""Is it the right answer, and a hit? Asked before anything is measured."""

import gzip
import hashlib

from support.http_client import request
from support.http_reply import Reply

from bench.load.requests import Fields
from bench.servers import OURS, Server
from bench.site import Object

_PATIENCE_SECONDS = 60.0


class WrongAnswerError(RuntimeError):
    """A server does not answer as the case needs it; the message says which, and how it answers."""


def check_answer(server: Server, item: Object, fields: Fields, status: int = 200, coding: str | None = None) -> str:
    """Ask twice; return why this cannot be measured, empty when it can.

    Only a content coding that ours does not have is such a reason; any other wrong answer raises WrongAnswerError.
    """
    request(server.port, "GET", item.path, fields, timeout=_PATIENCE_SECONDS)
    reply = request(server.port, "GET", item.path, fields, timeout=_PATIENCE_SECONDS)
    if coding is not None and reply.header("content-encoding") != coding and server.name == OURS:
        return f"{OURS} answers {item.path} without the content coding {coding}"
    if not (reply.status == status and _has_right_body(reply, item, fields, coding) and _is_hit(server, reply)):
        raise WrongAnswerError(f"{server.name}: GET {item.path} with {list(fields)} answers {reply.status}: {reply}")
    return ""


def _has_right_body(reply: Reply, item: Object, fields: Fields, coding: str | None) -> bool:
    if reply.status == 304:
        return reply.body == b""
    if reply.header("content-encoding") != coding:
        return False
    body = gzip.decompress(reply.body) if coding == "gzip" else reply.body
    span = next((value for name, value in fields if name.lower() == "range"), None)
    if span is not None:
        first, last = span.removeprefix("bytes=").split("-")
        return body == item.body()[int(first) : int(last) + 1]
    return hashlib.sha256(body).hexdigest() == item.digest()


def _is_hit(server: Server, reply: Reply) -> bool:
    """Ours says so itself; of the others it shows in the origin's log."""
    return server.name != OURS or "hit" in (reply.header("cache-status") or "")
