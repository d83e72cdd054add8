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
from sidecar.http.ranges import ByteRange, select_ranges
from sidecar.server.head import CONDITIONS
from sidecar.server.hot_entry import Content, Entry, HotAnswer, Prepared, Representation, in_pieces
from sidecar.server.responses import MAX_RANGES, Question, Reply
from sidecar.server.waiting_list import Kind, WaitingList, WaitingLists
from sidecar.server.wire import CLOSE, encode_head

if TYPE_CHECKING:
    from sidecar.cache.stored import StoredResponse
    from sidecar.server.head import Head

_METHODS: Final = frozenset({b"GET", b"HEAD"})
_SEEN: Final = 4096
_MAX_ENCODING_BYTES: Final = 256  # several times what any browser sends; clients choose it, and it is remembered
_RANGE: Final = b"range"
_RANGE_ONLY: Final = frozenset({_RANGE})
_OK: Final = b"HTTP/1.1 200 OK\r\n"
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
        path = self._path_of(head.target)
        entry = self._entries.get(path)
        if entry is None or not self._is_ordinary(head) or entry.takes_long_way(now):
            return None
        representation = entry.by_encoding.get(head.field(b"accept-encoding") if entry.is_negotiable else None)
        if representation is None:
            return None
        if now >= representation.fresh_until or not representation.is_current():
            self._remove(path)
            return None
        self._entries.move_to_end(path)
        prepared = _prepared(representation, head, now)
        if prepared is None:
            return None
        if head.is_kept:
            return prepared.answer
        return prepared.answer._replace(data=(prepared.head + CLOSE, prepared.content.text))

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

    def forget(self, target: bytes) -> Entry | None:
        """Keep nothing of a target any more; what was kept."""
        path = self._path_of(target)
        entry = self._entries.get(path)
        self._remove(path)
        return entry

    def _waiting_for(self, target: bytes, accept_encoding: bytes | None) -> WaitingList | None:
        kind = self._kind(target, accept_encoding)
        return None if kind is None else self.lists.find(kind)

    def _kind(self, target: bytes, accept_encoding: bytes | None) -> Kind | None:
        is_kept = self._limit_bytes > 0 and len(accept_encoding or b"") <= _MAX_ENCODING_BYTES
        return (self._path_of(target), accept_encoding) if is_kept else None

    def _is_ordinary(self, head: "Head") -> bool:
        return head.method in _METHODS and head.body_length == 0 and head.names.lowered.isdisjoint(self._cold)

    def _path_of(self, target: bytes) -> bytes:
        # A fragment makes a bad request of any target, within the query too.
        if b"?" not in target or not self._ignores_query or b"#" in target:
            return target
        return target.partition(b"?")[0]

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


def _prepared(representation: Representation, head: "Head", now: float) -> Prepared | None:
    """The answer as it was made before, or made now; None for one in several parts."""
    names, method = head.names, head.method
    if not names.is_conditional:
        return _kept(representation.whole, representation, _PLAIN, method, now)
    if representation.is_held(head):
        return _kept(representation.unchanged, representation, _HELD, method, now)
    if names.lowered & CONDITIONS == _RANGE_ONLY and method == b"GET":
        selection = select_ranges(head.header("range"), length=representation.stored.content_length, limit=MAX_RANGES)
        if isinstance(selection, tuple) and len(selection) == 1:
            return _part(representation, selection[0], now)
    return _make(representation, Question.of(method.decode(), head.header), method, now)


def _kept(
    answers: dict[bytes, Prepared], representation: Representation, question: Question, method: bytes, now: float
) -> Prepared | None:
    prepared = answers.get(method)
    if prepared is None or not prepared.since <= now < prepared.until:  # a clock may be set back
        prepared = _make(representation, question, method, now)
        if prepared is not None:
            answers[method] = prepared
    return prepared


def _part(representation: Representation, wanted: ByteRange, now: float) -> Prepared | None:
    """The 206 with one range: all that it does not share with the 200 is the status and the length."""
    whole = _kept(representation.whole, representation, _PLAIN, b"HEAD", now)
    if whole is None:
        return None
    start, stop, complete = wanted.start, wanted.stop, representation.stored.content_length
    if representation.around[0] is not whole:
        before, _, after = whole.head.partition(b"\r\ncontent-length: %d\r\n" % complete)
        representation.around = (whole, _PARTIAL + before[len(_OK) :] + b"\r\ncontent-length: ", b"\r\n" + after)
    _, before, after = representation.around
    head = b"%b%d\r\ncontent-range: bytes %d-%d/%d%b" % (before, stop - start, start, stop - 1, complete, after)
    content = representation.body.content(start, stop)
    answer = HotAnswer(
        in_pieces(head, content.text),
        content.part,
        HTTPStatus.PARTIAL_CONTENT,
        stop - start,
        "GET",
        representation.resource,
        whole.answer.media_type,
        representation.is_coded,
    )
    return Prepared(answer, head, content, whole.since, whole.until)


def _make(representation: Representation, question: Question, method: bytes, now: float) -> Prepared | None:
    reply = representation.render(question, method.decode(), now)
    if len(reply.parts) > 1:
        return None
    content = Content() if method == b"HEAD" else _content_of(representation, reply)
    head, size = encode_head(reply), content.size
    answer = HotAnswer(
        in_pieces(head, content.text),
        content.part,
        reply.status,
        size,
        method.decode(),
        representation.resource,
        reply.media_type,
        is_compressed=size > 0 and reply.is_coded,
    )
    return Prepared(answer, head, content, now, _until(representation.stored, now))


def _content_of(representation: Representation, reply: Reply) -> Content:
    if not reply.parts:
        return Content(reply.text)
    wanted = reply.parts[0].range
    return representation.body.content(wanted.start, wanted.stop)


def _until(stored: "StoredResponse", now: float) -> float:
    """When Date, Age or what is left of the freshness has another whole number of seconds."""
    age, ttl = stored.age_at(now), stored.ttl_at(now)
    return min(math.floor(now) + 1, now + 1 - age % 1, now + ttl % 1)
