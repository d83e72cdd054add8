"""Cache-Status, from RFC 9211."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.cache_status import OUTCOMES, CacheStatus, ForwardReason

TOKEN = r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
STRING = r'"(?:[ !#-\[\]-~]|\\["\\])*"'
MEMBER = re.compile(rf"(?:{TOKEN}|{STRING})(?:; [a-z-]+(?:=(?:{TOKEN}|{STRING}|-?[0-9]+))?)*")

RENDERED = {
    "rfc9211-2.1-hit": (CacheStatus(hit=True), "s3-sidecar; hit"),
    "rfc9211-2.4-ttl": (CacheStatus(hit=True, ttl=212), "s3-sidecar; hit; ttl=212"),
    "rfc9211-2.4-ttl-zero": (CacheStatus(hit=True, ttl=0), "s3-sidecar; hit; ttl=0"),
    "rfc9211-2.4-ttl-negative": (CacheStatus(hit=True, ttl=-412), "s3-sidecar; hit; ttl=-412"),
    "rfc9211-2.5-stored": (
        CacheStatus(forward=ForwardReason.URI_MISS, forward_status=200, stored=True),
        "s3-sidecar; fwd=uri-miss; fwd-status=200; stored",
    ),
    "rfc9211-2.6-collapsed": (
        CacheStatus(forward=ForwardReason.URI_MISS, collapsed=True),
        "s3-sidecar; fwd=uri-miss; collapsed",
    ),
    "rfc9211-2.3-revalidated": (
        CacheStatus(forward=ForwardReason.STALE, forward_status=304, ttl=60, stored=True),
        "s3-sidecar; fwd=stale; fwd-status=304; ttl=60; stored",
    ),
    "rfc9211-2.7-key": (CacheStatus(hit=True, key="a/b.html"), 's3-sidecar; hit; key="a/b.html"'),
    "rfc9211-2.7-key-empty": (CacheStatus(hit=True, key=""), 's3-sidecar; hit; key=""'),
    "rfc8941-3.3.3-escapes": (CacheStatus(hit=True, key='a"b\\c'), r's3-sidecar; hit; key="a\"b\\c"'),
    "rfc8941-3.3.3-not-ascii": (CacheStatus(hit=True, key="é\n"), 's3-sidecar; hit; key="%C3%A9%0A"'),
    "rfc8941-3.3.3-delete": (CacheStatus(hit=True, key="\x7f"), 's3-sidecar; hit; key="%7F"'),
    "rfc8941-3.3.3-surrogate": (CacheStatus(hit=True, key="\udc85"), 's3-sidecar; hit; key="?"'),
    "rfc9211-2.8-detail-token": (
        CacheStatus(forward=ForwardReason.BYPASS, detail="too-large"),
        "s3-sidecar; fwd=bypass; detail=too-large",
    ),
    "rfc9211-2.8-detail-string": (
        CacheStatus(forward=ForwardReason.BYPASS, detail="too large"),
        's3-sidecar; fwd=bypass; detail="too large"',
    ),
    "rfc8941-3.3.4-digit-does-not-start-a-token": (
        CacheStatus(hit=True, detail="304"),
        's3-sidecar; hit; detail="304"',
    ),
}

OUTCOME_ROWS = {
    "rfc9211-2.1-hit": (CacheStatus(hit=True, ttl=5), "hit"),
    "rfc9211-2.1-hit-without-ttl": (CacheStatus(hit=True), "hit"),
    "rfc9211-2.4-ttl-zero": (CacheStatus(hit=True, ttl=0), "hit"),
    "rfc9211-2.4-stale": (CacheStatus(hit=True, ttl=-1), "stale"),
    "rfc9211-2.2-bypass": (CacheStatus(forward=ForwardReason.BYPASS), "bypass"),
    "rfc9211-2.2-method": (CacheStatus(forward=ForwardReason.METHOD), "bypass"),
    "rfc9211-2.2-uri-miss": (CacheStatus(forward=ForwardReason.URI_MISS, stored=True), "miss"),
    "rfc9211-2.2-vary-miss": (CacheStatus(forward=ForwardReason.VARY_MISS), "miss"),
    "rfc9211-2.2-miss": (CacheStatus(forward=ForwardReason.MISS), "miss"),
    "rfc9211-2.2-partial": (CacheStatus(forward=ForwardReason.PARTIAL), "partial"),
    "rfc9211-2.2-stale-304": (CacheStatus(forward=ForwardReason.STALE, forward_status=304), "revalidated"),
    "rfc9211-2.2-stale-200": (CacheStatus(forward=ForwardReason.STALE, forward_status=200), "refetched"),
    "rfc9211-2.2-stale-no-answer": (CacheStatus(forward=ForwardReason.STALE), "refetched"),
    "rfc9211-2.2-request-304": (CacheStatus(forward=ForwardReason.REQUEST, forward_status=304), "revalidated"),
    "rfc9211-2.2-request-200": (CacheStatus(forward=ForwardReason.REQUEST, forward_status=200), "refetched"),
    "rfc9211-2.6-collapsed": (CacheStatus(forward=ForwardReason.MISS, collapsed=True), "collapsed"),
    "rfc9211-2.6-collapsed-revalidation": (
        CacheStatus(forward=ForwardReason.STALE, forward_status=304, collapsed=True),
        "collapsed",
    ),
}

NAMES = {
    "rfc9211-2-token": ("ExampleCache", "ExampleCache; hit"),
    "rfc9211-2-string": ("CDN Company Here", '"CDN Company Here"; hit'),
    "rfc9211-2-quote": ('a"b', r'"a\"b"; hit'),
}

_texts = st.none() | st.text()
_numbers = st.none() | st.integers(-(10**9), 10**9)


@pytest.mark.parametrize(("status", "expected"), RENDERED.values(), ids=RENDERED)
def test_render(status: CacheStatus, expected: str) -> None:
    """Each parameter is written as the RFC types it."""
    assert status.render() == expected


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=NAMES)
def test_render_cache_name(name: str, expected: str) -> None:
    """The cache's name is a token when it can be."""
    assert CacheStatus(hit=True).render(name) == expected


@pytest.mark.parametrize("reason", ForwardReason)
def test_render_forward_reason(reason: ForwardReason) -> None:
    """The reason is written by the name that the RFC registers (RFC 9211 2.2)."""
    assert CacheStatus(forward=reason).render() == f"s3-sidecar; fwd={reason.name.lower().replace('_', '-')}"


@pytest.mark.parametrize(("status", "expected"), OUTCOME_ROWS.values(), ids=OUTCOME_ROWS)
def test_outcome(status: CacheStatus, expected: str) -> None:
    """What happened has one name."""
    assert status.outcome == expected


def test_outcomes_are_all_listed_and_all_reached() -> None:
    """The list holds exactly the outcomes that any status can have, once each."""
    forwarded = product(ForwardReason, (None, 200, 304, 503), (False, True))
    reached = {CacheStatus(forward=reason, forward_status=s, collapsed=c).outcome for reason, s, c in forwarded}
    reached |= {CacheStatus(hit=True, ttl=ttl).outcome for ttl in (None, -1, 0, 1)}
    assert sorted(OUTCOMES) == sorted(reached)


@pytest.mark.parametrize("forward", ForwardReason)
def test_hit_and_forward_exclude_each_other(forward: ForwardReason) -> None:
    """A hit did not go forward (RFC 9211 2.1)."""
    with pytest.raises(ValueError, match="either"):
        CacheStatus(hit=True, forward=forward)


def test_neither_hit_nor_forward_is_refused() -> None:
    """What did not go forward was a hit (RFC 9211 2.1)."""
    with pytest.raises(ValueError, match="either"):
        CacheStatus()


@given(st.none() | st.sampled_from(ForwardReason), _numbers, st.booleans(), _texts, st.text())
def test_render_is_a_structured_field(
    forward: ForwardReason | None, number: int | None, flag: bool, text: str | None, name: str
) -> None:
    """Any status is written as one member of a list of items (RFC 9211 2, RFC 8941 3.1)."""
    status = CacheStatus(
        hit=forward is None, forward=forward, ttl=number, stored=flag, collapsed=flag, key=text, detail=text
    )
    assert MEMBER.fullmatch(status.render(name))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_key_of_ascii_is_readable(key: str) -> None:
    """A printable key is written unchanged but for the two escapes (RFC 8941 3.3.3)."""
    rendered = CacheStatus(hit=True, key=key).render()
    quoted = rendered.removeprefix('s3-sidecar; hit; key="').removesuffix('"')
    assert re.sub(r'\\(["\\])', r"\1", quoted) == key
