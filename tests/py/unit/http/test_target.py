"""Request targets, from RFC 9112 3.2 and RFC 3986."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.target import MAX_KEY_BYTES, Target, TargetError, is_possible_key, object_key, parse_target

ACCEPTED = {
    "rfc9112-3.2.1-root": (b"/", Target("/", None)),
    "rfc9112-3.2.1-path": (b"/where", Target("/where", None)),
    "rfc9112-3.2.1-query": (b"/where?q=now", Target("/where", "q=now")),
    "rfc3986-3.4-empty-query": (b"/a?", Target("/a", "")),
    "rfc3986-3.4-question-mark-in-query": (b"/a?b?c", Target("/a", "b?c")),
    "rfc3986-3.4-query-stays-raw": (b"/a?%41=%zz&..%00+", Target("/a", "%41=%zz&..%00+")),
    "rfc3986-3.4-query-slashes": (b"/a?/../b", Target("/a", "/../b")),
    "rfc3986-3.4-query-not-ascii": ("/a?é".encode(), Target("/a", "é")),
    "rfc3986-2.1-decoded": (b"/a%20b%2Fc", Target("/a b/c", None)),
    "rfc3986-2.1-lower-case-digits": (b"/%c3%a9", Target("/é", None)),
    "rfc3986-2.1-question-mark-encoded": (b"/a%3Fb", Target("/a?b", None)),
    "rfc3986-2.1-number-sign-encoded": (b"/a%23b", Target("/a#b", None)),
    "rfc3986-2.4-decoded-once": (b"/a%2525", Target("/a%25", None)),
    "rfc3986-2.4-percent": (b"/100%25", Target("/100%", None)),
    "rfc3986-2.4-dots-encoded-twice": (b"/%252e%252e/a", Target("/%2e%2e/a", None)),
    "rfc3986-2.5-utf-8": ("/日本/🦕".encode(), Target("/日本/🦕", None)),
    "rfc3986-3.3-plus": (b"/a+b", Target("/a+b", None)),
    "rfc3986-3.3-empty-segments": (b"//a///b", Target("//a///b", None)),
    "rfc3986-3.3-trailing-slash": (b"/a/", Target("/a/", None)),
    "rfc3986-3.3-trailing-dot": (b"/a.", Target("/a.", None)),
    "rfc3986-3.3-single-dot": (b"/./a/.", Target("/./a/.", None)),
    "rfc3986-3.3-three-dots": (b"/.../a", Target("/.../a", None)),
    "rfc3986-3.3-dots-in-a-name": (b"/a..b/..c/d..", Target("/a..b/..c/d..", None)),
    "rfc3986-3.3-dots-and-newline": (b"/..%0A", Target("/..\n", None)),
    "rfc3986-3.3-backslash": (b"/a\\b", Target("/a\\b", None)),
    "rfc3986-3.3-encoded-control": (b"/a%0D%0Ab", Target("/a\r\nb", None)),
    "rfc3986-3.3-parameters": (b"/a;v=1,2/b@c:d", Target("/a;v=1,2/b@c:d", None)),
}

REFUSED = {
    "rfc9112-3.2.1-empty": (b"", "slash"),
    "rfc9112-3.2.1-no-slash": (b"a", "slash"),
    "rfc9112-3.2.1-encoded-slash": (b"%2Fa", "slash"),
    "rfc9112-3.2.1-only-query": (b"?a", "slash"),
    "rfc9112-3.2.2-absolute-form": (b"http://example.com/a", "slash"),
    "rfc9112-3.2.3-authority-form": (b"example.com:443", "slash"),
    "rfc9112-3.2.4-asterisk-form": (b"*", "slash"),
    "rfc9112-3.2-fragment": (b"/a#b", "fragment"),
    "rfc9112-3.2-fragment-after-query": (b"/a?b#c", "fragment"),
    "rfc9112-3.2-space": (b"/a b", "percent-encoded"),
    "rfc9112-3.2-tab": (b"/a\tb", "percent-encoded"),
    "rfc9112-3.2-newline": (b"/a\r\n", "percent-encoded"),
    "rfc9112-3.2-nul": (b"/a\0", "percent-encoded"),
    "rfc9112-3.2-delete": (b"/a\x7f", "percent-encoded"),
    "rfc9112-3.2-space-in-query": (b"/a?b c", "percent-encoded"),
    "rfc3986-2.1-lone-percent": (b"/100%", "hexadecimal"),
    "rfc3986-2.1-one-digit": (b"/a%2", "hexadecimal"),
    "rfc3986-2.1-no-hexadecimal": (b"/a%zz", "hexadecimal"),
    "rfc3986-2.1-percent-before-query": (b"/a%?41", "hexadecimal"),
    "rfc3986-2.1-sign-for-a-digit": (b"/a%+1", "hexadecimal"),
    "rfc3986-7.3-encoded-nul": (b"/a%00.html", "NUL"),
    "rfc3629-3-lone-byte": (b"/%FF", "UTF-8"),
    "rfc3629-3-latin-1": (b"/caf\xe9", "UTF-8"),
    "rfc3629-3-overlong-slash": (b"/%C0%AF", "UTF-8"),
    "rfc3629-3-overlong-dots": (b"/%C0%AE%C0%AE/a", "UTF-8"),
    "rfc3629-3-surrogate": (b"/%ED%A0%80", "UTF-8"),
    "rfc3629-3-query": (b"/a?\xff", "UTF-8"),
    "rfc3986-5.2.4-dots": (b"/..", "two dots"),
    "rfc3986-5.2.4-dots-first": (b"/../a", "two dots"),
    "rfc3986-5.2.4-dots-inside": (b"/a/../b", "two dots"),
    "rfc3986-5.2.4-dots-last": (b"/a/..", "two dots"),
    "rfc3986-5.2.4-dots-before-query": (b"/a/..?b", "two dots"),
    "rfc3986-5.2.4-dots-encoded": (b"/%2e%2e/a", "two dots"),
    "rfc3986-5.2.4-dots-half-encoded": (b"/.%2E/a", "two dots"),
    "rfc3986-5.2.4-slashes-encoded": (b"/a%2F..%2Fb", "two dots"),
    "rfc3986-5.2.4-slash-encoded-before": (b"/a%2F..", "two dots"),
    "rfc3986-5.2.4-backslashes": (b"/a\\..\\b", "two dots"),
    "rfc3986-5.2.4-backslash-encoded": (b"/..%5Ca", "two dots"),
    "rfc3986-5.2.4-mixed-separators": (b"/a\\../b", "two dots"),
}

KEYS = {
    "root": ("/", "", "index.html", "index.html"),
    "root-with-prefix": ("/", "site/", "index.html", "site/index.html"),
    "name": ("/a/b.css", "", "index.html", "a/b.css"),
    "name-with-prefix": ("/a/b.css", "site/", "index.html", "site/a/b.css"),
    "folder": ("/a/", "", "index.html", "a/index.html"),
    "only-the-first-slash-goes": ("//a", "", "index.html", "/a"),
    "two-slashes": ("//", "", "index.html", "/index.html"),
    "prefix-as-it-is": ("/a", "v1-", "index.html", "v1-a"),
    "other-index": ("/a/", "", "home.htm", "a/home.htm"),
    "no-index": ("/a/", "", "", "a/"),
}

POSSIBLE = {
    "one-byte": ("a", True),
    "empty": ("", False),
    "longest": ("a" * MAX_KEY_BYTES, True),
    "too-long": ("a" * (MAX_KEY_BYTES + 1), False),
    "bytes-count-not-characters": ("é" * 512, True),
    "too-long-in-bytes": ("é" * 512 + "a", False),
    "surrogate": ("\ud800", False),
}

_names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_paths = _names.map(lambda name: "/" + name).filter(lambda path: ".." not in re.split(r"[/\\]", path))


@pytest.mark.parametrize(("raw", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(raw: bytes, expected: Target) -> None:
    """A path is decoded once and otherwise kept, a query is kept."""
    assert parse_target(raw) == expected


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(raw: bytes, reason: str) -> None:
    """What names nothing, or could name what it must not, is refused with its reason."""
    with pytest.raises(TargetError, match=reason):
        parse_target(raw)


@given(_paths, st.none() | st.text("abc=&%+/?.", max_size=20))
def test_round_trip(path: str, query: str | None) -> None:
    """What was percent-encoded comes back."""
    raw = quote(path) if query is None else f"{quote(path)}?{query}"
    assert parse_target(raw.encode()) == Target(path, query)


@given(_paths)
def test_fully_encoded_round_trip(path: str) -> None:
    """It makes no difference which characters were percent-encoded (RFC 3986 6.2.2.2)."""
    raw = "/" + "".join(f"%{byte:02x}" for byte in path[1:].encode())
    assert parse_target(raw.encode()) == Target(path, None)


@given(st.binary() | st.text("./\\%2eEfF5cC?#0", max_size=30).map(str.encode))
def test_parse_raises_only_target_error(tail: bytes) -> None:
    """Any bytes are a target without parent segments or NUL, or a TargetError."""
    try:
        path = parse_target(b"/" + tail).path
    except TargetError:
        return
    assert path.startswith("/")
    assert "\0" not in path
    assert ".." not in re.split(r"[/\\]", path)


@pytest.mark.parametrize(("path", "prefix", "index", "expected"), KEYS.values(), ids=KEYS)
def test_object_key(path: str, prefix: str, index: str, expected: str) -> None:
    """The key is prefix, path without its first slash, and index for a folder."""
    assert object_key(path, prefix=prefix, index=index) == expected


@pytest.mark.parametrize(("key", "expected"), POSSIBLE.values(), ids=POSSIBLE)
def test_is_possible_key(key: str, expected: bool) -> None:
    """S3's limits are in bytes of UTF-8."""
    assert is_possible_key(key) is expected
