"""Headers that the operator sets: how a rule is read, which answers it is for, and what it replaces."""

import pickle
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.fields import is_field_value, is_token
from sidecar.http.header_rules import HeaderRule, HeaderRules

Fields: TypeAlias = tuple[tuple[str, str], ...]

READ = {
    "plain": ("X-Frame-Options: DENY", "x-frame-options", "DENY"),
    "rfc9110-5.5-no-space": ("X-A:b", "x-a", "b"),
    "rfc9110-5.5-space-around": ("X-A: \t b c \t", "x-a", "b c"),
    "rfc9110-5.5-colons-and-equals-signs": ("X-A: b: c=d", "x-a", "b: c=d"),
    "rfc9110-5.5-beyond-ascii": ("X-A: grün", "x-a", "grün"),
    "rfc9110-5.6.2-odd-token": ("x_!~1: b", "x_!~1", "b"),
    "with-glob": ("/assets/*=Cache-Control: public, max-age=1", "cache-control", "public, max-age=1"),
    "with-glob-that-begins-with-a-star": ("*.css=Cache-Control: no-cache", "cache-control", "no-cache"),
    "equals-sign-in-the-glob": ("/a=b/*=X-A: c", "x-a", "c"),
    "colon-in-the-glob": ("/a:b=X-A: c", "x-a", "c"),
    "space-in-the-glob": ("/a b=X-A: c", "x-a", "c"),
    "url-as-value": ("/a=Link: <https://a.example/?b=c>; rel=x", "link", "<https://a.example/?b=c>; rel=x"),
}

NO_RULE = {
    "empty": "",
    "no-colon": "X-A",
    "no-name": ": b",
    "space-before-the-colon": "X-A : b",
    "space-in-the-name": "X A: b",
    "rfc9110-5.6.2-no-token": "X(A): b",
    "rfc9110-5.6.2-not-ascii": "X-Ä: b",
    "glob-without-header": "/assets/*",
    "glob-without-equals-sign": "/assets/* Cache-Control: no-store",
    "glob-without-name": "/assets/*=: b",
    "glob-that-would-never-match": "assets/*=X-A: b",
    "line-break-in-the-name": "X-A\r\nX-B: c",
}

NO_VALUE = {
    "none": "X-A:",
    "only-spaces": "X-A: \t ",
    "carriage-return": "X-A: b\rX-B: c",
    "line-feed": "X-A: b\nX-B: c",
    "both": "X-A: b\r\nX-B: c",
    "line-break-at-the-end": "X-A: b\r\n",
    "nul": "X-A: b\0",
    "escape": "X-A: \x1b[31m",
    "delete": "X-A: b\x7f",
    "no-utf-8": "X-A: \udc80",
}

REFUSED = {
    "rfc9112-6": ["content-length", "transfer-encoding", "trailer"],
    "rfc9110-7.6.1": ["connection", "keep-alive", "proxy-connection", "te", "upgrade"],
    "rfc9110-8-and-14": ["accept-ranges", "content-encoding", "content-range", "etag", "last-modified"],
    "of-this-server": ["age", "allow", "cache-status", "date", "location", "retry-after"],
}
REFUSED_NAMES = [(name, group) for group, names in REFUSED.items() for name in names]

GLOBS = {
    "star-within-a-segment": ("/assets/*", "/assets/app.js", True),
    "star-across-segments": ("/assets/*", "/assets/a/b/c.js", True),
    "star-for-nothing": ("/assets/*", "/assets/", True),
    "star-not-for-less": ("/assets/*", "/assets", False),
    "not-below-another-folder": ("/assets/*", "/x/assets/a", False),
    "star-in-the-middle": ("/*/img/*.png", "/a/b/img/c/d.png", True),
    "ending": ("*.css", "/a/b.css", True),
    "not-another-ending": ("*.css", "/a/b.css.map", False),
    "all": ("*", "/", True),
    "all-with-line-breaks": ("*", "/a\nb", True),
    "question-mark": ("/a?c", "/abc", True),
    "question-mark-is-one": ("/a?c", "/ac", False),
    "question-mark-may-be-a-slash": ("/a?c", "/a/c", True),
    "case-counts": ("/A/*", "/a/b", False),
    "brackets-are-themselves": ("/blog/[id].html", "/blog/[id].html", True),
    "brackets-are-no-class": ("/blog/[id].html", "/blog/i.html", False),
    "dots-are-themselves": ("/a.js", "/abjs", False),
    "exact": ("/a", "/a", True),
    "exact-is-no-prefix": ("/a", "/a/b", False),
    "decoded": ("/grün/*", "/grün/x y", True),
    "folder-is-not-its-index": ("/docs/*.html", "/docs/", False),
}

# What a name is about → the statuses of answers that carry it.
ALL = frozenset({200, 204, 206, 301, 304, 400, 404, 405, 412, 416, 500, 503})
STORED_ELSEWHERE = frozenset({200, 206, 301, 304})
WITH_OBJECT = frozenset({200, 206})
STATUSES = {
    "x-frame-options": ALL,
    "strict-transport-security": ALL,
    "content-security-policy": ALL,
    "access-control-allow-origin": ALL,
    "set-cookie": ALL,
    "vary": ALL,
    "cache-control": STORED_ELSEWHERE,
    "expires": STORED_ELSEWHERE,
    "pragma": STORED_ELSEWHERE,
    "surrogate-control": STORED_ELSEWHERE,
    "cdn-cache-control": STORED_ELSEWHERE,
    "cloudflare-cdn-cache-control": STORED_ELSEWHERE,
    "content-location": STORED_ELSEWHERE,
    "content-type": WITH_OBJECT,
    "content-language": WITH_OBJECT,
    "content-disposition": WITH_OBJECT,
}

FIELDS: Fields = (("content-type", "text/css"), ("cache-control", "max-age=300"), ("vary", "origin"))

APPLIED: dict[str, tuple[list[str], Fields, Fields]] = {
    "no-rule": ([], FIELDS, FIELDS),
    "added": (["X-A: b"], (("date", "x"),), (("date", "x"), ("x-a", "b"))),
    "replaced": (
        ["Cache-Control: no-cache"],
        FIELDS[:2],
        (("content-type", "text/css"), ("cache-control", "no-cache")),
    ),
    "replaced-though-it-was-there-twice": (["Link: c"], (("link", "a"), ("link", "b")), (("link", "c"),)),
    "last-that-matches-wins": (["X-A: b", "/a*=X-A: c", "/b*=X-A: d"], (), (("x-a", "c"),)),
    "last-wins-though-it-is-wider": (["/a*=X-A: b", "X-A: c"], (), (("x-a", "c"),)),
    "vary-is-joined": (["Vary: Accept"], FIELDS[2:], (("vary", "origin, accept"),)),
    "vary-is-one-field": (
        [],
        (("vary", "origin"), ("vary", "accept-encoding")),
        (("vary", "origin, accept-encoding"),),
    ),
    "vary-star": (["Vary: *"], FIELDS[2:], (("vary", "*"),)),
    "vary-alone": (["Vary: Accept"], (), (("vary", "accept"),)),
}

_texts = st.text(max_size=40) | st.from_regex(r"(/[a-z*]{0,5}=)?[A-Za-z-]{1,8}: ?[^\0]{0,8}", fullmatch=True)


@pytest.mark.parametrize(("text", "name", "value"), READ.values(), ids=READ)
def test_read(text: str, name: str, value: str) -> None:
    """A name in any case, a colon and a value; a glob with an equals sign may come before."""
    rule = HeaderRule.parse(text)
    assert (rule.name, rule.value) == (name, value)
    assert (rule.paths is None) is not text.startswith(("/", "*"))


@pytest.mark.parametrize("text", NO_RULE.values(), ids=NO_RULE)
def test_no_rule(text: str) -> None:
    """What has no name that is a token, or a glob that could match nothing, is a mistake."""
    with pytest.raises(ValueError, match="must be 'Name: value', or '/glob=Name: value'"):
        HeaderRule.parse(text)


@pytest.mark.parametrize("text", NO_VALUE.values(), ids=NO_VALUE)
def test_no_value(text: str) -> None:
    """A value that would end the header, or that is none, is a mistake (RFC 9110 5.5)."""
    with pytest.raises(ValueError, match="must have a value of one line"):
        HeaderRule.parse(text)


@pytest.mark.parametrize(("name", "group"), REFUSED_NAMES, ids=[name for name, _ in REFUSED_NAMES])
def test_refused(name: str, group: str) -> None:
    """What frames a message, or is true of one answer only, is not the operator's to say."""
    with pytest.raises(ValueError, match=f"must not set {name}"):
        HeaderRule.parse(f"{name.title()}: 1")


@pytest.mark.parametrize(("glob", "path", "expected"), GLOBS.values(), ids=GLOBS)
def test_glob(glob: str, path: str, expected: bool) -> None:
    """A glob is for the whole decoded path, case and all."""
    assert HeaderRule.parse(f"{glob}=X-A: b").holds_for(path, 200) is expected


@pytest.mark.parametrize("path", ["/" + "a" * 8000, "/" + "a/" * 4000])
def test_a_glob_does_not_go_back(path: str) -> None:
    """A client cannot choose a path that takes long."""
    rule = HeaderRule.parse("/" + "*a" * 50 + "*b=X-A: c")
    assert not rule.holds_for(path, 200)


def test_a_target_that_names_no_path() -> None:
    """It has what every answer has, and nothing that is for some paths."""
    rules = HeaderRules((HeaderRule.parse("X-A: b"), HeaderRule.parse("*=X-B: c")))
    assert rules.apply((), None, 400) == (("x-a", "b"),)


@pytest.mark.parametrize(("name", "expected"), STATUSES.items(), ids=STATUSES)
def test_statuses(name: str, expected: frozenset[int]) -> None:
    """No error or preflight is made storable, and no error's text passes for an object; all else is everywhere."""
    rule = HeaderRule.parse(f"/assets/*={name}: x")
    assert {status for status in ALL if rule.holds_for("/assets/a", status)} == expected


@pytest.mark.parametrize(("rules", "before", "after"), APPLIED.values(), ids=APPLIED)
def test_applied(rules: list[str], before: Fields, after: Fields) -> None:
    """What is set replaces what was there, all but Vary."""
    assert HeaderRules(tuple(map(HeaderRule.parse, rules))).apply(before, "/a", 200) == after


@pytest.mark.parametrize(("texts", "expected"), [([], False), (["X-A: b"], False), (["X-A: b", "/a=X-B: c"], True)])
def test_need_path(texts: list[str], expected: bool) -> None:
    """The path is decoded only for rules that look at it."""
    assert HeaderRules(tuple(map(HeaderRule.parse, texts))).need_path is expected


def test_rules_reach_the_workers() -> None:
    """They are pickled with the settings."""
    rule = HeaderRule.parse("/assets/*=X-A: b")
    received = pickle.loads(pickle.dumps(rule))  # noqa: S301 - our own bytes
    assert received == rule
    assert received.holds_for("/assets/a", 200)


@given(st.lists(_texts, max_size=5), st.text(max_size=10), st.sampled_from(sorted(ALL)))
def test_nothing_is_injected(texts: list[str], path: str, status: int) -> None:
    """Whatever is given, it is a mistake, or one header with a name and a value of one line."""
    rules = []
    for text in texts:
        try:
            rules.append(HeaderRule.parse(text))
        except ValueError:
            continue
    for name, value in HeaderRules(tuple(rules)).apply((("vary", "origin"),), path, status):
        assert is_token(name)
        assert is_field_value(value)
        assert name == name.lower()
