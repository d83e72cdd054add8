"""Heads of requests, read strictly: RFC 9112, RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.server.head import (
    MAX_HEAD_BYTES,
    MAX_TARGET_BYTES,
    Head,
    HeadError,
    HeadReader,
    check_beginning,
    read_head,
)

END = b"\r\n\r\n"
LONG = b"x" * MAX_TARGET_BYTES

READ = {
    "9112-3-simple": (b"GET / HTTP/1.1\r\nHost: x", (b"GET", b"/")),
    "9112-3-query": (b"GET /a?b=c HTTP/1.1\r\nHost: x", (b"GET", b"/a?b=c")),
    "9112-3.2.4-asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: x", (b"OPTIONS", b"*")),
    "9110-9.1-unknown-method": (b"BREW /pot HTTP/1.1\r\nHost: x", (b"BREW", b"/pot")),
    "9110-9.1-methods-have-case": (b"get / HTTP/1.1\r\nHost: x", (b"get", b"/")),
    "beyond-ascii-is-encoded": (b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: x", (b"GET", b"/caf%C3%A9")),
    "9112-3.2-no-host-in-1.0": (b"GET / HTTP/1.0", (b"GET", b"/")),
    "9112-3.2-empty-host": (b"GET / HTTP/1.1\r\nHost:", (b"GET", b"/")),
    "9112-3.2-host-and-port": (b"GET / HTTP/1.1\r\nHost: a-b.example:8000", (b"GET", b"/")),
    "9112-3.2-address": (b"GET / HTTP/1.1\r\nHost: [::1]:8000", (b"GET", b"/")),
    "longest-target": (b"GET /" + LONG[1:] + b" HTTP/1.1\r\nHost: x", (b"GET", b"/" + LONG[1:])),
    "9110-7.8-upgrade-is-ignored": (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade",
        (b"GET", b"/"),
    ),
}

REFUSED = {
    "9112-3-no-version": (b"GET /", 400),
    "9112-3-two-spaces": (b"GET  / HTTP/1.1\r\nHost: x", 400),
    "9112-3-space-in-target": (b"GET /a b HTTP/1.1\r\nHost: x", 400),
    "9112-3-space-at-the-end": (b"GET / HTTP/1.1 \r\nHost: x", 400),
    "9112-3-tab": (b"GET\t/ HTTP/1.1\r\nHost: x", 400),
    "9112-3-control-in-target": (b"GET /\x01 HTTP/1.1\r\nHost: x", 400),
    "9112-3.2.2-absolute": (b"GET http://h/a HTTP/1.1\r\nHost: x", 400),
    "9112-3.2.2-absolute-without-path": (b"GET http://h HTTP/1.1\r\nHost: x", 400),
    "9112-3.2.3-authority": (b"CONNECT h:80 HTTP/1.1\r\nHost: h:80", 400),
    "9112-3-relative-target": (b"GET a HTTP/1.1\r\nHost: x", 400),
    "9112-2.3-small-letters": (b"GET / http/1.1\r\nHost: x", 400),
    "9112-2.3-newer-minor": (b"GET / HTTP/1.2\r\nHost: x", 505),
    "9112-2.3-newer-major": (b"GET / HTTP/2.0\r\nHost: x", 505),
    "9113-3.4-preface": (b"PRI * HTTP/2.0", 505),
    "9112-2.2-bare-line-feed": (b"GET / HTTP/1.1\r\nHost: x\nA: b", 400),
    "9112-2.2-bare-carriage-return": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc", 400),
    "9112-2.2-space-before-the-first-field": (b"GET / HTTP/1.1\r\n Host: x", 400),
    "9112-5.1-space-before-colon": (b"GET / HTTP/1.1\r\nHost : x", 400),
    "9112-5.1-no-colon": (b"GET / HTTP/1.1\r\nHost: x\r\nnonsense", 400),
    "9112-5.1-no-name": (b"GET / HTTP/1.1\r\nHost: x\r\n: v", 400),
    "9112-5.2-folded": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c", 400),
    "9110-5.5-nul": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0", 400),
    "9112-3.2-no-host": (b"GET / HTTP/1.1", 400),
    "9112-3.2-two-hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a", 400),
    "9112-3.2-two-hosts-in-1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b", 400),
    "9112-3.2-list-of-hosts": (b"GET / HTTP/1.1\r\nHost: a, b/c", 400),
    "9112-3.2-host-with-path": (b"GET / HTTP/1.1\r\nHost: a/b", 400),
    "9112-3.2-host-with-user": (b"GET / HTTP/1.1\r\nHost: u@a", 400),
    "9112-6.3-two-lengths": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1", 400),
    "9112-6.3-list-of-lengths": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1", 400),
    "9112-6.3-signed-length": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1", 400),
    "9112-6.3-length-and-chunks": (
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        400,
    ),
    "9112-6.1-chunked-is-not-last": (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip", 400),
    "what-follows-a-head": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n!", 400),
    "unknown-method-is-read-as-strictly": (b"BREW / HTTP/1.1\r\nHost : x", 400),
    "9110-15.5.15-long-target": (b"GET /" + LONG + b" HTTP/1.1\r\nHost: x", 414),
    "6585-5-long-head": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * MAX_HEAD_BYTES, 431),
}

KEPT = {
    "9112-9.3-newest": (b"GET / HTTP/1.1\r\nHost: x", True),
    "9112-9.3-close": (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close", False),
    "9112-9.3-close-in-a-list": (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, Close", False),
    "9112-9.3-close-in-a-second-field": (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE\r\nConnection: close", False),
    "9112-9.3-keep-alive-in-a-list": (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive, TE", True),
    "9112-9.3-older": (b"GET / HTTP/1.0", False),
    "9112-9.3-older-keep-alive": (b"GET / HTTP/1.0\r\nConnection: Keep-Alive, TE", True),
    "unknown-method": (b"BREW / HTTP/1.1\r\nHost: x\r\nConnection: close", False),
}

BODIES = {
    "9112-6.3-none": (b"GET / HTTP/1.1\r\nHost: x", 0),
    "9112-6.3-empty": (b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 0),
    "9112-6.3-length": (b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 12", 12),
    "9112-6.3-chunks": (b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", None),
    "9112-6.3-get-with-a-length": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3", 3),
    "9110-7.8-upgrade": (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: a\r\nConnection: upgrade\r\nContent-Length: 3", 3),
    "unknown-method": (b"BREW / HTTP/1.1\r\nHost: x\r\nContent-Length: 3", 3),
}

BEGINNINGS = {
    "nothing-wrong": (b"GET / HTTP/1.1\r\nHost: x\r", None),
    "9112-2.2-bare-line-feed": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "9110-15.5.15-long-target": (b"GET /" + LONG, 414),
    "6585-5-long-head": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * MAX_HEAD_BYTES, 431),
}


USUAL = {
    "browser": b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nUser-Agent: a b\r\nAccept: */*\r\nConnection: keep-alive",
    "head": b"HEAD / HTTP/1.1\r\nhost:x",
    "conditional": b'GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a" \t\r\nRANGE: bytes=0-1',
    "empty-value": b"GET / HTTP/1.1\r\nHost: x\r\nA:\r\nB: ",
    "fragment": b"GET /a#b HTTP/1.1\r\nHost: x",
    "upgrade-not-offered": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c",
}

UNUSUAL = {
    "method": b"PUT / HTTP/1.1\r\nHost: x",
    "version": b"GET / HTTP/1.0\r\nHost: x",
    "no-host": b"GET / HTTP/1.1\r\nA: b",
    "wrong-host": b"GET / HTTP/1.1\r\nHost: a/b",
    "space-after-host": b"GET / HTTP/1.1\r\nHost: x ",
    "repeated": b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nA: 2",
    "repeated-in-another-case": b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2",
    "close": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close",
    "offer": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c",
    "length": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0",
    "body": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4",
    "chunks": b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked",
    "two": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x",
    "two-with-a-body": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nHost: x",
    "empty-line-before": b"\r\nGET / HTTP/1.1\r\nHost: x",
    "beyond-ascii": b"GET /\xff HTTP/1.1\r\nHost: x",
    "asterisk": b"GET * HTTP/1.1\r\nHost: x",
    "nothing": b"",
}


def _fields(head: Head) -> dict[bytes, bytes | None]:
    return {name: head.field(name) for name in head.names.lowered}


def _all_of(head: Head) -> tuple[object, ...]:
    return head.raw, head.method, head.target, _fields(head), head.body_length, head.is_kept, head.request_line()


def _status(raw: bytes) -> int | None:
    try:
        read_head(raw)
    except HeadError as error:
        return error.status
    return None


@pytest.mark.parametrize(("raw", "expected"), READ.values(), ids=READ)
def test_read(raw: bytes, expected: tuple[bytes, bytes]) -> None:
    """Method and target of what is a request."""
    head = read_head(raw + END)
    assert (head.method, head.target) == expected


@pytest.mark.parametrize(("raw", "status"), REFUSED.values(), ids=REFUSED)
def test_refused(raw: bytes, status: int) -> None:
    """What is none has a status that says why."""
    assert _status(raw + END) == status


@pytest.mark.parametrize(("raw", "is_kept"), KEPT.values(), ids=KEPT)
def test_is_kept(raw: bytes, is_kept: bool) -> None:
    """Whether the client wants to go on with the connection."""
    assert read_head(raw + END).is_kept is is_kept


@pytest.mark.parametrize(("raw", "length"), BODIES.values(), ids=BODIES)
def test_body_length(raw: bytes, length: int | None) -> None:
    """How many bytes of the connection belong to the request after its head."""
    assert read_head(raw + END).body_length == length


@pytest.mark.parametrize(("raw", "status"), BEGINNINGS.values(), ids=BEGINNINGS)
def test_check_beginning(raw: bytes, status: int | None) -> None:
    """What can become no request is refused before its end has come."""
    if status is None:
        check_beginning(raw)
        return
    with pytest.raises(HeadError) as caught:
        check_beginning(raw)
    assert caught.value.status == status


def test_fields() -> None:
    """Fields are found by lower-case name, repeated ones as a list, without whitespace around them (RFC 9110 5.3)."""
    head = read_head(b"GET / HTTP/1.1\r\nHost: x\r\nA: 1 \t\r\nB: 2\r\na:3" + END)
    assert _fields(head) == {b"host": b"x", b"a": b"1, 3", b"b": b"2"}
    assert head.field(b"c") is None


def test_what_sanic_gets_is_ascii() -> None:
    """The raw head that is handed on holds the target as it was read."""
    assert read_head(b"GET /\xff HTTP/1.1\r\nHost: x" + END).raw == b"GET /%FF HTTP/1.1\r\nHost: x" + END


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_an_error(raw: bytes) -> None:
    """Nothing else is raised, whatever comes."""
    head_or_status = _status(b"GET / HTTP/1.1\r\nHost: x\r\n" + raw + END), _status(raw + END)
    assert set(head_or_status) <= {None, 400, 414, 431, 505}


@pytest.mark.parametrize("raw", USUAL.values(), ids=USUAL)
def test_usual_heads(raw: bytes) -> None:
    """They are read at once, and alike."""
    head = HeadReader().read_usual(raw + END)
    assert head is not None
    assert _all_of(head) == _all_of(read_head(raw + END))


@pytest.mark.parametrize("raw", [*UNUSUAL.values(), *(raw for raw, _ in REFUSED.values())])
def test_unusual_heads(raw: bytes) -> None:
    """They are left to who reads more slowly; so is what is no head, or not all of one, and what has a body."""
    reader = HeadReader()
    assert reader.read_usual(raw + END) is None
    assert reader.read_usual(USUAL["browser"] + END + raw + END) is None
    assert reader.read_usual(USUAL["browser"]) is None
    assert reader.read_usual(USUAL["browser"] + END) is not None


_NAMES = st.sampled_from(
    [b"Host", b"host", b"A", b"a", b"Connection", b"Proxy-Connection", b"Range", b"Content-Length", b"Upgrade", b"b c"]
)
_VALUES = st.sampled_from(
    [b"x", b"", b" y\t", b"close", b"keep-alive", b"upgrade", b"bytes=0-1", b"0", b"a, b", b"a\rb"]
)
_LINES = st.lists(st.tuples(_NAMES, _VALUES).map(b":".join) | st.binary(max_size=10), max_size=5)
_STARTS = st.sampled_from([b"GET / HTTP/1.1", b"HEAD /a?b HTTP/1.1", b"GET / HTTP/1.0", b"GET /a b HTTP/1.1", b"GET /"])


@given(st.lists(st.builds(lambda start, lines: b"\r\n".join((start, *lines)) + END, _STARTS, _LINES), max_size=8))
def test_whatever_one_reader_reads_is_read_alike(heads: list[bytes]) -> None:
    """Nothing of a head is left for the next one, and what is refused elsewhere is not taken here."""
    reader = HeadReader()
    for raw in heads:
        head = reader.read_usual(raw)
        if head is not None:
            assert _all_of(head) == _all_of(read_head(raw))


def test_names_without_number() -> None:
    """A client may send more names than are worth remembering."""
    raw = b"".join(b"\r\nA%d: b" % number for number in range(200))
    head = HeadReader().read_usual(b"GET / HTTP/1.1\r\nHost: x" + raw + END)
    assert head is not None
    assert (len(head.names.lowered), head.field(b"a199")) == (201, b"b")
