"""Lines of the access log: both formats, and what no client can do to them."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sanic_request import a_request
from unit.log.requests import a_head, a_record

from sidecar.log.access_line import MOST_CHARACTERS, bounded, escaped, line_of, quoted
from sidecar.secret import MASK
from sidecar.server.exchange import Exchange
from sidecar.server.head import Head, Names

KINDS = ("combined", "json")
BAIT = "correct/horse+battery"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PIPE_BUF = 4096

# nginx's log module, escape=default: what a client sent, and how it stands in the line.
ESCAPED = {
    "plain": ("a b~!", "a b~!"),
    "quote": ('a" "-" 200', r"a\x22 \x22-\x22 200"),
    "backslash": ("a\\", r"a\x5C"),
    "backslash-before-a-quote": ('\\"', r"\x5C\x22"),
    "line-feed": ("a\nb", r"a\x0Ab"),
    "carriage-return": ("a\rb", r"a\x0Db"),
    "tab": ("a\tb", r"a\x09b"),
    "nul": ("a\0b", r"a\x00b"),
    "escape-sequence": ("\x1b[2J", r"\x1B[2J"),
    "delete": ("\x7f", r"\x7F"),
    "utf-8": ("é", r"\xC3\xA9"),
    "line-separator": ("\u2028", r"\xE2\x80\xA8"),
    "no-utf-8": ("\udcff", r"\xFF"),
    "looks-like-an-escape": (r"\x22", r"\x5Cx22"),
}

QUOTED = {
    "plain": ("a b", '"a b"'),
    "quote": ('a","b":"', r'"a\",\"b\":\""'),
    "backslash": ("\\", r'"\\"'),
    "line-feed": ("a\nb", r'"a\nb"'),
    "escape-sequence": ("\x1b[2J", r'"\u001b[2J"'),
    "delete": ("\x7f", r'"\u007f"'),
    "utf-8": ("é", r'"\u00e9"'),
    "line-separator": ("\u2028", r'"\u2028"'),
    "no-utf-8": ("a\udcff", r'"a\\xff"'),
}

HOSTILE = {
    "ends-the-quotes": b'x" 200 1 "-" "-',
    "backslash-at-the-end": b"x\\",
    "tab": b"a\tb",
    "beyond-ascii": "é\u2028\u0085".encode(),
    "no-utf-8": b"\xff\xfe",
    "json": b'","status":200,"x":"',
    "long": b"\\" * 6000,
    "long-beyond-ascii": "🦕".encode() * 2000,
    "long-no-utf-8": b"\xff" * 6000,
}

COMBINED = re.compile(
    r'(?P<client>\S+) - - \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+)'
    r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"\n'
)


def test_combined() -> None:
    """As Apache and nginx write it; the time is UTC, and in English."""
    head = a_head(b"Referer: https://a.example/", b"User-Agent: curl/8.5")
    assert line_of("combined", ())(a_record(head)) == (
        '192.0.2.7 - - [06/Nov/1994:08:49:37 +0000] "GET /a.css?v=1 HTTP/1.1" 200 10 "https://a.example/" "curl/8.5"\n'
    )


def test_combined_without_fields() -> None:
    """A dash for what was not sent; what was sent empty is empty, as with nginx."""
    line = line_of("combined", ())
    assert line(a_record()).endswith('"GET /a.css?v=1 HTTP/1.1" 200 10 "-" "-"\n')
    assert line(a_record(a_head(b"User-Agent:"))).endswith(' "-" ""\n')


def test_json() -> None:
    """Every member, in its order."""
    fields = (b"Referer: r", b"User-Agent: a", b"X-Request-Id: id-1", b"traceparent: " + TRACE.encode())
    line = line_of("json", ())(a_record(a_head(*fields)))
    assert line.endswith("}\n")
    assert list(json.loads(line).items()) == [
        ("time", "1994-11-06T08:49:37.123456Z"),
        ("method", "GET"),
        ("target", "/a.css?v=1"),
        ("resource", "/a.css"),
        ("protocol", "HTTP/1.1"),
        ("status", 200),
        ("bytes", 10),
        ("duration_seconds", 0.001235),
        ("first_byte_seconds", 0.000235),
        ("cache", "hit"),
        ("client", "192.0.2.7"),
        ("host", "www.example"),
        ("referer", "r"),
        ("user_agent", "a"),
        ("request_id", "id-1"),
        ("trace_id", TRACE[3:35]),
        ("span_id", TRACE[36:52]),
        ("aborted", False),
    ]


def test_json_without_fields() -> None:
    """Null for what was not sent, or cannot be used; the request still has a name of its own."""
    line = line_of("json", ())
    one, other = (json.loads(line(a_record(a_head(b"traceparent: 00-x")))) for _ in range(2))
    assert [one[name] for name in ("referer", "user_agent", "trace_id", "span_id")] == [None] * 4
    assert re.fullmatch(r"[0-9a-f]{32}", one["request_id"])
    assert one["request_id"] != other["request_id"]


def test_what_is_no_request() -> None:
    """The answer to it has a line too."""
    record = a_record(method="-", resource="-", status=400, outcome="none")._replace(request=None)
    assert '] "-" 400 10 "-" "-"' in line_of("combined", ())(record)
    told = json.loads(line_of("json", ())(record))
    assert (told["method"], told["target"], told["host"], told["status"]) == ("-", None, None, 400)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_left(kind: str) -> None:
    """As with nginx, where there is no status: a line always has one."""
    line = line_of(kind, ())(a_record(status=0, is_aborted=True))
    assert " 499 " in line or json.loads(line) | {"status": 499, "aborted": True} == json.loads(line)


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_of_sanics(kind: str) -> None:
    """Whoever has read the request, the line is the same."""
    fields = {"referer": "r\u00e9", "user_agent": "a", "host": "www.example", "x_request_id": "id"}
    exchange = Exchange(a_request("/a.css?v=1", **fields))
    head = a_head("Referer: r\u00e9".encode(), b"User-Agent: a", b"X-Request-Id: id")
    line = line_of(kind, ())
    assert line(a_record()._replace(request=exchange)) == line(a_record(head))


@pytest.mark.parametrize(("value", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_escaped(value: str, expected: str) -> None:
    """Byte by byte, as nginx does."""
    assert escaped(value) == expected


@pytest.mark.parametrize(("value", "expected"), QUOTED.values(), ids=QUOTED)
def test_quoted(value: str, expected: str) -> None:
    """In ASCII, so that no terminal and no line reader sees more in it than letters."""
    assert quoted(value) == expected


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_client_cannot_forge_a_combined_line(value: bytes) -> None:
    """One line, in its form, of no more bytes than a pipe takes as one."""
    line = line_of("combined", ())(a_record(_hostile(value)))
    match = COMBINED.fullmatch(line)
    assert match is not None
    assert (match["status"], match["bytes"]) == ("200", "10")
    assert line.isascii()
    assert line[:-1].isprintable()
    assert len(line) <= PIPE_BUF


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_client_cannot_forge_a_json_line(value: bytes) -> None:
    """One object on one line; each value is a text, and none is another's."""
    line = line_of("json", ())(a_record(_hostile(value)))
    told = json.loads(line, object_pairs_hook=list)
    assert len(told) == len(dict(told)) == 18
    assert dict(told)["status"] == 200
    assert line.isascii()
    assert line[:-1].isprintable()
    assert len(line) <= PIPE_BUF


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_line(kind: str) -> None:
    """With everything as long as it may be."""
    long = a_head(
        *(name + b": " + b"\xff" * 4000 for name in (b"Referer", b"User-Agent")),
        b"X-Request-Id: " + b"a" * 128,
        b"traceparent: " + TRACE.encode(),
        first=b"GET /" + b"\\" * 6000 + b" HTTP/1.1",
        host=b"a" * 300,
    )
    record = a_record(long, resource="/\u2028" * 5000, body_bytes=2**63, duration_ns=2**62, first_byte_ns=2**62)
    assert len(line_of(kind, ())(record)) <= PIPE_BUF


@given(st.text(), st.sampled_from(sorted(set(MOST_CHARACTERS.values()))), st.sampled_from([escaped, quoted]))
def test_bounded(value: str, most: int, escape: object) -> None:
    """No value is longer than it may be, and what is cut says so."""
    text = value.encode(errors="replace").decode() * 50
    shown = bounded(text, most, escape)  # type: ignore[arg-type]  # one of two functions
    assert len(shown) <= most
    assert shown == escape(text) or shown.rstrip('"').endswith("...")  # type: ignore[operator]  # likewise


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_masked(kind: str) -> None:
    """Wherever a client puts them, percent-encoded or not, and also where a value is cut in the middle of one."""
    cut = b"x" * (MOST_CHARACTERS["referer"] - 10)
    head = a_head(
        b"User-Agent: " + BAIT.encode(),
        b"Referer: " + cut + BAIT.encode(),
        first=b"GET /correct%2Fhorse%2Bbattery?a=correct/horse%2Bbattery&b=" + BAIT.encode() + b" HTTP/1.1",
    )
    line = line_of(kind, (BAIT, "x"))(a_record(head, resource=f"/{BAIT}"))
    assert "horse" not in line
    assert "corr" not in line
    assert line.count(MASK) >= 4


def _hostile(value: bytes) -> Head:
    """A request with the value wherever a client may put one."""
    target = re.sub(rb"[ \t\x80-\xff]", b"%20", value)
    head = a_head(first=b"GET /" + target[:4000] + b" HTTP/1.1")
    values = dict.fromkeys((b"referer", b"user-agent", b"x-request-id"), value)  # of any length: nothing else bounds it
    return Head(head.raw, head.method, head.target, Names(tuple(values)), values)
