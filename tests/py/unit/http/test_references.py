"""References in Location and links, from RFC 3986."""

import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.references import encode_path, encode_written, is_web_url, path_reference, rooted, with_query

HERE = "https://site.example/some/where"

PATHS = {
    "rfc3986-3.3-plain": ("/docs/", None, "/docs/"),
    "rfc3986-3.3-sub-delims-stay": ("/a!$&'()*+,;=:@b/", None, "/a!$&'()*+,;=:@b/"),
    "rfc3986-2.3-unreserved-stay": ("/a-b.c_d~e", None, "/a-b.c_d~e"),
    "rfc3986-2.1-space": ("/a b/", None, "/a%20b/"),
    "rfc3986-2.1-utf-8": ("/größe/", None, "/gr%C3%B6%C3%9Fe/"),
    "rfc3986-2.1-percent": ("/100%25/", None, "/100%2525/"),
    "rfc3986-3.4-question-mark-in-a-path": ("/a?b/", None, "/a%3Fb/"),
    "rfc3986-3.5-number-sign-in-a-path": ("/a#b/", None, "/a%23b/"),
    "rfc3986-3.4-query": ("/docs/", "a=1&b=2", "/docs/?a=1&b=2"),
    "rfc3986-3.4-query-is-raw": ("/docs/", "q=%20%C3%A9+/?", "/docs/?q=%20%C3%A9+/?"),
    "rfc3986-3.4-query-beyond-ascii": ("/docs/", 'é"<>', "/docs/?%C3%A9%22%3C%3E"),
    "rfc3986-3.4-empty-query": ("/docs/", "", "/docs/?"),
    "rfc3986-4.2-no-other-host": ("//evil.example/", None, "/%2Fevil.example/"),
    "rfc3986-4.2-no-other-host-however-many": ("///evil.example/", None, "/%2F/evil.example/"),
    "rfc3986-4.2-slashes-further-on": ("/a//b/", None, "/a//b/"),
    "whatwg-backslash-is-a-slash": ("/\\evil.example/", None, "/%5Cevil.example/"),
    "whatwg-tabs-are-dropped": ("/\t/evil.example/", None, "/%09/evil.example/"),
    "rfc9110-5.5-crlf": ("/a\r\nset-cookie: b/", "a", "/a%0D%0Aset-cookie:%20b/?a"),
    "rfc3986-3.1-colon": ("/javascript:alert(1)/", None, "/javascript:alert(1)/"),
}

WRITTEN = {
    "rfc3986-2.1-escape-stays": ("a%20b", "a%20b"),
    "rfc3986-2.1-broken-escape": ("100%", "100%25"),
    "rfc3986-2.1-broken-escape-before-letters": ("100%zz", "100%25zz"),
    "rfc3986-2.1-space": ("a b", "a%20b"),
    "rfc3986-2.1-utf-8": ("größe.html", "gr%C3%B6%C3%9Fe.html"),
    "rfc3986-3.4-query": ("resize?key=", "resize?key="),
    "rfc3986-3.5-fragment": ("#!/", "#!/"),
    "whatwg-backslash": ("\\a", "%5Ca"),
    "rfc9110-5.5-crlf": ("a\r\nb: c", "a%0D%0Ab:%20c"),
}

QUERIES = {
    "rfc3986-3.4-none": ("/a", None, "/a"),
    "rfc3986-3.4-first": ("/a", "b=1", "/a?b=1"),
    "rfc3986-3.4-second": ("/a?key=x", "b=1", "/a?key=x&b=1"),
}

URLS = {
    "http": ("http://example.com/a?b#c", True),
    "https": ("https://example.com", True),
    "any-case": ("HTTPS://EXAMPLE.com/", True),
    "port": ("http://example.com:8000/", True),
    "ipv6": ("http://[::1]/", True),
    "another-scheme": ("ftp://example.com/", False),
    "javascript": ("javascript:alert(1)", False),
    "no-host": ("http:///a", False),
    "no-slashes": ("http:example.com", False),
    "user": ("https://example.com@evil.example/", False),
    "path": ("/a", False),
    "network-path": ("//example.com/", False),
    "control-character-in-the-scheme": ("ht\ttp://example.com/", False),
    "space-first": (" http://example.com/", False),
    "backslashes": ("http:\\\\example.com", False),
    "backslash-in-the-host": ("http://example.com\\@evil.example/", False),
}

_paths = st.text(alphabet=st.sampled_from("/\\.:@?#%&= \t\r\naé") | st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(("path", "query", "expected"), PATHS.values(), ids=PATHS)
def test_path(path: str, query: str | None, expected: str) -> None:
    """A decoded path and a raw query become a reference."""
    assert path_reference(path, query) == expected


@pytest.mark.parametrize(("text", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_written(text: str, expected: str) -> None:
    """What somebody has written as a reference stays one."""
    assert encode_written(text) == expected


@pytest.mark.parametrize(("reference", "query", "expected"), QUERIES.values(), ids=QUERIES)
def test_query(reference: str, query: str | None, expected: str) -> None:
    """A query is added to the one that is there."""
    assert with_query(reference, query) == expected


@pytest.mark.parametrize(("text", "expected"), URLS.values(), ids=URLS)
def test_web_url(text: str, expected: bool) -> None:
    """An absolute http or https URL names a host, and no user."""
    assert is_web_url(text) is expected


@given(_paths.map("/".__add__), st.none() | _paths)
def test_a_path_never_leaves_its_host(path: str, query: str | None) -> None:
    """Whatever is in it, the reference is printable ASCII, and neither a host nor a scheme."""
    reference = path_reference(path, query)
    assert re.fullmatch(r"/([!-.0-\[\]-~][!-\[\]-~]*)?", reference)
    assert urlsplit(urljoin(HERE, reference)).netloc == "site.example"


@given(_paths.map("/".__add__))
def test_a_path_arrives_as_it_was(path: str) -> None:
    """A server that decodes the reference once has the path again."""
    assert unquote(path_reference(path), errors="strict") == path


@given(_paths)
def test_a_path_within_a_query_is_one_value(path: str) -> None:
    """It ends no value, begins no other, and has no plus that would be read as a space."""
    assert not set(encode_path(path, is_in_query=True)) & set("&=+?#")


@given(_paths.map("/".__add__))
def test_what_is_written_is_kept_on_its_host(text: str) -> None:
    """A reference that begins with a slash leads nowhere else."""
    reference = rooted(encode_written(text))
    assert re.fullmatch(r"/([!-.0-\[\]-~][!-\[\]-~]*)?", reference)
    assert urlsplit(urljoin(HERE, reference)).netloc == "site.example"
