"""What a website does about a path, by the rules of the S3 website endpoint.

Ids name the page of the S3 User Guide: `index` is IndexDocumentSupport, `error` CustomErrorDocSupport, `redirect`
how-to-page-redirect. `spa`, `listing` and `outage` are this project's own.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.origin.walk import Table, walk

from sidecar.origin.routing import Destination, RoutingRule
from sidecar.origin.steps import Conclusion, Finding, Redirect, Refuse, Serve, Visit
from sidecar.origin.website import MAX_QUESTIONS, Website, redirect_location

PLAIN = Website()
DOCUMENTED = Website(error_document="404.html")
SINGLE_PAGE = Website(is_single_page=True)
EVERYTHING = Website(error_document="404.html", is_single_page=True, lists_folders=True)
LISTING = Website(lists_folders=True)
RULES_FIRST = Website(
    error_document="404.html", is_single_page=True, rules=(RoutingRule(Destination(replace_key="lost"), "", 404),)
)
RULES_FOR_OUTAGES = Website(rules=(RoutingRule(Destination(status=302, host="status.example"), "", 503),))


MISSING = Refuse(404)


@dataclass(frozen=True, slots=True)
class Case:
    """A visit, what is in the bucket, what is asked of it, and the conclusion."""

    website: Website
    visit: Visit
    table: Table
    asked: list[str] = field(default_factory=list)
    conclusion: Conclusion = MISSING


def found(*keys: str, **folders: int) -> Table:
    """A bucket that has these objects."""
    return Table(dict.fromkeys(keys, 200), folders)


def leads_to(location: str) -> Finding:
    """An object with x-amz-website-redirect-location."""
    return Finding(200, location)


CASES = {
    "index-object": Case(PLAIN, Visit("/a.css"), found("a.css"), ["a.css"], Serve()),
    "index-root": Case(PLAIN, Visit("/"), found("index.html"), ["index.html"], Serve()),
    "index-folder": Case(PLAIN, Visit("/docs/"), found("docs/index.html"), ["docs/index.html"], Serve()),
    "index-another-name": Case(
        Website(index="home.htm"), Visit("/docs/"), found("docs/home.htm"), ["docs/home.htm"], Serve()
    ),
    "index-without-slash": Case(
        PLAIN, Visit("/docs"), found("docs/index.html"), ["docs", "docs/index.html"], Redirect(302, "/docs/")
    ),
    "index-without-slash-keeps-the-query": Case(
        PLAIN,
        Visit("/docs", "a=1&b"),
        found("docs/index.html"),
        ["docs", "docs/index.html"],
        Redirect(302, "/docs/?a=1&b"),
    ),
    "index-without-slash-below-a-prefix": Case(
        PLAIN,
        Visit("/docs", prefix="site/"),
        found("site/docs/index.html"),
        ["site/docs", "site/docs/index.html"],
        Redirect(302, "/docs/"),
    ),
    "index-without-slash-below-a-mount": Case(
        PLAIN,
        Visit("/docs", prefix="site/", mount="/große"),
        found("site/docs/index.html"),
        ["site/docs", "site/docs/index.html"],
        Redirect(302, "/gro%C3%9Fe/docs/"),
    ),
    "index-without-slash-is-encoded": Case(
        PLAIN, Visit("/a b?"), found("a b?/index.html"), ["a b?", "a b?/index.html"], Redirect(302, "/a%20b%3F/")
    ),
    "index-without-slash-stays-on-the-host": Case(
        PLAIN,
        Visit("//evil.example", host="site.example"),
        found("/evil.example/index.html"),
        ["/evil.example", "/evil.example/index.html"],
        Redirect(302, "/%2Fevil.example/"),
    ),
    "index-object-before-folder": Case(PLAIN, Visit("/docs"), found("docs", "docs/index.html"), ["docs"], Serve()),
    "index-folder-without-one": Case(PLAIN, Visit("/docs/"), found("docs/a.css"), ["docs/index.html"]),
    "index-nothing": Case(PLAIN, Visit("/docs"), found(), ["docs", "docs/index.html"]),
    "index-key-too-long-for-a-folder": Case(PLAIN, Visit("/" + "a" * 1020), found(), ["a" * 1020]),
    "index-forbidden": Case(PLAIN, Visit("/a"), Table({"a": 403}), ["a"], Refuse(403)),
    "error-missing": Case(
        DOCUMENTED, Visit("/a.css"), found("404.html"), ["a.css", "a.css/index.html", "404.html"], Serve(404)
    ),
    "error-below-a-prefix": Case(
        DOCUMENTED,
        Visit("/a/", prefix="site/"),
        found("site/404.html"),
        ["site/a/index.html", "site/404.html"],
        Serve(404),
    ),
    "error-forbidden": Case(DOCUMENTED, Visit("/a"), Table({"a": 403, "404.html": 200}), ["a", "404.html"], Serve(403)),
    "error-document-missing": Case(DOCUMENTED, Visit("/a/"), found(), ["a/index.html", "404.html"]),
    "error-document-forbidden": Case(
        DOCUMENTED, Visit("/a"), Table({"a": 403, "404.html": 403}), ["a", "404.html"], Refuse(403)
    ),
    "error-document-in-an-outage": Case(
        DOCUMENTED, Visit("/a/"), Table({"404.html": 503}), ["a/index.html", "404.html"], Refuse(404)
    ),
    "error-document-asked-for-itself": Case(DOCUMENTED, Visit("/404.html"), found("404.html"), ["404.html"], Serve()),
    "error-document-asked-for-itself-missing": Case(
        DOCUMENTED, Visit("/404.html"), found(), ["404.html", "404.html/index.html"]
    ),
    "error-document-is-served-though-it-leads-elsewhere": Case(
        DOCUMENTED, Visit("/a/"), Table({"404.html": leads_to("/b")}), ["a/index.html", "404.html"], Serve(404)
    ),
    "outage": Case(DOCUMENTED, Visit("/a"), Table({"a": 503, "404.html": 200}), ["a"], Refuse(503)),
    "outage-at-the-folder": Case(
        EVERYTHING, Visit("/a"), Table({"a/index.html": 504}), ["a", "a/index.html"], Refuse(504)
    ),
    "outage-at-the-listing": Case(LISTING, Visit("/a/"), Table({}, {"a/": 502}), ["a/index.html", "a/*"], Refuse(502)),
    "outage-at-the-single-page": Case(
        SINGLE_PAGE, Visit("/a/"), Table({"index.html": 503}), ["a/index.html", "index.html"], Refuse(503, False)
    ),
    "outage-has-rules-of-its-own": Case(
        RULES_FOR_OUTAGES, Visit("/a"), Table({"a": 503}), ["a"], Redirect(302, "//status.example/a")
    ),
    "outage-of-another-kind": Case(RULES_FOR_OUTAGES, Visit("/a"), Table({"a": 504}), ["a"], Refuse(504)),
    "redirect-object": Case(
        PLAIN,
        Visit("/old.html"),
        Table({"old.html": leads_to("/new.html")}),
        ["old.html"],
        Redirect(301, "/new.html", True),
    ),
    "redirect-object-to-another-site": Case(
        PLAIN,
        Visit("/old.html"),
        Table({"old.html": leads_to("https://www.example.com/a?b#c")}),
        ["old.html"],
        Redirect(301, "https://www.example.com/a?b#c", True),
    ),
    "redirect-object-below-a-mount": Case(
        PLAIN, Visit("/a", mount="/m"), Table({"a": leads_to("/b")}), ["a"], Redirect(301, "/m/b", True)
    ),
    "redirect-index": Case(
        PLAIN,
        Visit("/docs/"),
        Table({"docs/index.html": leads_to("/b")}),
        ["docs/index.html"],
        Redirect(301, "/b", True),
    ),
    "redirect-index-after-its-slash": Case(
        PLAIN, Visit("/d"), Table({"d/index.html": leads_to("/b")}), ["d", "d/index.html"], Redirect(302, "/d/")
    ),
    "redirect-object-unusable": Case(PLAIN, Visit("/a"), Table({"a": leads_to("javascript:alert(1)")}), ["a"], Serve()),
    "spa-route": Case(
        SINGLE_PAGE,
        Visit("/users/7"),
        found("index.html"),
        ["users/7", "users/7/index.html", "index.html"],
        Serve(200, is_negotiated=True),
    ),
    "spa-folder": Case(
        SINGLE_PAGE, Visit("/users/"), found("index.html"), ["users/index.html", "index.html"], Serve(200, True)
    ),
    "spa-below-a-prefix": Case(
        SINGLE_PAGE,
        Visit("/u/", prefix="site/"),
        found("site/index.html"),
        ["site/u/index.html", "site/index.html"],
        Serve(200, True),
    ),
    "spa-asset": Case(SINGLE_PAGE, Visit("/app.js"), found("index.html"), ["app.js", "app.js/index.html"]),
    "spa-hidden-file": Case(SINGLE_PAGE, Visit("/.env"), found("index.html"), [".env", ".env/index.html"]),
    "spa-dot-in-a-folder": Case(
        SINGLE_PAGE,
        Visit("/v1.2/a"),
        found("index.html"),
        ["v1.2/a", "v1.2/a/index.html", "index.html"],
        Serve(200, True),
    ),
    "spa-client-wants-no-html": Case(
        SINGLE_PAGE,
        Visit("/api", accept="application/json"),
        found("index.html"),
        ["api", "api/index.html"],
        Refuse(404, is_negotiated=True),
    ),
    "spa-client-wants-html-least": Case(
        SINGLE_PAGE,
        Visit("/a/", accept="image/png, text/*;q=0.1"),
        found("index.html"),
        ["a/index.html", "index.html"],
        Serve(200, True),
    ),
    "spa-page-there": Case(SINGLE_PAGE, Visit("/a"), found("a", "index.html"), ["a"], Serve()),
    "spa-folder-index-there": Case(
        SINGLE_PAGE, Visit("/a"), found("a/index.html", "index.html"), ["a", "a/index.html"], Redirect(302, "/a/")
    ),
    "spa-without-its-page": Case(
        SINGLE_PAGE, Visit("/a/"), found(), ["a/index.html", "index.html"], Refuse(404, is_negotiated=True)
    ),
    "spa-root-itself-missing": Case(SINGLE_PAGE, Visit("/"), found(), ["index.html"], Refuse(404, is_negotiated=True)),
    "spa-forbidden": Case(SINGLE_PAGE, Visit("/a"), Table({"a": 403, "index.html": 200}), ["a"], Refuse(403)),
    "spa-before-error-document": Case(
        EVERYTHING,
        Visit("/a/"),
        found("index.html", "404.html"),
        ["a/index.html", "a/*", "index.html"],
        Serve(200, True),
    ),
    "spa-error-document-for-assets": Case(
        EVERYTHING,
        Visit("/a.js"),
        found("index.html", "404.html"),
        ["a.js", "a.js/index.html", "a.js/*", "404.html"],
        Serve(404),
    ),
    "spa-error-document-without-its-page": Case(
        EVERYTHING,
        Visit("/a"),
        found("404.html"),
        ["a", "a/index.html", "a/*", "index.html", "404.html"],
        Serve(404, is_negotiated=True),
    ),
    "spa-after-rules": Case(
        RULES_FIRST, Visit("/a/"), found("index.html", "404.html"), ["a/index.html"], Redirect(301, "/lost")
    ),
    "listing-folder": Case(LISTING, Visit("/a/"), Table({}, {"a/": 200}), ["a/index.html", "a/*"], Serve()),
    "listing-root": Case(LISTING, Visit("/"), Table({}, {"": 200}), ["index.html", "*"], Serve()),
    "listing-root-of-a-prefix": Case(
        LISTING, Visit("/", prefix="site/"), Table({}, {"site/": 200}), ["site/index.html", "site/*"], Serve()
    ),
    "listing-empty-folder": Case(LISTING, Visit("/a/"), found(), ["a/index.html", "a/*"]),
    "listing-index-there": Case(
        LISTING, Visit("/a/"), Table({"a/index.html": 200}, {"a/": 200}), ["a/index.html"], Serve()
    ),
    "listing-without-slash": Case(
        LISTING, Visit("/a", "x"), Table({}, {"a/": 200}), ["a", "a/index.html", "a/*"], Redirect(302, "/a/?x")
    ),
    "listing-key-too-long-for-a-folder": Case(LISTING, Visit("/" + "a" * 1024), found(), ["a" * 1024]),
    "listing-switched-off": Case(PLAIN, Visit("/a/"), Table({}, {"a/": 200}), ["a/index.html"]),
}

LOCATIONS = {
    "redirect-path": ("/b.html", "/b.html"),
    "redirect-path-with-query-and-fragment": ("/b?c=d#e", "/b?c=d#e"),
    "redirect-path-is-encoded-once": ("/a b/%C3%A9/é", "/a%20b/%C3%A9/%C3%A9"),
    "redirect-http": ("http://www.example.com/", "http://www.example.com/"),
    "redirect-https": ("https://www.example.com", "https://www.example.com"),
    "redirect-network-path-is-a-path": ("//www.example.com/", "/%2Fwww.example.com/"),
    "redirect-backslash": ("/\\www.example.com", "/%5Cwww.example.com"),
    "redirect-another-scheme": ("ftp://www.example.com/", None),
    "redirect-script": ("javascript:alert(1)", None),
    "redirect-data": ("data:text/html,x", None),
    "redirect-relative": ("b.html", None),
    "redirect-no-host": ("https:///b.html", None),
    "redirect-user": ("https://www.example.com@evil.example/", None),
    "redirect-header-injection": ("/b\r\nset-cookie: a=b", None),
    "redirect-nul": ("/b\0", None),
    "redirect-empty": ("", None),
    "redirect-absent": (None, None),
}

_segments = st.sampled_from(
    ["a", "", ".", "evil.example", "\\", "\t", "\r\n", "é", "?", "#", "a:b", "@", "%2f", "index.html"]
)
_paths = st.lists(_segments, max_size=4).map("/".join).map("/".__add__)
_findings = st.sampled_from([200, 403, 404, 502, 503, 504]).map(Finding)
_destinations = st.builds(
    Destination,
    replace_key=st.none() | _paths,
    status=st.sampled_from([301, 302]),
) | st.builds(Destination, replace_prefix=_paths)
_rules = st.builds(RoutingRule, _destinations, st.sampled_from(["", "a", "/"]), st.sampled_from([None, 404, 403, 503]))
_websites = st.builds(
    Website,
    error_document=st.none() | st.just("404.html"),
    is_single_page=st.booleans(),
    lists_folders=st.booleans(),
    rules=st.lists(_rules, max_size=2).map(tuple),
)
_visits = st.builds(
    Visit,
    _paths,
    query=st.none() | st.sampled_from(["", "a=1", "//x", "é\\"]),
    prefix=st.sampled_from(["", "site/"]),
    mount=st.sampled_from(["", "/m"]),
    host=st.sampled_from([None, "site.example", "evil.example/", "a b"]),
    accept=st.sampled_from([None, "text/html", "application/json"]),
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_visit(case: Case) -> None:
    """The rules ask for just so much, in this order, and conclude this."""
    walked = walk(case.website, case.visit, case.table)
    assert (walked.asked, walked.conclusion) == (case.asked, case.conclusion)


@pytest.mark.parametrize(("value", "expected"), LOCATIONS.values(), ids=LOCATIONS)
def test_redirect_location_of_an_object(value: str | None, expected: str | None) -> None:
    """A path or a URL of the web leads there; anything else is no redirect."""
    assert redirect_location(value, mount="") == expected


@given(_websites, _visits, st.data())
def test_every_visit_comes_to_an_end(website: Website, visit: Visit, data: st.DataObject) -> None:
    """Whatever the bucket says, no more is asked than the bound, and nothing twice; it is refused as the bucket did."""
    step = website.first(visit)
    asked, failures = [], set()
    while not isinstance(step, Conclusion):
        asked.append(step)
        finding = data.draw(_findings)
        failures |= {finding.status} - {200}
        step = website.next(visit, step, finding)
    assert len(asked) <= MAX_QUESTIONS
    assert len(asked) == len(set(asked))
    if isinstance(step, Refuse):
        assert step.status in failures | {400}


@given(_websites, _visits, st.data())
def test_no_redirect_leaves_the_host(website: Website, visit: Visit, data: st.DataObject) -> None:
    """Without a rule that names a host every Location is a path, of printable ASCII, whatever was asked for."""
    step = website.first(visit)
    while not isinstance(step, Conclusion):
        step = website.next(visit, step, data.draw(_findings))
    if isinstance(step, Redirect):
        assert re.fullmatch(r"/([!-.0-\[\]-~][!-\[\]-~]*)?", step.location)
        assert urlsplit(urljoin("https://site.example/a/b", step.location)).netloc == "site.example"
        assert step.location != visit.reference(visit.path)
