"""Which part of a folder is asked for, and the form it comes in."""

import json
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.ports import FolderEntry, FolderPage, PageOf
from sidecar.http.dates import format_http_date
from sidecar.origin.steps import Visit
from sidecar.server.listing import ListingQuery, ListingQueryError, listing_reply
from sidecar.server.listing_page import CONTENT_SECURITY_POLICY

NOW = 1_780_000_000.0
MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
ENTRIES = (FolderEntry("a b.txt", 1234, 784_111_777.0), FolderEntry("sub/"))
PAGE = FolderPage(ENTRIES, is_last=True)
FIRST = FolderPage(ENTRIES, is_last=False)

QUERIES = {
    "none": (None, ListingQuery("", 200, None)),
    "empty": ("", ListingQuery("", 200, None)),
    "others-are-ignored": ("v=1&utm_source=a", ListingQuery("", 200, None)),
    "after": ("after=a.txt", ListingQuery("a.txt", 200, None)),
    "after-encoded": ("after=a%20b%2F", ListingQuery("a b/", 200, None)),
    "after-with-plus": ("after=a+b", ListingQuery("a b", 200, None)),
    "limit-lowest": ("limit=1", ListingQuery("", 1, None)),
    "limit-highest": ("limit=1000", ListingQuery("", 1000, None)),
    "json": ("format=json", ListingQuery("", 200, "json")),
    "html": ("format=html", ListingQuery("", 200, "html")),
    "first-counts": ("limit=1&limit=2", ListingQuery("", 1, None)),
}

WRONG = {
    "limit-zero": "limit=0",
    "limit-above": "limit=1001",
    "limit-negative": "limit=-1",
    "limit-fraction": "limit=1.5",
    "limit-empty": "limit=",
    "limit-not-ascii": "limit=%D9%A1",
    "limit-long": "limit=" + "1" * 5000,
    "format": "format=xml",
    "after-nul": "after=%00",
    "after-not-utf-8": "after=%ff",
    "too-many-fields": "&".join(f"a{number}=1" for number in range(50)),
}

FORMS = {
    "rfc9110-12.5.1-absent": (None, None, "text/html; charset=utf-8"),
    "rfc9110-12.5.1-anything": ("*/*", None, "text/html; charset=utf-8"),
    "rfc9110-12.5.1-json": ("application/json", None, "application/json"),
    "rfc9110-12.5.1-json-preferred": ("text/html;q=0.5, application/json", None, "application/json"),
    "rfc9110-12.5.1-html-preferred": ("text/html, application/json;q=0.9", None, "text/html; charset=utf-8"),
    "rfc9110-12.5.1-both-alike": ("application/json, text/html", None, "text/html; charset=utf-8"),
    "rfc9110-12.5.1-neither": ("image/png", None, "text/html; charset=utf-8"),
    "query-before-accept": ("text/html", "format=json", "application/json"),
    "query-for-html": ("application/json", "format=html", "text/html; charset=utf-8"),
}


def reply_fields(visit: Visit, page: FolderPage = PAGE) -> dict[str, str]:
    """The headers of a listing."""
    return dict(listing_reply(visit, ListingQuery.parse(visit.query), page, NOW).fields)


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_query(query: str | None, expected: ListingQuery) -> None:
    """Which page is wanted, in which form."""
    assert ListingQuery.parse(query) == expected


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG)
def test_a_query_for_no_page(query: str) -> None:
    """It is refused in words that repeat nothing of it."""
    with pytest.raises(ListingQueryError, match=r"\A[a-zA-Z ]+ must [a-zA-Z0-9 .-]+\Z"):
        ListingQuery.parse(query)


def test_a_page_of_no_folder_is_refused() -> None:
    """What begins after a name that is longer than any key cannot be."""
    query = ListingQuery.parse(f"after={'a' * 1020}")
    assert query.page_of("") == PageOf("", "a" * 1020, 200)
    with pytest.raises(ListingQueryError):
        query.page_of("docs/")


@pytest.mark.parametrize(("accept", "query", "expected"), FORMS.values(), ids=FORMS)
def test_form(accept: str | None, query: str | None, expected: str) -> None:
    """HTML, unless JSON is wanted more, or is asked for."""
    assert reply_fields(Visit("/", query, accept=accept))["content-type"] == expected


def test_headers() -> None:
    """It depends on Accept, is asked for anew each time, and lets nothing run that a name might smuggle in."""
    assert reply_fields(Visit("/docs/", accept="application/json")) == {
        "content-type": "application/json",
        "content-length": str(len(listing_reply(Visit("/"), ListingQuery(form="json"), PAGE, NOW).text)),
        "date": format_http_date(NOW),
        "cache-control": "no-cache",
        "vary": "accept",
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
    }


def test_json_is_that_of_nginx() -> None:
    """A list of objects with name, type, mtime and size, as autoindex_format json has them."""
    reply = listing_reply(Visit("/docs/"), ListingQuery(form="json"), PAGE, NOW)
    assert json.loads(reply.text) == [
        {"name": "a b.txt", "type": "file", "mtime": MODIFIED, "size": 1234},
        {"name": "sub", "type": "directory"},
    ]


def test_the_next_page_is_linked() -> None:
    """By Link (RFC 8288), with the same limit and form; the last page has none."""
    fields = reply_fields(Visit("/docs/", "limit=2&format=json"), FIRST)
    assert fields["link"] == '<?after=sub%2F&limit=2&format=json>; rel="next"'
    assert "link" not in reply_fields(Visit("/docs/", "limit=2&format=json"))


def test_a_page_without_entries_has_no_next() -> None:
    """There is nothing to begin after."""
    assert "link" not in reply_fields(Visit("/"), FolderPage((), is_last=False))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60))
def test_the_next_page_begins_where_this_one_ends(name: str) -> None:
    """Whatever the last name is, the link is printable ASCII, stays in the folder, and means just that name."""
    page = FolderPage((FolderEntry(name, 0, 0.0),), is_last=False)
    link = reply_fields(Visit("/docs/"), page)["link"].removeprefix("<").partition(">")[0]
    url = urlsplit(urljoin("https://site.example/docs/?x", link))
    assert link.isascii()
    assert link.isprintable()
    assert (url.netloc, url.path) == ("site.example", "/docs/")
    assert ListingQuery.parse(url.query).after == name == parse_qs(url.query)["after"][0]
