"""Objects to keep hot, and requests for them."""

import math

from unit.cache.responses import a_response

from sidecar.cache.stored import StoredResponse
from sidecar.http.cache_status import CacheStatus
from sidecar.server.finish import Asked, Finish
from sidecar.server.head import Head, read_head
from sidecar.server.hot_entry import Body, Content, Entry, HotAnswer, Representation
from sidecar.server.hotpath import HotPath
from sidecar.server.responses import Question, Reply, reply_to
from sidecar.server.waiting_list import WaitingLists

NOW = 1_780_000_000.0
BODY = b"0123456789"
FOREVER = math.inf
_FINISH = Finish(("*",))


class KeptBody:
    """A body in memory that tells whether it was closed."""

    def __init__(self, body: bytes = BODY) -> None:
        self._body = body
        self.is_closed = False

    def content(self, start: int, stop: int) -> Content:
        """A part of it."""
        return self._body[start:stop]

    def close(self) -> None:
        """Note it."""
        assert not self.is_closed, "closed twice"
        self.is_closed = True


class Current:
    """Whether the cache still has what is kept."""

    def __init__(self) -> None:
        self.holds = True

    def __call__(self) -> bool:
        """Tell."""
        return self.holds


def rendered(stored: StoredResponse, question: Question, method: str, now: float) -> Reply:
    """What is answered, by the functions that answer every request."""
    reply = reply_to(question, stored, media_type="text/css", now=now, is_seekable=True)
    status = CacheStatus(hit=True, ttl=max(0, math.floor(stored.ttl_at(now))))
    return _FINISH.dress(reply, Asked(method)).with_fields(("cache-status", status.render()))


def a_representation(
    stored: StoredResponse | None = None,
    body: Body | None = None,
    *,
    size: int = len(BODY),
    current: Current | None = None,
    fresh_until: float = FOREVER,
) -> Representation:
    """One representation, of ten bytes unless told otherwise."""
    kept = stored or a_response()
    return Representation(
        resource="/a.css",
        stored=kept,
        render=lambda question, method, now: rendered(kept, question, method, now),
        body=body or KeptBody(),
        size=size,
        is_current=current or Current(),
        fresh_until=fresh_until,
    )


def an_entry(
    original: StoredResponse | None = None,
    *,
    digest: str = "a",
    is_negotiable: bool = False,
    long_way_at: float = FOREVER,
) -> Entry:
    """What is known of a path, without a representation yet."""
    return Entry(digest, original or a_response(), is_negotiable, long_way_at)


def a_head(target: str = "/a.css", *fields: str, method: str = "GET", version: str = "1.1") -> Head:
    """The head of a request."""
    return read_head("\r\n".join((f"{method} {target} HTTP/{version}", "host: x", *fields, "", "")).encode())


def a_hot_path(limit_bytes: int = 2**20, *cold: bytes, ignores_query: bool = True) -> HotPath:
    """A hot path without entries."""
    return HotPath(limit_bytes, frozenset(cold), WaitingLists(lambda: NOW), ignores_query=ignores_query)


def written(answer: HotAnswer | None) -> bytes:
    """The bytes of an answer that there must be."""
    assert answer is not None
    return b"".join(answer.data)
