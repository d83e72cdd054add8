"""The generated requests are what they are said to be: many, each another one, the same every time."""

from collections import Counter

import pytest
from conformance.files import FILES, SiteFile
from conformance.requests import Request, generate, plain_target, validators

REQUESTS = generate(FILES, n_mixed=500)
MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"


def test_the_same_arguments_make_the_same_requests() -> None:
    """A failure can be run again; another seed mixes others."""
    assert generate(FILES, n_mixed=500) == REQUESTS
    assert generate(FILES, n_mixed=500, seed=1) != REQUESTS


def test_every_request_has_a_name_of_its_own() -> None:
    """A failure names one request."""
    assert [name for name, count in Counter(request.id for request in REQUESTS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("dimension", "least"),
    [
        ("name", 150),
        ("target", 150),
        ("method", 250),
        ("condition", 500),
        ("range", 400),
        ("if-range", 40),
        ("coding", 400),
        ("connection", 50),
        ("mixed", 500),
    ],
)
def test_no_dimension_is_empty(dimension: str, least: int) -> None:
    """Each has as many requests as its tables make."""
    assert sum(request.id.startswith(f"{dimension}/") for request in REQUESTS) >= least


def test_placeholders_take_a_servers_own_validators() -> None:
    """The three forms of a date are those of RFC 9110 5.6.7, and a weak tag's opaque part has no prefix."""
    request = Request(
        "x", "GET", b"/\xff a", (("A", "{etag} {weak} {opaque}"), ("B", "{modified}")), version="1.0", body=b"b"
    )
    assert request.encode("h:1", validators('W/"e"', MODIFIED)) == (
        b"GET /\xff a HTTP/1.0\r\nHost: h:1\r\n"
        b'A: W/"e" W/"e" e\r\nB: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n\r\nb'
    )
    values = validators(None, MODIFIED)
    assert values["modified_rfc850"] == "Sunday, 06-Nov-94 08:49:37 GMT"
    assert values["modified_asctime"] == "Sun Nov  6 08:49:37 1994"
    assert (values["earlier"], values["later"]) == ("Sun, 06 Nov 1994 08:48:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT")


def test_every_placeholder_is_known() -> None:
    """Each request can be written, with its own Host or with the given one."""
    values = validators('"e"', MODIFIED)
    for request in REQUESTS:
        assert request.encode("h", values).count(b"\r\nHost: ") == 1


def test_a_name_is_written_as_a_browser_does() -> None:
    """Letters beyond ASCII, spaces and what would end the path are escaped; sub-delimiters are not."""
    assert plain_target("größe & 100%?#+.txt") == b"/gr%C3%B6%C3%9Fe%20&%20100%25%3F%23+.txt"


def test_a_file_is_of_the_type_that_nginx_says() -> None:
    """Text has a charset."""
    types = [SiteFile(path, b"").media_type for path in ("a/b.html", "a.json", "a", "A.TXT")]
    assert types == [
        "text/html; charset=utf-8",
        "application/json",
        "application/octet-stream",
        "application/octet-stream",
    ]
