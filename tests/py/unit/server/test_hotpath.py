"""Answers from memory: which requests get one, for how long, and that no second passes unnoticed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response
from unit.server.hot import (
    BODY,
    NOW,
    Current,
    KeptBody,
    a_head,
    a_hot_path,
    a_representation,
    an_entry,
    rendered,
    written,
)

from sidecar.cache.stored import StoredResponse
from sidecar.server.head import Head
from sidecar.server.hot_entry import LONG_WAY_SECONDS, Representation
from sidecar.server.hotpath import HotPath
from sidecar.server.responses import Question
from sidecar.server.wire import CLOSE, KEEP_ALIVE, encode_head

PATH = b"/a.css"
ENTRY_BYTES = an_entry().size


def kept(representation: Representation | None = None, *, hot: HotPath | None = None) -> HotPath:
    """A hot path with one object."""
    hot, representation = hot or a_hot_path(), representation or a_representation()
    hot.put(PATH, None, an_entry(representation.stored), representation)
    return hot


def directly(stored: StoredResponse, head: Head, now: float, body: bytes = BODY) -> bytes:
    """The bytes of the answer that Sanic would write."""
    reply = rendered(stored, Question.of(head.method.decode(), head.header), head.method.decode(), now)
    sent = b"".join(body[part.range.start : part.range.stop] for part in reply.parts) or reply.text
    last = KEEP_ALIVE if head.is_kept else CLOSE
    return encode_head(reply) + last + (b"" if head.method == b"HEAD" else sent)


ANSWERED = {
    "plain": a_head(),
    "head": a_head(method="HEAD"),
    "query": a_head("/a.css?v=1"),
    "close": a_head("/a.css", "connection: close"),
    "1.0": a_head(version="1.0"),
    "1.0-kept": a_head("/a.css", "connection: keep-alive", version="1.0"),
    "held": a_head("/a.css", 'if-none-match: "a"'),
    "held-head": a_head("/a.css", 'if-none-match: "a"', method="HEAD"),
    "held-by-both": a_head("/a.css", 'if-none-match: "a"', "if-modified-since: Sat, 01 Jan 2000 00:00:00 GMT"),
    "held-in-a-list": a_head("/a.css", 'if-none-match: "b", W/"a"'),
    "not-held": a_head("/a.css", 'if-none-match: "b"'),
    "empty-condition": a_head("/a.css", "if-none-match:"),
    "not-modified": a_head("/a.css", "if-modified-since: Fri, 31 Dec 2100 23:59:59 GMT"),
    "failed": a_head("/a.css", 'if-match: "b"'),
    "failed-head": a_head("/a.css", 'if-match: "b"', method="HEAD"),
    "range": a_head("/a.css", "range: bytes=2-4"),
    "range-at-the-end": a_head("/a.css", "range: bytes=-3"),
    "range-of-everything": a_head("/a.css", "range: bytes=0-"),
    "range-of-head": a_head("/a.css", "range: bytes=2-4", method="HEAD"),
    "range-beyond": a_head("/a.css", "range: bytes=10-"),
    "range-of-another-unit": a_head("/a.css", "range: lines=1-2"),
    "malformed-range": a_head("/a.css", "range: bytes=4-2"),
    "range-of-another-version": a_head("/a.css", "range: bytes=2-4", 'if-range: "b"'),
    "range-and-held": a_head("/a.css", "range: bytes=2-4", 'if-none-match: "a"'),
    "repeated-condition": a_head("/a.css", 'if-none-match: "b"', 'if-none-match: "a"'),
    "coding": a_head("/a.css", "accept-encoding: gzip"),
    "empty-body": a_head("/a.css", "content-length: 0"),
}


@pytest.mark.parametrize("head", ANSWERED.values(), ids=ANSWERED)
def test_the_answer_is_what_it_would_be_without(head: Head) -> None:
    """Byte for byte, the first time and when it was made before."""
    stored = a_response()
    hot = kept(a_representation(stored))
    expected = directly(stored, head, NOW)
    for _ in range(2):
        answer = hot.answer(head, NOW)
        assert written(answer) == expected
        assert answer is not None
        assert answer.summary.body_bytes == len(expected.partition(b"\r\n\r\n")[2])
        assert answer.summary.status == int(expected.split(b" ")[1])


@pytest.mark.parametrize("etag", [None, "", "a", 'W/"a"', '"a", "b"', "*"])
@pytest.mark.parametrize("asked", ["", "a", 'W/"a"', '"a", "b"', '"a"'])
def test_a_condition_means_what_it_always_does(etag: str | None, asked: str) -> None:
    """RFC 9110 13.1.2, whatever a store takes for an ETag."""
    stored, head = a_response(etag=etag), a_head("/a.css", f"if-none-match: {asked}")
    assert written(kept(a_representation(stored)).answer(head, NOW)) == directly(stored, head, NOW)


NOT_ANSWERED = {
    "another-path": a_head("/b.css"),
    "spelled-otherwise": a_head("/%61.css"),
    "fragment": a_head("/a.css#top"),
    "fragment-in-the-query": a_head("/a.css?v#top"),
    "post": a_head(method="POST"),
    "options": a_head(method="OPTIONS"),
    "body": a_head("/a.css", "content-length: 1"),
    "chunked": a_head("/a.css", "transfer-encoding: chunked"),
    "cold-field": a_head("/a.css", "Expect: 100-continue"),
    "several-ranges": a_head("/a.css", "range: bytes=0-0,2-2"),
}


@pytest.mark.parametrize("head", NOT_ANSWERED.values(), ids=NOT_ANSWERED)
def test_what_is_not_plain_is_left_to_sanic(head: Head) -> None:
    """Several ranges would be in parts here, which is too seldom."""
    stored = a_response(content_length=10_000)
    hot = kept(a_representation(stored, KeptBody(bytes(10_000))), hot=a_hot_path(2**20, b"expect"))
    assert hot.answer(head, NOW) is None


def test_a_query_may_be_a_part_of_the_name() -> None:
    """Where queries are refused nothing is answered for them."""
    hot = kept(hot=a_hot_path(ignores_query=False))
    assert hot.answer(a_head("/a.css?v=1"), NOW) is None
    assert hot.answer(a_head(), NOW) is not None


# What depends on time -------------------------------------------------------------------------------------------------

_TICK = 2**-20
"""About a microsecond; instants that a clock gives are multiples of it, and sums of them exact."""

_spans = st.one_of(st.integers(0, 100).map(float), st.integers(0, 100 * 2**20).map(lambda ticks: ticks * _TICK))


@given(
    received=_spans, age=_spans, lifetime=_spans, waits=st.lists(_spans | st.just(0.0) | st.just(_TICK), max_size=8),
    before=st.sampled_from([_TICK, 2 * _TICK, 0.0]),
)  # fmt: skip
def test_no_second_passes_unnoticed(
    received: float, age: float, lifetime: float, waits: list[float], before: float
) -> None:
    """Whenever it is asked, Date, Age and what is left of the freshness are those of that instant."""
    stored = a_response(received_at=NOW + received, initial_age_seconds=age, lifetime_seconds=age + lifetime + 1000)
    hot, now = kept(a_representation(stored)), stored.received_at
    for wait in waits:
        for instant in (now, now + wait - before, now + wait):
            for head in (ANSWERED["plain"], ANSWERED["range"], ANSWERED["held"]):
                assert written(hot.answer(head, instant)) == directly(stored, head, instant)
        now += wait


BOUNDARIES = {
    "date": (NOW + 0.5, 0.25, 300.75, NOW + 1),
    "age": (NOW, 0.25, 300.0, NOW + 0.75),
    "ttl": (NOW, 0.0, 300.25, NOW + 0.25 + _TICK),
    "whole-ttl": (NOW, 0.0, 300.0, NOW + _TICK),
    "whole-ttl-of-what-is-old": (NOW, 0.5, 300.5, NOW + _TICK),
}


@pytest.mark.parametrize(("received_at", "age", "lifetime", "until"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_an_answer_is_right_up_to_its_end(received_at: float, age: float, lifetime: float, until: float) -> None:
    """The last instant before another second of date, age or freshness, and the first in it."""
    stored = a_response(received_at=received_at, initial_age_seconds=age, lifetime_seconds=lifetime)
    hot, head = kept(a_representation(stored)), ANSWERED["plain"]
    first = written(hot.answer(head, received_at))
    assert written(hot.answer(head, until - _TICK)) == directly(stored, head, until - _TICK) == first
    assert written(hot.answer(head, until)) == directly(stored, head, until) != first


@pytest.mark.parametrize("seconds", [_TICK, 1.0, 3600.0])
def test_a_clock_may_be_set_back(seconds: float) -> None:
    """No answer has a date that has not come yet."""
    stored = a_response(lifetime_seconds=10_000.0)
    hot, head = kept(a_representation(stored)), ANSWERED["plain"]
    hot.answer(head, NOW + 4000)
    assert written(hot.answer(head, NOW + 4000 - seconds)) == directly(stored, head, NOW + 4000 - seconds)


def test_freshness_ends() -> None:
    """At its very end nothing is answered from memory any more, and nothing is held."""
    reader = KeptBody()
    hot = kept(a_representation(body=reader, fresh_until=NOW + 60))
    assert hot.answer(a_head(), math.nextafter(NOW + 60, 0)) is not None
    assert hot.answer(a_head(), NOW + 60) is None
    assert reader.is_closed
    assert hot.answer(a_head(), NOW) is None


def test_what_the_cache_has_no_more_is_not_sent() -> None:
    """It is asked for every answer, also for one that was made before."""
    current, reader = Current(), KeptBody()
    hot = kept(a_representation(body=reader, current=current))
    assert hot.answer(a_head(), NOW) is not None
    current.holds = False
    assert hot.answer(a_head(), NOW) is None
    assert reader.is_closed


def test_one_request_takes_the_long_way_now_and_then() -> None:
    """So that the disk learns that the body is in use: every 45 seconds one."""
    hot, representation = a_hot_path(), a_representation()
    hot.put(PATH, None, an_entry(representation.stored, long_way_at=NOW), representation)
    answers = [hot.answer(a_head(), NOW + seconds) is not None for seconds in (0, 1, LONG_WAY_SECONDS - 1)]
    assert answers == [False, True, True]
    assert hot.answer(a_head(), NOW + LONG_WAY_SECONDS) is None
    assert hot.answer(a_head(), NOW + LONG_WAY_SECONDS) is not None


# What is kept ---------------------------------------------------------------------------------------------------------


def test_the_second_time_is_enough() -> None:
    """What is asked for once takes no room."""
    hot = a_hot_path()
    assert [hot.wants(PATH, b"gzip") for _ in range(3)] == [False, True, True]
    assert not hot.wants(PATH, b"br")
    assert not hot.wants(b"/b.css", b"gzip")


def test_what_is_there_is_not_wanted_again() -> None:
    """Whatever the Accept-Encoding, where the object is sent in one way only."""
    hot = kept()
    assert not any(hot.wants(PATH, coding) for coding in (None, b"gzip") for _ in range(3))


def test_without_room_nothing_is_wanted() -> None:
    """--hot-size 0 turns it off."""
    hot = a_hot_path(0)
    assert not any(hot.wants(PATH, None) for _ in range(3))


def test_what_was_seen_once_is_forgotten_in_its_turn() -> None:
    """A flood of paths that are asked for once takes a bounded room."""
    hot = a_hot_path()
    hot.wants(PATH, None)
    for number in range(5_000):
        hot.wants(b"/%d" % number, None)
    assert not hot.wants(PATH, None)


@pytest.mark.parametrize("coding", [b"x" * 300, b"gzip, " * 2_000])
def test_a_long_list_of_codings_is_not_remembered(coding: bytes) -> None:
    """No client fills the memory with what it accepts; a browser's list is remembered."""
    hot = a_hot_path()
    assert not any(hot.wants(PATH, coding) for _ in range(3))
    browsers = b"gzip, deflate, br, zstd;q=0.9, identity;q=0.5, *;q=0.1"
    assert [hot.wants(PATH, browsers) for _ in range(2)] == [False, True]


def test_the_least_recently_used_leaves_first() -> None:
    """The bound is one of bytes: bodies, and what each entry takes beside them."""
    hot, readers = a_hot_path(2 * (ENTRY_BYTES + 100)), [KeptBody(bytes(100)) for _ in range(3)]
    stored = [a_response(etag=f'"{number}"', content_length=100) for number in range(3)]
    for number in range(2):
        hot.put(
            b"/%d" % number, None, an_entry(stored[number]), a_representation(stored[number], readers[number], size=100)
        )
    assert hot.answer(a_head("/0"), NOW) is not None
    hot.put(b"/2", None, an_entry(stored[2]), a_representation(stored[2], readers[2], size=100))
    assert [hot.answer(a_head(f"/{number}"), NOW) is not None for number in range(3)] == [True, False, True]
    assert [reader.is_closed for reader in readers] == [False, True, False]


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    """And it is closed."""
    reader, hot = KeptBody(), a_hot_path(ENTRY_BYTES)
    kept(a_representation(body=reader), hot=hot)
    assert hot.answer(a_head(), NOW) is None
    assert reader.is_closed


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20_000)), max_size=40))
def test_the_bound_holds_whatever_comes(puts: list[tuple[int, int]]) -> None:
    """What is not closed is never more than the bound, and all of it is answered with."""
    bound, hot, readers = 40_000, a_hot_path(40_000), dict[int, tuple[KeptBody, int]]()
    every: list[tuple[KeptBody, int]] = []
    for number, size in puts:
        stored, reader = a_response(content_length=size, etag=f'"{number}"'), KeptBody(bytes(size))
        hot.put(
            b"/%d" % number, None, an_entry(stored, digest=str(number)), a_representation(stored, reader, size=size)
        )
        readers[number] = (reader, size)
        every.append((reader, size))
        assert sum(ENTRY_BYTES + each for kept_reader, each in every if not kept_reader.is_closed) <= bound
    for number, (reader, _) in readers.items():
        assert (hot.answer(a_head(f"/{number}"), NOW) is None) is reader.is_closed
    hot.drop(None)
    assert all(reader.is_closed for reader, _ in every)


def test_a_newer_version_takes_the_place_of_the_older() -> None:
    """The older one's body is closed."""
    older, newer = KeptBody(b"old45"), KeptBody(b"new45")
    hot = kept(a_representation(a_response(content_length=5), older))
    kept(a_representation(a_response(content_length=5), newer), hot=hot)
    assert written(hot.answer(a_head(), NOW)).endswith(b"new45")
    assert (older.is_closed, newer.is_closed) == (True, False)


def test_a_dropped_object_is_not_answered_from_memory() -> None:
    """Under none of its paths; others are."""
    hot, stored = a_hot_path(), a_response()
    for path, digest in ((b"/a", "a"), (b"/%61", "a"), (b"/b", "b")):
        hot.put(path, None, an_entry(stored, digest=digest), a_representation(stored))
    hot.drop("a")
    hot.drop("none")
    assert [hot.answer(a_head(target), NOW) is not None for target in ("/a", "/%61", "/b")] == [False, False, True]
    hot.drop(None)
    assert hot.answer(a_head("/b"), NOW) is None


def test_a_dropped_object_is_kept_again_when_it_is_asked_for() -> None:
    """It was seen often enough."""
    hot = a_hot_path()
    hot.wants(PATH, None)
    kept(hot=hot)
    hot.drop("a")
    assert hot.wants(PATH, None)
    kept(hot=hot)
    assert hot.answer(a_head(), NOW) is not None


def test_each_coding_has_its_representation() -> None:
    """What was never asked for in this way is not guessed."""
    hot, original = a_hot_path(), a_response()
    for coding, body in ((None, b"0123456789"), (b"gzip", b"g"), (b"br", b"b")):
        stored = a_response(etag=f'"{coding!r}"', content_length=len(body))
        hot.put(PATH, coding, an_entry(original, is_negotiable=True), a_representation(stored, KeptBody(body)))
    assert written(hot.answer(a_head(), NOW)).endswith(BODY)
    for accepted in ("gzip", "br"):
        head = a_head("/a.css", f"accept-encoding: {accepted}")
        assert written(hot.answer(head, NOW)).endswith(f"\r\n\r\n{accepted[0]}".encode())
    assert hot.answer(a_head("/a.css", "accept-encoding: br, gzip"), NOW) is None


def test_an_answer_says_what_there_is_to_tell_of_it() -> None:
    """As records have it: the media type is the one that the client sees, and a 304 has none."""
    hot = kept()
    told = {name: hot.answer(head, NOW) for name, head in ANSWERED.items()}
    types = {name: answer.summary.media_type for name, answer in told.items() if answer is not None}
    assert types["plain"] == types["range"] == types["head"] == "text/css"
    assert types["held"] is types["not-modified"] is None
    assert types["failed"] == types["range-beyond"] == "text/plain; charset=utf-8"
    assert {answer.summary.resource for answer in told.values() if answer is not None} == {"/a.css"}
