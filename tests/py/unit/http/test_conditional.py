"""Conditional requests, from RFC 9110 13."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.conditional import Conditions, Precondition, evaluate, range_applies

PROCEED, NOT_MODIFIED, FAILED = Precondition.PROCEED, Precondition.NOT_MODIFIED, Precondition.FAILED

MODIFIED = 784_111_777
NOW = 1_780_000_000
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
SAME = "Sun, 06 Nov 1994 08:49:37 GMT"
SAME_RFC850 = "Sunday, 06-Nov-94 08:49:37 GMT"
SAME_ASCTIME = "Sun Nov  6 08:49:37 1994"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"
FUTURE = "Thu, 01 Jan 2099 00:00:00 GMT"
# 2044 to the pivot of POSIX, 1944 to a recipient of 1994-01-01: only with `now` is it before MODIFIED.
AMBIGUOUS = "Sunday, 06-Nov-44 08:49:37 GMT"
THEN = 757_382_400

IF_MATCH = {
    "rfc9110-13.1.1-match": ('"a"', '"a"', PROCEED),
    "rfc9110-13.1.1-no-match": ('"b"', '"a"', FAILED),
    "rfc9110-13.1.1-list": ('"b", "a"', '"a"', PROCEED),
    "rfc9110-13.1.1-list-without-match": ('"b", "c"', '"a"', FAILED),
    "rfc9110-13.1.1-comma-inside": ('"a,b"', '"a,b"', PROCEED),
    "rfc9110-13.1.1-part-of-a-tag": ('"a,b"', '"a"', FAILED),
    "rfc9110-13.1.1-weak-asked": ('W/"a"', '"a"', FAILED),
    "rfc9110-13.1.1-weak-held": ('"a"', 'W/"a"', FAILED),
    "rfc9110-13.1.1-weak-both": ('W/"a"', 'W/"a"', FAILED),
    "rfc9110-13.1.1-star": ("*", '"a"', PROCEED),
    "rfc9110-13.1.1-star-without-etag": (" * ", None, PROCEED),
    "rfc9110-13.1.1-no-etag": ('"a"', None, FAILED),
    "rfc9110-13.1.1-malformed-etag": ('"a"', "a", FAILED),
    "rfc9110-13.1.1-malformed-field": ("a", '"a"', FAILED),
    "rfc9110-13.1.1-empty-field": ("", '"a"', FAILED),
    "rfc9110-13.1.1-one-malformed-in-a-list": ('"a", b', '"a"', FAILED),
    "rfc9110-13.1.1-star-in-a-list": ('"b", *', '"a"', FAILED),
    "rfc9110-13.1.1-weak-and-strong-in-a-list": ('W/"a", "a"', '"a"', PROCEED),
    "rfc9110-5.6.1-empty-members": (', ,"a",', '"a"', PROCEED),
    "rfc9110-8.8.3-empty-tag": ('""', '""', PROCEED),
    "rfc9110-8.8.3-case-counts": ('"A"', '"a"', FAILED),
    "rfc9110-8.8.3-small-w-is-no-mark": ('w/"a"', 'W/"a"', FAILED),
}

IF_NONE_MATCH = {
    "rfc9110-13.1.2-match": ('"a"', '"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-no-match": ('"b"', '"a"', PROCEED),
    "rfc9110-13.1.2-weak-match": ('W/"a"', '"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-weak-held": ('"a"', 'W/"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-weak-both": ('W/"a"', 'W/"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-list": ('"b", W/"c", "a"', '"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-list-no-spaces": ('"b","a"', '"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-list-without-match": ('"b", "c"', '"a"', PROCEED),
    "rfc9110-13.1.2-comma-inside": ('"b", "a,b"', '"a,b"', NOT_MODIFIED),
    "rfc9110-13.1.2-part-of-a-tag": ('"a,b"', '"a"', PROCEED),
    "rfc9110-13.1.2-prefix-characters-are-content": ('"W/a"', '"a"', PROCEED),
    "rfc9110-13.1.2-star": ("*", '"a"', NOT_MODIFIED),
    "rfc9110-13.1.2-star-without-etag": ("*", None, NOT_MODIFIED),
    "rfc9110-13.1.2-quoted-star": ('"*"', '"a"', PROCEED),
    "rfc9110-13.1.2-no-etag": ('"a"', None, PROCEED),
    "rfc9110-13.1.2-malformed-field": ("a", '"a"', PROCEED),
    "rfc9110-13.1.2-empty-field": ("", '"a"', PROCEED),
    "rfc9110-13.1.2-one-malformed-in-a-list": ('"a", b', '"a"', PROCEED),
    "rfc9110-13.1.2-star-in-a-list": ('*, "b"', '"a"', PROCEED),
    "rfc9110-8.8.3-backslash-is-a-character": (r'"a\"', '"a\\"', NOT_MODIFIED),
}

IF_MODIFIED_SINCE = {
    "rfc9110-13.1.3-earlier": (BEFORE, MODIFIED, PROCEED),
    "rfc9110-13.1.3-same": (SAME, MODIFIED, NOT_MODIFIED),
    "rfc9110-13.1.3-later": (AFTER, MODIFIED, NOT_MODIFIED),
    "rfc9110-13.1.3-future-is-not-invalid": (FUTURE, MODIFIED, NOT_MODIFIED),
    "rfc9110-13.1.3-invalid": ("yesterday", MODIFIED, PROCEED),
    "rfc9110-13.1.3-empty": ("", MODIFIED, PROCEED),
    "rfc9110-13.1.3-more-than-one": (f"{AFTER}, {AFTER}", MODIFIED, PROCEED),
    "rfc9110-13.1.3-no-modification-date": (AFTER, None, PROCEED),
    "rfc9110-5.6.7-rfc850": (SAME_RFC850, MODIFIED, NOT_MODIFIED),
    "rfc9110-5.6.7-asctime": (SAME_ASCTIME, MODIFIED, NOT_MODIFIED),
}

IF_UNMODIFIED_SINCE = {
    "rfc9110-13.1.4-rfc850": (SAME_RFC850, MODIFIED, PROCEED),
    "rfc9110-13.1.4-rfc850-earlier": ("Sunday, 06-Nov-94 08:49:36 GMT", MODIFIED, FAILED),
    "rfc9110-13.1.4-asctime-earlier": ("Sun Nov  6 08:49:36 1994", MODIFIED, FAILED),
    "rfc9110-13.1.4-future-is-not-invalid": (FUTURE, MODIFIED, PROCEED),
    "rfc9110-13.1.4-empty": ("", MODIFIED, PROCEED),
    "rfc9110-13.1.4-earlier": (BEFORE, MODIFIED, FAILED),
    "rfc9110-13.1.4-same": (SAME, MODIFIED, PROCEED),
    "rfc9110-13.1.4-later": (AFTER, MODIFIED, PROCEED),
    "rfc9110-13.1.4-invalid": ("yesterday", MODIFIED, PROCEED),
    "rfc9110-13.1.4-more-than-one": (f"{BEFORE}, {BEFORE}", MODIFIED, PROCEED),
    "rfc9110-13.1.4-no-modification-date": (BEFORE, None, PROCEED),
}

PRECEDENCE = {
    "rfc9110-13.2.2-none": (Conditions(), PROCEED),
    "rfc9110-13.2.2-1-if-match-fails-before-304": (Conditions(if_match='"b"', if_none_match='"a"'), FAILED),
    "rfc9110-13.2.2-1-if-match-holds-then-304": (Conditions(if_match='"a"', if_none_match='"a"'), NOT_MODIFIED),
    "rfc9110-13.2.2-1-if-match-holds-then-dates-304": (
        Conditions(if_match='"a"', if_modified_since=SAME),
        NOT_MODIFIED,
    ),
    "rfc9110-13.1.4-ignored-beside-if-match": (Conditions(if_match='"a"', if_unmodified_since=BEFORE), PROCEED),
    "rfc9110-13.2.2-2-date-fails-before-304": (
        Conditions(if_unmodified_since=BEFORE, if_none_match='"a"'),
        FAILED,
    ),
    "rfc9110-13.2.2-2-date-holds-then-304": (
        Conditions(if_unmodified_since=SAME, if_none_match='"a"'),
        NOT_MODIFIED,
    ),
    "rfc9110-13.1.3-ignored-beside-if-none-match": (
        Conditions(if_none_match='"b"', if_modified_since=SAME),
        PROCEED,
    ),
    "rfc9110-13.1.3-ignored-beside-malformed-if-none-match": (
        Conditions(if_none_match="b", if_modified_since=SAME),
        PROCEED,
    ),
    "rfc9110-13.1.3-ignored-beside-if-none-match-that-matches": (
        Conditions(if_none_match='"a"', if_modified_since=BEFORE),
        NOT_MODIFIED,
    ),
    "rfc9110-13.1.4-ignored-beside-malformed-if-match": (Conditions(if_match="b", if_unmodified_since=SAME), FAILED),
    "rfc9110-13.2.2-2-invalid-date-then-304": (
        Conditions(if_unmodified_since="yesterday", if_none_match='"a"'),
        NOT_MODIFIED,
    ),
    "rfc9110-13.2.2-3-both-stars": (Conditions(if_match="*", if_none_match="*"), NOT_MODIFIED),
    "rfc9110-13.2.2-2-and-4-both-dates": (
        Conditions(if_unmodified_since=SAME, if_modified_since=SAME),
        NOT_MODIFIED,
    ),
    "rfc9110-13.2.2-5-if-range-is-not-for-here": (Conditions(if_range='"b"'), PROCEED),
}

IF_RANGE = {
    "rfc9110-13.1.5-absent": (None, '"a"', MODIFIED, True),
    "rfc9110-13.1.5-same-tag": ('"a"', '"a"', MODIFIED, True),
    "rfc9110-13.1.5-other-tag": ('"b"', '"a"', MODIFIED, False),
    "rfc9110-13.1.5-weak-asked": ('W/"a"', '"a"', MODIFIED, False),
    "rfc9110-13.1.5-weak-held": ('"a"', 'W/"a"', MODIFIED, False),
    "rfc9110-13.1.5-weak-both": ('W/"a"', 'W/"a"', MODIFIED, False),
    "rfc9110-13.1.5-no-etag": ('"a"', None, MODIFIED, False),
    "rfc9110-13.1.5-no-list": ('"a", "b"', '"a"', MODIFIED, False),
    "rfc9110-13.1.5-no-star": ("*", '"a"', MODIFIED, False),
    "rfc9110-13.1.5-same-date": (SAME, '"a"', MODIFIED, True),
    "rfc9110-13.1.5-same-date-in-another-form": (SAME_ASCTIME, None, MODIFIED, True),
    "rfc9110-13.1.5-earlier-date": (BEFORE, '"a"', MODIFIED, False),
    "rfc9110-13.1.5-later-date-is-not-exact": (AFTER, '"a"', MODIFIED, False),
    "rfc9110-13.1.5-no-modification-date": (SAME, '"a"', None, False),
    "rfc9110-13.1.5-malformed": ("a", '"a"', MODIFIED, False),
    "rfc9110-13.1.5-malformed-and-no-modification-date": ("a", '"a"', None, False),
    "rfc9110-13.1.5-empty": ("", '"a"', MODIFIED, False),
}

DATED = {
    "rfc9110-8.8.2.2-before": (MODIFIED - 1, False),
    "rfc9110-8.8.2.2-same-second": (MODIFIED, False),
    "rfc9110-8.8.2.2-within-the-second": (MODIFIED + 0.999, False),
    "rfc9110-8.8.2.2-a-second-later": (MODIFIED + 1, True),
    "rfc9110-8.8.2.2-long-after": (NOW, True),
}

_fields = st.none() | st.sampled_from(["*", '"a"', 'W/"b", "c"', BEFORE, SAME, AFTER]) | st.text()
_instants = st.integers(0, 4_102_444_800)


@pytest.mark.parametrize(("field", "etag", "expected"), IF_MATCH.values(), ids=IF_MATCH)
def test_if_match(field: str, etag: str | None, expected: Precondition) -> None:
    """If-Match compares strongly."""
    assert evaluate(Conditions(if_match=field), etag=etag, last_modified=MODIFIED, now=NOW) is expected


@pytest.mark.parametrize(("field", "etag", "expected"), IF_NONE_MATCH.values(), ids=IF_NONE_MATCH)
def test_if_none_match(field: str, etag: str | None, expected: Precondition) -> None:
    """If-None-Match compares weakly."""
    assert evaluate(Conditions(if_none_match=field), etag=etag, last_modified=MODIFIED, now=NOW) is expected


@pytest.mark.parametrize(("field", "modified", "expected"), IF_MODIFIED_SINCE.values(), ids=IF_MODIFIED_SINCE)
def test_if_modified_since(field: str, modified: int | None, expected: Precondition) -> None:
    """If-Modified-Since is 304 up to its date, and ignored when it is none."""
    assert evaluate(Conditions(if_modified_since=field), etag='"a"', last_modified=modified, now=NOW) is expected


@pytest.mark.parametrize(("field", "modified", "expected"), IF_UNMODIFIED_SINCE.values(), ids=IF_UNMODIFIED_SINCE)
def test_if_unmodified_since(field: str, modified: int | None, expected: Precondition) -> None:
    """If-Unmodified-Since is 412 after its date, and ignored when it is none."""
    assert evaluate(Conditions(if_unmodified_since=field), etag='"a"', last_modified=modified, now=NOW) is expected


@pytest.mark.parametrize(("conditions", "expected"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_precedence(conditions: Conditions, expected: Precondition) -> None:
    """Conditions are taken in the RFC's order, dates only without entity-tags."""
    assert evaluate(conditions, etag='"a"', last_modified=MODIFIED, now=NOW) is expected


def test_two_digit_years_depend_on_now() -> None:
    """The century of an old form's date is decided by the instant of the request (RFC 9110 5.6.7)."""
    conditions = Conditions(if_modified_since=AMBIGUOUS)
    assert evaluate(conditions, etag=None, last_modified=MODIFIED, now=THEN) is PROCEED
    assert evaluate(conditions, etag=None, last_modified=MODIFIED, now=NOW) is NOT_MODIFIED


@pytest.mark.parametrize(("field", "etag", "modified", "expected"), IF_RANGE.values(), ids=IF_RANGE)
def test_range_applies(field: str | None, etag: str | None, modified: int | None, expected: bool) -> None:
    """Range counts only for exactly the representation that If-Range names."""
    assert range_applies(field, etag=etag, last_modified=modified, dated=MODIFIED + 1) is expected


@pytest.mark.parametrize(("dated", "expected"), DATED.values(), ids=DATED)
def test_range_applies_by_a_strong_date(dated: float, expected: bool) -> None:
    """A date names one version only if it was over when the origin answered; an entity-tag always does."""
    assert range_applies(SAME, etag='"a"', last_modified=MODIFIED, dated=dated) is expected
    assert range_applies('"a"', etag='"a"', last_modified=MODIFIED, dated=dated) is True


@given(st.builds(Conditions, _fields, _fields, _fields, _fields, _fields), _fields, st.none() | _instants, _instants)
def test_evaluate_never_raises(conditions: Conditions, etag: str | None, modified: int | None, now: int) -> None:
    """Any fields come to something; 412 only with a field that may fail, 304 only with one that may hold."""
    outcome = evaluate(conditions, etag=etag, last_modified=modified, now=now)
    may_fail = conditions.if_match is not None or conditions.if_unmodified_since is not None
    may_hold = conditions.if_none_match is not None or conditions.if_modified_since is not None
    assert outcome is not FAILED or may_fail
    assert outcome is not NOT_MODIFIED or may_hold


@given(_fields, _fields, st.none() | _instants)
def test_range_applies_never_raises(field: str | None, etag: str | None, modified: int | None) -> None:
    """Any If-Range is decided; without any validator only its absence applies."""
    assert isinstance(range_applies(field, etag=etag, last_modified=modified, dated=NOW), bool)
    assert range_applies(field, etag=None, last_modified=None, dated=NOW) is (field is None)
