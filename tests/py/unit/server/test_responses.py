"""What is sent for what the cache holds."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.stored import Kind, StoredResponse
from sidecar.http.dates import format_http_date
from sidecar.http.ranges import ByteRange
from sidecar.server.responses import (
    MAX_RANGES,
    Question,
    Reply,
    empty_reply,
    media_type_of,
    missing_reply,
    reply_to,
    text_reply,
)

MODIFIED = 784_111_777
MODIFIED_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER_DATE = "Sun, 06 Nov 1994 08:49:36 GMT"
RECEIVED = 1_780_000_000.0
AGE_AT_RECEIPT = 5.0
LIFETIME = 300.0
NOW = RECEIVED + 10.9
DATE = format_http_date(NOW)
EXPIRES = format_http_date(RECEIVED - AGE_AT_RECEIPT + LIFETIME)
LENGTH = 1000
BOUNDARY = "x"

STORED = StoredResponse(
    kind=Kind.OBJECT,
    headers=(("etag", '"a"'), ("last-modified", MODIFIED_DATE)),
    content_length=LENGTH,
    etag='"a"',
    last_modified=MODIFIED,
    received_at=RECEIVED,
    initial_age_seconds=AGE_AT_RECEIPT,
    lifetime_seconds=LIFETIME,
    stale_while_revalidate_seconds=0,
    stale_if_error_seconds=0,
    tags=(),
    epoch=1,
    purge_count=0,
    identity="one",
)

VALIDATORS = {"etag": '"a"', "last-modified": MODIFIED_DATE}
FRESHNESS = {"cache-control": "max-age=300", "expires": EXPIRES, "age": "15", "date": DATE}
OBJECT = {"content-type": "text/html", "accept-ranges": "bytes"} | VALIDATORS | FRESHNESS


def _text(words: str) -> dict[str, str]:
    return {"content-type": "text/plain; charset=utf-8", "content-length": str(len(words) + 1), "date": DATE}


START, MIDDLE, END = ByteRange(0, 10), ByteRange(400, 500), ByteRange(990, 1000)
WHOLE = (200, OBJECT | {"content-length": "1000"}, (ByteRange(0, 1000),))
FIRST_TEN = (206, OBJECT | {"content-length": "10", "content-range": "bytes 0-9/1000"}, (START,))
LAST_TEN = (206, OBJECT | {"content-length": "10", "content-range": "bytes 990-999/1000"}, (END,))
# RFC 9110 15.3.7.2: no Content-Range, and its media type and length come with the boundary.
FIRST_AND_LAST_TEN = (206, OBJECT, (START, END))
NOT_MODIFIED = (304, VALIDATORS | FRESHNESS, ())
FAILED = (412, _text("412 Precondition Failed"), ())
UNSATISFIABLE = (416, _text("416 Range Not Satisfiable") | {"content-range": "bytes */1000"}, ())

Expected = tuple[int, dict[str, str], tuple[ByteRange, ...]]

ANSWERS: dict[str, tuple[dict[str, str], Expected]] = {
    "rfc9110-15.3.1-whole": ({}, WHOLE),
    "rfc9110-15.3.7-first-bytes": ({"range": "bytes=0-9"}, FIRST_TEN),
    "rfc9110-15.3.7-last-bytes": ({"range": "bytes=-10"}, LAST_TEN),
    "rfc9110-15.3.7-clipped": ({"range": "bytes=990-5000"}, LAST_TEN),
    "rfc9110-14.2-other-unit": ({"range": "lines=0-9"}, WHOLE),
    "rfc9110-14.2-malformed": ({"range": "bytes=9-0"}, WHOLE),
    "rfc9110-14.6-two-ranges": ({"range": "bytes=0-9,990-999"}, FIRST_AND_LAST_TEN),
    "rfc9110-15.3.7.2-order-of-the-request": ({"range": "bytes=-10,0-9,400-499"}, (206, OBJECT, (END, START, MIDDLE))),
    "rfc9110-15.3.7.2-one-is-satisfiable": ({"range": "bytes=0-9,1000-,-0"}, FIRST_TEN),
    "rfc9110-15.3.7.2-overlapping-are-one": ({"range": "bytes=4-9,0-5"}, FIRST_TEN),
    "rfc9110-15.3.7.2-adjacent-are-one": ({"range": "bytes=0-4,5-9"}, FIRST_TEN),
    "rfc9110-15.3.7.2-longer-than-the-whole": (
        {"range": f"bytes={','.join(f'{n}-{n}' for n in range(0, 24, 2))}"},
        WHOLE,
    ),
    "rfc9110-15.3.7.2-all-but-one-byte": ({"range": "bytes=0-499,501-"}, WHOLE),
    "rfc9110-15.3.7.2-together-the-whole": (
        {"range": "bytes=0-499,500-"},
        (206, OBJECT | {"content-length": "1000", "content-range": "bytes 0-999/1000"}, (ByteRange(0, 1000),)),
    ),
    "rfc9110-14.2-as-many-as-are-served": ({"range": f"bytes={','.join(['0-9'] * MAX_RANGES)}"}, FIRST_TEN),
    "rfc9110-14.2-more-than-are-served": ({"range": f"bytes={','.join(['0-9'] * (MAX_RANGES + 1))}"}, WHOLE),
    "rfc9110-14.2-one-is-malformed": ({"range": "bytes=0-9,9-0"}, WHOLE),
    "rfc9110-15.5.17-all-beyond-the-end": ({"range": "bytes=1000-,2000-2001"}, UNSATISFIABLE),
    "rfc9110-13.1.5-same-tag-and-two-ranges": ({"if-range": '"a"', "range": "bytes=0-9,-10"}, FIRST_AND_LAST_TEN),
    "rfc9110-13.1.5-other-tag-and-two-ranges": ({"if-range": '"b"', "range": "bytes=0-9,-10"}, WHOLE),
    "rfc9110-13.2.2-304-before-two-ranges": ({"if-none-match": '"a"', "range": "bytes=0-9,-10"}, NOT_MODIFIED),
    "rfc9110-15.5.17-beyond-the-end": ({"range": "bytes=1000-"}, UNSATISFIABLE),
    "rfc9110-15.4.5-same-tag": ({"if-none-match": '"a"'}, NOT_MODIFIED),
    "rfc9110-15.4.5-weak-tag": ({"if-none-match": 'W/"a"'}, NOT_MODIFIED),
    "rfc9110-15.4.5-same-date": ({"if-modified-since": MODIFIED_DATE}, NOT_MODIFIED),
    "rfc9110-13.1.2-other-tag": ({"if-none-match": '"b"'}, WHOLE),
    "rfc9110-13.1.3-earlier-date": ({"if-modified-since": EARLIER_DATE}, WHOLE),
    "rfc9110-13.2.2-304-before-range": ({"if-none-match": '"a"', "range": "bytes=0-9"}, NOT_MODIFIED),
    "rfc9110-13.2.2-304-before-416": ({"if-none-match": '"a"', "range": "bytes=1000-"}, NOT_MODIFIED),
    "rfc9110-15.5.13-other-tag": ({"if-match": '"b"'}, FAILED),
    "rfc9110-15.5.13-earlier-date": ({"if-unmodified-since": EARLIER_DATE}, FAILED),
    "rfc9110-13.2.2-412-before-416": ({"if-match": '"b"', "range": "bytes=1000-"}, FAILED),
    "rfc9110-13.1.1-same-tag-and-range": ({"if-match": '"a"', "range": "bytes=0-9"}, FIRST_TEN),
    "rfc9110-13.1.5-same-tag": ({"if-range": '"a"', "range": "bytes=0-9"}, FIRST_TEN),
    "rfc9110-13.1.5-same-date": ({"if-range": MODIFIED_DATE, "range": "bytes=0-9"}, FIRST_TEN),
    "rfc9110-13.1.5-other-tag": ({"if-range": '"b"', "range": "bytes=0-9"}, WHOLE),
    "rfc9110-13.1.5-weak-tag": ({"if-range": 'W/"a"', "range": "bytes=0-9"}, WHOLE),
    "rfc9110-13.1.5-other-date": ({"if-range": EARLIER_DATE, "range": "bytes=0-9"}, WHOLE),
    "rfc9110-13.1.5-other-tag-never-416": ({"if-range": '"b"', "range": "bytes=1000-"}, WHOLE),
    "rfc9110-13.1.5-without-range": ({"if-range": '"b"'}, WHOLE),
}

CONDITIONS = {name: asked for name, (asked, _) in ANSWERS.items()}

REPRESENTATION = {
    "rfc9111-5.2-own-cache-control": ({"cache-control": "max-age=60, public"}, "cache-control", "max-age=60, public"),
    "rfc9111-5.2-empty-cache-control": ({"cache-control": ""}, "cache-control", "max-age=300"),
    "rfc9111-5.2-cache-control-from-ttl": ({}, "cache-control", "max-age=300"),
    "rfc9111-5.3-own-expires": ({"expires": "0"}, "expires", "0"),
    "rfc9111-5.3-expires-from-ttl": ({}, "expires", EXPIRES),
    "rfc9111-5.1-age-in-whole-seconds": ({}, "age", "15"),
    "rfc9110-6.6.1-date-is-now": ({}, "date", DATE),
    "rfc6266-4-disposition": ({"content-disposition": "attachment"}, "content-disposition", "attachment"),
    "rfc9110-8.4-encoding": ({"content-encoding": "gzip"}, "content-encoding", "gzip"),
    "rfc9110-8.5-language": ({"content-language": "de"}, "content-language", "de"),
    "rfc9110-8.8.2-last-modified-as-it-came": ({"last-modified": "yesterday"}, "last-modified", "yesterday"),
    "rfc9110-8.8.2-no-last-modified": ({}, "last-modified", None),
    "rfc9110-8.4-no-encoding": ({}, "content-encoding", None),
    "others-are-not-passed-on": ({"x-amz-request-id": "1", "server": "s3"}, "server", None),
}

NEGOTIABLE: dict[str, tuple[dict[str, str], int]] = {
    "rfc9110-12.5.5-whole": ({}, 200),
    "rfc9110-12.5.5-part": ({"range": "bytes=0-9"}, 206),
    "rfc9110-15.4.5-not-modified": ({"if-none-match": '"a"'}, 304),
    "rfc9110-13.1.5-tag": ({"if-range": '"a"', "range": "bytes=0-9"}, 206),
}

BY_TAG_ONLY: dict[str, tuple[dict[str, str], int]] = {
    "rfc9110-13.1.5-tag": ({"if-range": '"a"', "range": "bytes=0-9"}, 206),
    "rfc9110-13.1.5-other-tag": ({"if-range": '"b"', "range": "bytes=0-9"}, 200),
    "rfc9110-13.1.5-weak-tag": ({"if-range": 'W/"a"', "range": "bytes=0-9"}, 200),
    "rfc9110-8.8.2.2-date": ({"if-range": MODIFIED_DATE, "range": "bytes=0-9"}, 200),
    "rfc9110-14.2-no-condition": ({"range": "bytes=0-9"}, 206),
    "rfc9110-13.1.3-a-date-that-is-held": ({"if-modified-since": MODIFIED_DATE}, 304),
}

MEDIA_TYPES = {
    "own": ("text/x-own", "a.css", "text/x-own"),
    "own-with-parameter": ("text/html; charset=latin-1", "a.html", "text/html; charset=latin-1"),
    "rfc9110-8.3-none-by-extension": (None, "a/b.css", "text/css; charset=utf-8"),
    "rfc9110-8.3-s3s-own-default": ("binary/octet-stream", "a.png", "image/png"),
    "rfc9110-8.3-empty": ("", "a.png", "image/png"),
    "rfc9110-8.3-unknown-extension": (None, "a.unknown", "application/octet-stream"),
    "rfc9110-8.3-no-extension": (None, "README", "application/octet-stream"),
    "chosen-on-purpose": ("application/octet-stream", "a.png", "application/octet-stream"),
}


def _ask(
    asked: dict[str, str], method: str = "GET", stored: StoredResponse = STORED, *, is_seekable: bool = True
) -> Reply:
    question = Question.of(method, asked.get)
    return reply_to(question, stored, media_type="text/html", now=NOW, is_seekable=is_seekable)


def _fields(reply: Reply) -> dict[str, str]:
    """The headers by name; each is there once."""
    assert len(dict(reply.fields)) == len(reply.fields)
    return dict(reply.fields)


def _ranges(reply: Reply) -> tuple[ByteRange, ...]:
    return tuple(part.range for part in reply.parts)


@pytest.mark.parametrize(("asked", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer(asked: dict[str, str], expected: Expected) -> None:
    """Status, all headers and the bytes for each kind of question."""
    reply = _ask(asked)
    assert (reply.status, _fields(reply), _ranges(reply)) == expected


@pytest.mark.parametrize("asked", CONDITIONS.values(), ids=CONDITIONS)
def test_head_is_get_without_range(asked: dict[str, str]) -> None:
    """HEAD has the status and headers of the GET without Range, to which alone Range has a meaning (RFC 9110 14.2)."""
    without_range = {name: value for name, value in asked.items() if name != "range"}
    assert _ask(asked, "HEAD") == _ask(without_range, "GET")


@pytest.mark.parametrize("asked", CONDITIONS.values(), ids=CONDITIONS)
def test_a_body_that_is_not_seekable(asked: dict[str, str]) -> None:
    """What passes through is sent whole, and says that it takes no ranges; conditions count all the same."""
    without_range = {name: value for name, value in asked.items() if name != "range"}
    reply, seekable = _ask(asked, is_seekable=False), _ask(without_range)
    assert (reply.status, reply.parts, reply.text) == (seekable.status, seekable.parts, seekable.text)
    assert _fields(reply).get("accept-ranges", "none") == "none"
    assert _fields(reply) | {"accept-ranges": "bytes"} == _fields(seekable) | {"accept-ranges": "bytes"}


def test_parts() -> None:
    """Each part has the media type of the whole and its range; the length counts all (RFC 9110 14.6, 15.3.7.2)."""
    reply = _ask({"range": "bytes=0-9,990-999"}).in_parts(BOUNDARY)
    fields = _fields(reply)
    assert [part.head for part in reply.parts] == [
        b"\r\n--x\r\nContent-Type: text/html\r\nContent-Range: bytes 0-9/1000\r\n\r\n",
        b"\r\n--x\r\nContent-Type: text/html\r\nContent-Range: bytes 990-999/1000\r\n\r\n",
    ]
    assert reply.tail == b"\r\n--x--\r\n"
    assert fields["content-type"] == "multipart/byteranges; boundary=x"
    assert int(fields["content-length"]) == sum(len(part.head) for part in reply.parts) + 20 + len(reply.tail)
    assert "content-range" not in fields


def test_parts_of_what_the_operator_says_it_is() -> None:
    """A media type that was changed before is that of the parts."""
    reply = _ask({"range": "bytes=0-9,990-999"})
    changed = replace(reply, fields=(("content-type", "text/x-own"),)).in_parts(BOUNDARY)
    assert all(b"Content-Type: text/x-own\r\n" in part.head for part in changed.parts)


def test_an_empty_object() -> None:
    """No bytes are a complete body."""
    reply = _ask({}, stored=replace(STORED, content_length=0))
    assert (reply.status, reply.parts, _fields(reply)["content-length"]) == (200, (), "0")


def test_a_range_of_an_empty_object() -> None:
    """No range of an empty object can be satisfied (RFC 9110 14.1.2)."""
    reply = _ask({"range": "bytes=0-"}, stored=replace(STORED, content_length=0))
    assert (reply.status, _fields(reply)["content-range"]) == (416, "bytes */0")


@pytest.mark.parametrize(("asked", "status"), NEGOTIABLE.values(), ids=NEGOTIABLE)
def test_one_of_several_representations(asked: dict[str, str], status: int) -> None:
    """Every answer says what it depends on."""
    reply = _ask(asked, stored=replace(STORED, headers=(*STORED.headers, ("vary", "accept-encoding"))))
    assert (reply.status, _fields(reply).get("vary")) == (status, "accept-encoding")


@pytest.mark.parametrize(("asked", "status"), BY_TAG_ONLY.values(), ids=BY_TAG_ONLY)
def test_a_date_that_names_no_representation(asked: dict[str, str], status: int) -> None:
    """Who has a part of one coding must not get a part of another for the rest."""
    question = Question.of("GET", asked.get).by_tag_only()
    assert reply_to(question, STORED, media_type="text/html", now=NOW, is_seekable=True).status == status


@pytest.mark.parametrize(("headers", "name", "expected"), REPRESENTATION.values(), ids=REPRESENTATION)
def test_representation(headers: dict[str, str], name: str, expected: str | None) -> None:
    """What the object carries is passed on; freshness is filled in where it carries none."""
    stored = replace(STORED, headers=tuple(headers.items()))
    assert _fields(_ask({}, stored=stored)).get(name) == expected


@pytest.mark.parametrize("seconds", [0, 1], ids=["rfc9110-8.8.2.2-same-second", "rfc9110-8.8.2.2-a-second-later"])
def test_a_date_for_if_range(seconds: int) -> None:
    """An object that may have changed within the second of its date is not told apart by it."""
    stored = replace(STORED, received_at=float(MODIFIED + seconds), initial_age_seconds=0.0)
    reply = _ask({"if-range": MODIFIED_DATE, "range": "bytes=0-9"}, stored=stored)
    assert reply.status == (206 if seconds else 200)


@pytest.mark.parametrize("lifetime", [0, 60.5])
def test_a_missing_object(lifetime: float) -> None:
    """A 404 is as old as what is remembered, and good for as long (RFC 9111 5.1, 5.2.2.1)."""
    reply = missing_reply(replace(STORED, kind=Kind.MISSING, headers=(), lifetime_seconds=lifetime), NOW)
    assert (reply.status, reply.text) == (404, b"404 Not Found\n")
    assert _fields(reply) == _text("404 Not Found") | {"cache-control": f"max-age={int(lifetime)}", "age": "15"}


def test_metadata() -> None:
    """The object's own comes with it, and not with a 304."""
    stored = replace(STORED, headers=(*STORED.headers, ("x-amz-meta-a", "1"), ("x-amz-version-id", "2")))
    assert {name for name in _fields(_ask({}, stored=stored)) if name.startswith("x-")} == {"x-amz-meta-a"}
    assert "x-amz-meta-a" not in _fields(_ask({"if-none-match": "*"}, stored=stored))


def test_an_object_without_validators() -> None:
    """What the bucket did not give is not made up."""
    reply = _ask({}, stored=replace(STORED, headers=(), etag=None, last_modified=None))
    assert not {"etag", "last-modified"} & set(_fields(reply))


def test_a_lifetime_of_zero() -> None:
    """An object that must be revalidated is sent as already expired."""
    fields = _fields(_ask({}, stored=replace(STORED, lifetime_seconds=0)))
    assert fields["cache-control"] == "max-age=0"
    assert fields["expires"] == format_http_date(RECEIVED - AGE_AT_RECEIPT)


@pytest.mark.parametrize(("declared", "key", "expected"), MEDIA_TYPES.values(), ids=MEDIA_TYPES)
def test_media_type(declared: str | None, key: str, expected: str) -> None:
    """The uploader's type counts; where there is none, the extension does."""
    headers = () if declared is None else (("content-type", declared),)
    assert media_type_of(replace(STORED, headers=headers), key) == expected


def test_text_reply() -> None:
    """Words of our own are UTF-8 and end the line."""
    reply = text_reply(400, "400 Bad Request: é", NOW, ("cache-control", "no-store"))
    assert reply.text == "400 Bad Request: é\n".encode()
    assert _fields(reply) == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "20",
        "date": DATE,
        "cache-control": "no-store",
    }


def test_empty_reply() -> None:
    """An answer without body has no headers that speak of one (RFC 9110 8.6)."""
    assert empty_reply(204, NOW, ("allow", "GET")) == Reply(204, (("date", DATE), ("allow", "GET")))


def test_with_fields() -> None:
    """Headers are added at the end, and the reply itself stays as it was."""
    reply = empty_reply(204, NOW)
    assert reply.with_fields(("vary", "origin")).fields == (("date", DATE), ("vary", "origin"))
    assert reply.fields == (("date", DATE),)


def test_media_type_of_a_reply() -> None:
    """What records are told is the header's value; an answer without body has none."""
    assert _ask({}).media_type == "text/html"
    assert _ask({"if-none-match": "*"}).media_type is None


@given(
    st.dictionaries(
        st.sampled_from(["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]),
        st.sampled_from(["*", '"a"', '"b"', MODIFIED_DATE, "bytes=0-", "bytes=-5", "bytes=999-1000", "bytes=-1,0-0"])
        | st.text(),
    ),
    st.integers(0, 2000),
    st.sampled_from(["GET", "HEAD"]),
    st.booleans(),
)
def test_any_question_has_a_coherent_answer(asked: dict[str, str], length: int, method: str, is_seekable: bool) -> None:
    """Content-Length is the number of bytes to send, and ranges lie within the object."""
    reply = _ask(asked, method, replace(STORED, content_length=length), is_seekable=is_seekable)
    reply = reply.in_parts(BOUNDARY) if len(reply.parts) > 1 else reply
    fields, sent = _fields(reply), sum(len(part.head) + part.range.length for part in reply.parts)
    assert reply.status in {200, 206, 304, 412, 416}
    assert ("content-length" in fields) is (reply.status != 304)
    assert int(fields.get("content-length", "0")) == len(reply.text) + sent + len(reply.tail)
    assert sent + len(reply.tail) <= length
    assert all(0 <= chosen.start < chosen.stop <= length for chosen in _ranges(reply))


@given(st.lists(st.floats(RECEIVED, RECEIVED + 1e6), min_size=2).map(sorted))
def test_age_never_falls(instants: list[float]) -> None:
    """Age is a whole number of seconds that grows with time."""
    question = Question.of("GET", dict[str, str]().get)
    replies = (reply_to(question, STORED, media_type="text/html", now=now, is_seekable=True) for now in instants)
    ages = [int(_fields(reply)["age"]) for reply in replies]
    assert all(earlier <= later for earlier, later in pairwise(ages))
