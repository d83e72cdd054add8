"""Routing rules, from the S3 User Guide (how-to-page-redirect) and the S3 API (RoutingRule, Redirect, Condition)."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.origin.routing import Destination, RoutingRule, route
from sidecar.origin.steps import Redirect, Refuse, Visit

EC2 = "ec2-11-22-333-44.compute-1.amazonaws.com"
RENAMED_PREFIX = RoutingRule(Destination(replace_prefix="documents/"), "docs/")
DELETED_FOLDER = RoutingRule(Destination(replace_key="folderdeleted.html"), "images/")
HTTP_ERROR = RoutingRule(Destination(host=EC2, replace_prefix="report-404/"), "", 404)
RESIZED = RoutingRule(Destination(307, "https", "api.example.com", replace_prefix="prod/resize?key="), "", 404)
TO_HTTPS = RoutingRule(Destination(protocol="https"))
TO_ANOTHER_HOST = RoutingRule(Destination(host="www.example.com"))
ALL_REQUESTS = RoutingRule(Destination(protocol="https", host="www.example.com"))
HASH_BANG = RoutingRule(Destination(302, replace_prefix="#!/"), "", 404)

BEFORE = {
    "example-1-renamed-prefix": (RENAMED_PREFIX, Visit("/docs/a.html"), Redirect(301, "/documents/a.html")),
    "example-1-renamed-prefix-of-the-folder": (RENAMED_PREFIX, Visit("/docs/"), Redirect(301, "/documents/")),
    "example-1-another-prefix": (RENAMED_PREFIX, Visit("/doc.html"), None),
    "example-1-prefix-further-on": (RENAMED_PREFIX, Visit("/a/docs/b"), None),
    "example-1-query-is-kept": (RENAMED_PREFIX, Visit("/docs/a", "b=c"), Redirect(301, "/documents/a?b=c")),
    "example-1-key-is-encoded": (RENAMED_PREFIX, Visit("/docs/ü ?"), Redirect(301, "/documents/%C3%BC%20%3F")),
    "example-1-below-a-mount": (RENAMED_PREFIX, Visit("/docs/a", mount="/m"), Redirect(301, "/m/documents/a")),
    "example-1-below-a-prefix": (RENAMED_PREFIX, Visit("/docs/a", prefix="site/"), Redirect(301, "/documents/a")),
    "example-2-deleted-folder": (DELETED_FOLDER, Visit("/images/a.jpg"), Redirect(301, "/folderdeleted.html")),
    "example-3-no-error-yet": (HTTP_ERROR, Visit("/a.html"), None),
    "redirect-all": (ALL_REQUESTS, Visit("/a/b", "c"), Redirect(301, "https://www.example.com/a/b?c")),
    "redirect-all-root": (ALL_REQUESTS, Visit("/"), Redirect(301, "https://www.example.com/")),
    "host-only-keeps-the-protocol": (TO_ANOTHER_HOST, Visit("/a"), Redirect(301, "//www.example.com/a")),
    "host-knows-no-mount": (TO_ANOTHER_HOST, Visit("/a", mount="/m"), Redirect(301, "//www.example.com/a")),
    "host-ignores-the-requests": (TO_ANOTHER_HOST, Visit("/a", host="b c"), Redirect(301, "//www.example.com/a")),
    "protocol-only": (
        TO_HTTPS,
        Visit("/a", "b", host="site.example:8000"),
        Redirect(301, "https://site.example:8000/a?b"),
    ),
    "protocol-only-below-a-mount": (TO_HTTPS, Visit("/a", mount="/m", host="b"), Redirect(301, "https://b/m/a")),
    "protocol-only-double-slash": (TO_HTTPS, Visit("//a", host="b"), Redirect(301, "https://b//a")),
    "protocol-only-no-host": (TO_HTTPS, Visit("/a"), Refuse(400)),
    "protocol-only-host-with-user": (TO_HTTPS, Visit("/a", host="b@evil.example"), Refuse(400)),
    "protocol-only-host-with-path": (TO_HTTPS, Visit("/a", host="b/c"), Refuse(400)),
    "protocol-only-two-hosts": (TO_HTTPS, Visit("/a", host="b, c"), Refuse(400)),
    "prefix-removed": (RoutingRule(Destination(replace_prefix=""), "v1/"), Visit("/v1/a"), Redirect(301, "/a")),
    "prefix-removed-stays-on-the-host": (
        RoutingRule(Destination(replace_prefix=""), "v1"),
        Visit("/v1/evil.example"),
        Redirect(301, "/%2Fevil.example"),
    ),
    "prefix-added": (RoutingRule(Destination(replace_prefix="v2/")), Visit("/a"), Redirect(301, "/v2/a")),
    "key-with-a-slash-before-it": (
        RoutingRule(Destination(replace_key="/evil.example")),
        Visit("/a"),
        Redirect(301, "/%2Fevil.example"),
    ),
    "key-to-itself": (RoutingRule(Destination(replace_key="a")), Visit("/a"), None),
    "key-to-itself-with-a-query": (RoutingRule(Destination(replace_key="a")), Visit("/a", "b"), None),
    "prefix-to-itself": (RoutingRule(Destination(replace_prefix="a/"), "a/"), Visit("/a/b"), None),
    "code": (RoutingRule(Destination(308, replace_key="b")), Visit("/a"), Redirect(308, "/b")),
}

AFTER = {
    "example-3-http-error": (HTTP_ERROR, 404, Visit("/a.html"), Redirect(301, f"//{EC2}/report-404/a.html")),
    "example-3-another-error": (HTTP_ERROR, 403, Visit("/a.html"), None),
    "both-conditions": (replace(HTTP_ERROR, key_prefix="a"), 404, Visit("/a"), Redirect(301, f"//{EC2}/report-404/")),
    "both-conditions-another-prefix": (replace(HTTP_ERROR, key_prefix="b"), 404, Visit("/a"), None),
    "no-error-condition": (RENAMED_PREFIX, 404, Visit("/docs/a"), None),
    "key-as-a-value-of-a-query": (
        RESIZED,
        404,
        Visit("/300x300/a&b=c.jpg"),
        Redirect(307, "https://api.example.com/prod/resize?key=300x300/a%26b%3Dc.jpg"),
    ),
    "key-as-a-value-of-a-query-beside-others": (
        RESIZED,
        404,
        Visit("/a", "b=c"),
        Redirect(307, "https://api.example.com/prod/resize?key=a&b=c"),
    ),
    "key-as-a-fragment": (HASH_BANG, 404, Visit("/users/7"), Redirect(302, "/#!/users/7")),
}

_texts = st.text(
    alphabet=st.sampled_from("/\\.:@?#%&\t\r\n ab") | st.characters(exclude_categories=["Cs"]), max_size=12
)
_codes = st.sampled_from([301, 302, 303, 307, 308])
_hosts = st.none() | st.just("www.example.com")
_protocols = st.sampled_from([None, "http", "https"])
_destinations = st.builds(Destination, _codes, _protocols, _hosts, replace_key=_texts) | st.builds(
    Destination, _codes, _protocols, _hosts, replace_prefix=st.none() | _texts
)
_visits = st.builds(
    Visit, _texts.map("/".__add__), query=st.none() | _texts, mount=st.sampled_from(["", "/m"]), host=st.none() | _texts
)


@pytest.mark.parametrize(("rule", "visit", "expected"), BEFORE.values(), ids=BEFORE)
def test_before_the_bucket_is_asked(rule: RoutingRule, visit: Visit, expected: Redirect | Refuse | None) -> None:
    """A rule without an error condition leads at once."""
    assert route((rule,), visit) == expected


@pytest.mark.parametrize(("rule", "error", "visit", "expected"), AFTER.values(), ids=AFTER)
def test_after_an_error(rule: RoutingRule, error: int, visit: Visit, expected: Redirect | None) -> None:
    """A rule with an error condition leads when there is just this error."""
    assert route((rule,), visit, error) == expected


def test_the_first_rule_wins() -> None:
    """It need not be the one that fits best, and one that does not apply is passed over."""
    rules = (DELETED_FOLDER, RoutingRule(Destination(replace_key="one"), "d"), RENAMED_PREFIX)
    assert route(rules, Visit("/docs/a")) == Redirect(301, "/one")
    assert route(rules, Visit("/images/a")) == Redirect(301, "/folderdeleted.html")


def test_a_rule_that_leads_to_itself_gives_way_to_the_next() -> None:
    """So a catch-all may lead to a page that is itself below it."""
    rules = (RoutingRule(Destination(replace_key="closed.html")), RoutingRule(Destination(302, replace_key="b")))
    assert route(rules, Visit("/closed.html")) == Redirect(302, "/b")


@given(_destinations, st.sampled_from(["", "a", "/"]), _visits)
def test_only_a_rule_leads_to_another_host(destination: Destination, prefix: str, visit: Visit) -> None:
    """The host is the rule's; or the request's, when the rule names a protocol alone; else there is none."""
    led = route((RoutingRule(destination, prefix),), visit)
    if isinstance(led, Redirect):
        assert re.fullmatch(r"[!-\[\]-~]+", led.location)
        match = re.match(r"(?:(https?):)?//([^/]*)/", led.location)
        if destination.host or destination.protocol:
            assert match is not None
            assert match.groups() == (destination.protocol, destination.host or visit.host)
        else:
            assert re.match(r"/(?![/\\])", led.location)
