"""Answers from memory, before Sanic is asked: for what was served out of the cache again and again.

Pure, but that those who wait for an answer go on when there is one.

Every answer is made by the same functions as Sanic's, and kept as bytes for as long as nothing in it changes: that is
until its Date, its Age or its remaining freshness do.
"""

import math
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from sidecar.http.conditional import Conditions
from sidecar.http.ranges import plain_range, select_ranges
from sidecar.observe import Summary
from sidecar.server.head import READING_METHODS
from sidecar.server.hot_entry import Content, Entry, HotAnswer, Prepared, Representation, in_pieces
from sidecar.server.responses import MAX_RANGES, Question, Reply
from sidecar.server.waiting_list import Kind, WaitingList, WaitingLists
from sidecar.server.wire import CLOSE, KEEP_ALIVE, encode_head

if TYPE_CHECKING:
    from sidecar.cache.stored import StoredResponse
    from sidecar.server.head import Head

_SEEN: Final = 4096
_MAX_ENCODING_BYTES: Final = 256  # several times what any browser sends; clients choose it, and it is remembered
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_PART: Final = ("GET", HTTPStatus.PARTIAL_CONTENT, "hit")
_PARTIAL: Final = b"HTTP/1.1 206 Partial Content\r\n"
_PLAIN: Final = Question(Conditions(), None)
_HELD: Final = Question(Conditions(if_none_match="*"), None)


class HotPath:
    """The hot entries of one worker, by path as it was sent; those least recently used leave beyond `limit_bytes`."""

    def __init__(
        self, limit_bytes: int, cold_fields: frozenset[bytes], lists: WaitingLists, *, ignores_query: bool
    ) -> None:
        """Requests with one of `cold_fields` are not answered here; those on the `lists` wait until they are."""
        self.lists = lists
        self._limit_bytes = limit_bytes
        self._cold = cold_fields
        self._ignores_query = ignores_query
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._by_digest: dict[str, set[bytes]] = {}
        self._seen: OrderedDict[tuple[bytes, bytes | None], None] = OrderedDict()
        self._size = 0

    def answer(self, head: "Head", now: float) -> HotAnswer | None:
        """The answer to a request; None when somebody else has to make it."""
        target = head.target
        path = self._path_of(target) if b"?" in target else target
        entry = self._entries.get(path)
        if entry is None or not self._is_ordinary(head):
            return None
        if now >= entry.long_way_at:
            entry.put_off_long_way(now)
            return None
        representation = entry.by_encoding.get(head.field(b"accept-encoding") if entry.is_negotiable else None)
        if representation is None:
            return None
        if now >= representation.fresh_until or not representation.is_current():
            self._remove(path)
            return None
        self._entries.move_to_end(path)
        return _answer(representation, head, now)

    def kind_of(self, head: "Head") -> Kind | None:
        """What a plain GET is one of; None for another, and for what is never answered here."""
        is_plain = head.method == b"GET" and self._is_ordinary(head) and not head.names.is_conditional
        return self._kind(head.target, head.field(b"accept-encoding")) if is_plain else None

    def expect(self, target: bytes, accept_encoding: bytes | None) -> None:
        """What a plain GET of `target` is answered with is being stored, and can be kept afterwards."""
        waiting = self._waiting_for(target, accept_encoding)
        if waiting is not None:
            waiting.expect()

    def wants(self, target: bytes, accept_encoding: bytes | None) -> bool:
        """Whether an answer that was just given out of the cache should be kept.

        That is when it is given for the second time, or somebody waits for the same.
        """
        path = self._path_of(target)
        entry = self._entries.get(path)
        if len(accept_encoding or b"") > _MAX_ENCODING_BYTES:
            return False
        if self._limit_bytes == 0 or (entry is not None and not entry.wants(accept_encoding)):
            return False
        if (path, accept_encoding) in self._seen or self._waiting_for(target, accept_encoding):
            return True
        self._seen[path, accept_encoding] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return False

    def put(self, target: bytes, accept_encoding: bytes | None, entry: Entry, representation: Representation) -> None:
        """Keep a representation of what `target` names; `entry` is taken unless the same is there already.

        Those who wait for it are answered.
        """
        path = self._path_of(target)
        known = self._entries.get(path)
        if known is None or known.original is not entry.original:
            self._remove(path)
            known = self._entries[path] = entry
            self._by_digest.setdefault(entry.digest, set()).add(path)
            self._size += known.size
        self._size -= known.size
        known.add(accept_encoding, representation)
        self._size += known.size
        while self._size > self._limit_bytes:
            self._remove(next(iter(self._entries)))
        waiting = self._waiting_for(target, accept_encoding)
        if waiting is not None:
            waiting.release()

    def drop(self, digest: str | None) -> None:
        """Forget what is kept of an object of the cache; of all of them without a digest."""
        paths = list(self._entries) if digest is None else list(self._by_digest.get(digest, ()))
        for path in paths:
            self._remove(path)

    def forget(self, target: bytes) -> None:
        """Keep nothing of a target any more."""
        self._remove(self._path_of(target))

    def _waiting_for(self, target: bytes, accept_encoding: bytes | None) -> WaitingList | None:
        kind = self._kind(target, accept_encoding)
        return None if kind is None else self.lists.find(kind)

    def _kind(self, target: bytes, accept_encoding: bytes | None) -> Kind | None:
        is_kept = self._limit_bytes > 0 and len(accept_encoding or b"") <= _MAX_ENCODING_BYTES
        return (self._path_of(target), accept_encoding) if is_kept else None

    def _is_ordinary(self, head: "Head") -> bool:
        return head.method in READING_METHODS and head.body_length == 0 and head.names.lowered.isdisjoint(self._cold)

    def _path_of(self, target: bytes) -> bytes:
        # A fragment makes a bad request of any target, within the query too.
        return target.partition(b"?")[0] if self._ignores_query and b"#" not in target else target

    def _remove(self, path: bytes) -> None:
        entry = self._entries.pop(path, None)
        if entry is None:
            return
        self._size -= entry.size
        entry.close()
        paths = self._by_digest[entry.digest]
        paths.discard(path)
        if not paths:
            del self._by_digest[entry.digest]


def _answer(representation: Representation, head: "Head", now: float) -> HotAnswer | None:
    """The answer as it was made before, or made now; None for one in several parts."""
    names, method = head.names, head.method
    if not names.is_conditional:
        prepared = _kept(representation.whole, representation, _PLAIN, method, now)
    elif names.is_range and (wanted := _wanted(head, representation.stored.content_length)) is not None:
        return _part(representation, wanted, head, now)
    elif representation.is_held(head):
        prepared = _kept(representation.unchanged, representation, _HELD, method, now)
    else:
        prepared = _make(representation, Question.of(method.decode(), head.header), method, now)
    if prepared is None:
        return None
    return prepared.answer if head.is_kept else prepared.answer._replace(data=(prepared.head + CLOSE, prepared.text))


def _kept(
    answers: dict[bytes, Prepared], representation: Representation, question: Question, method: bytes, now: float
) -> Prepared | None:
    prepared = answers.get(method)
    if prepared is None or not prepared.since <= now < prepared.until:  # a clock may be set back
        prepared = _make(representation, question, method, now)
        if prepared is not None:
            answers[method] = prepared
    return prepared


def _wanted(head: "Head", length: int) -> tuple[int, int] | None:
    """Where the one range begins and ends that a GET asks for; None for another request."""
    if head.method != b"GET":
        return None
    wanted = plain_range(head.field(b"range") or b"", length)
    if wanted is not None:
        return wanted
    selection = select_ranges(head.header("range"), length=length, limit=MAX_RANGES)
    if not isinstance(selection, tuple) or len(selection) > 1:
        return None
    (one,) = selection
    return one.start, one.stop


def _part(representation: Representation, wanted: tuple[int, int], head: "Head", now: float) -> HotAnswer | None:
    """The 206 with one range: all that it does not share with the 200 is the status and the length."""
    start, stop = wanted
    whole = _kept(representation.whole, representation, _PLAIN, b"HEAD", now)
    if whole is None:
        return None
    if representation.around[0] is not whole:
        complete = representation.stored.content_length
        before, _, after = whole.head.partition(b"\r\ncontent-length: %d\r\n" % complete)
        begun = _PARTIAL + before[len(_OK) :] + b"\r\ncontent-length: "
        representation.around = (whole, begun, b"/%d\r\n%b" % (complete, after))
    _, before, after = representation.around
    end = KEEP_ALIVE if head.is_kept else CLOSE
    begun = b"%b%d\r\ncontent-range: bytes %d-%d%b%b" % (before, stop - start, start, stop - 1, after, end)
    content = representation.body.content(start, stop)
    text, span = (content, None) if isinstance(content, bytes) else (b"", content)
    media_type = whole.answer.summary.media_type
    summary = Summary(*_PART, stop - start, representation.resource, media_type, representation.is_coded)
    return HotAnswer((begun, text), span, summary)


def _make(representation: Representation, question: Question, method: bytes, now: float) -> Prepared | None:
    reply = representation.render(question, method.decode(), now)
    if len(reply.parts) > 1:
        return None
    content = b"" if method == b"HEAD" else _content_of(representation, reply)
    text, span = (content, None) if isinstance(content, bytes) else (b"", content)
    head, size = encode_head(reply), len(text) if span is None else span.size
    summary = Summary(
        method.decode(),
        reply.status,
        "hit",
        size,
        representation.resource,
        reply.media_type,
        is_compressed=size > 0 and reply.is_coded,
    )
    answer = HotAnswer(in_pieces(head, text), span, summary)
    return Prepared(answer, head, text, now, _until(representation.stored, now))


def _content_of(representation: Representation, reply: Reply) -> Content:
    if not reply.parts:
        return reply.text
    wanted = reply.parts[0].range
    return representation.body.content(wanted.start, wanted.stop)


def _until(stored: "StoredResponse", now: float) -> float:
    """When Date, Age or what is left of the freshness has another whole number of seconds."""
    age, ttl = stored.age_at(now), stored.ttl_at(now)
    return min(math.floor(now) + 1, now + 1 - age % 1, now + ttl % 1)
