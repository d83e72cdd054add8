"""Where a client is sent on to."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.location import with_slash

REFERENCES = {
    "rfc3986-4.2-relative": ("/assets", None, "assets/"),
    "deeper": ("/a/b", None, "b/"),
    "query": ("/assets", "a=1&b=%20/?", "assets/?a=1&b=%20/?"),
    "empty-query-is-kept": ("/assets", "", "assets/?"),
    "rfc3986-4.2-colon-is-no-scheme": ("/a:b", None, "a%3Ab/"),
    "rfc3986-2.1-encoded": ("/50% ü", None, "50%25%20%C3%BC/"),
    "rfc9110-5.5-no-header-of-its-own": ("/a", "x\r\nset-cookie: a", "a/?x%0D%0Aset-cookie:%20a"),
    "rfc3986-3.4-beyond-ascii": ("/a", 'ü"<>', "a/?%C3%BC%22%3C%3E"),
}

_SEGMENTS = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1).filter(
    lambda segment: segment not in {".", ".."}
)


@pytest.mark.parametrize(("path", "query", "expected"), REFERENCES.values(), ids=REFERENCES)
def test_with_slash(path: str, query: str | None, expected: str) -> None:
    """A relative reference to the folder, encoded, with the query as it came."""
    assert with_slash(path, query) == expected


@given(_SEGMENTS, st.none() | st.text(st.characters(codec="utf-8")))
def test_it_stays_on_the_host(segment: str, query: str | None) -> None:
    """Whatever the path and the query are, the reference is one line of ASCII and leads to the same host."""
    reference = with_slash(f"/{segment}", query)
    assert reference.isascii()
    assert reference.isprintable()
    target = urlsplit(urljoin("https://example.com/x", reference))
    assert (target.scheme, target.netloc) == ("https", "example.com")
    assert target.path.endswith("/")
