"""What a request does with what is stored: RFC 9111 4 and 5.2.1, RFC 5861."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.policy import Decision, Forward, Pass, Standing, Use, decide, may_fill
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import ForwardReason

NOW = 1_780_000_000.0

URI_MISS, MISS, STALE = Forward(ForwardReason.URI_MISS), Forward(ForwardReason.MISS), Forward(ForwardReason.STALE)
STALE_WITH_FALLBACK = Forward(ForwardReason.STALE, has_fallback=True)
REQUEST = Forward(ForwardReason.REQUEST)
REQUEST_WITH_FALLBACK = Forward(ForwardReason.REQUEST, has_fallback=True)

OBJECT = a_response()
AGED = a_response(initial_age_seconds=30.0)
LENIENT = a_response(stale_while_revalidate_seconds=30.0, stale_if_error_seconds=600.0)
MISSING = a_response(kind=Kind.MISSING)
UNSTORABLE = a_response(kind=Kind.UNSTORABLE)
SLICED = a_response(kind=Kind.SLICED, stale_if_error_seconds=600.0)

CURRENT, SOFT = Standing.CURRENT, Standing.SOFTLY_PURGED
EARLIER, GONE = Standing.EARLIER_RUN, Standing.GONE

# Stored response, standing, seconds since it was received → decision; it is fresh for 60 seconds.
DECISIONS: dict[str, tuple[StoredResponse | None, Standing, float, Decision]] = {
    "rfc9111-4-nothing-stored": (None, CURRENT, 0, URI_MISS),
    "rfc9111-4-fresh": (OBJECT, CURRENT, 0, Use()),
    "rfc9111-4-fresh-until-the-end": (OBJECT, CURRENT, 59.999, Use()),
    "rfc9111-4.2-lifetime-must-be-greater-than-age": (OBJECT, CURRENT, 60, STALE),
    "rfc9111-4.2-stale": (OBJECT, CURRENT, 61, STALE),
    "rfc9111-4.2.3-aged-before-it-came": (AGED, CURRENT, 30, STALE),
    "rfc9111-4.2.1-no-lifetime": (a_response(lifetime_seconds=0), CURRENT, 0, STALE),
    "rfc9111-4.2.3-clock-set-back": (OBJECT, CURRENT, -3600, Use()),
    "rfc9111-4.4-cleared": (OBJECT, GONE, 0, MISS),
    "rfc9111-4.4-cleared-and-stale": (LENIENT, GONE, 61, MISS),
    "rfc9111-4-missing-is-used-too": (MISSING, CURRENT, 0, Use()),
    "rfc9111-4.2-missing-and-stale": (MISSING, CURRENT, 60, STALE),
    "rfc9111-4.2-missing-has-no-fallback": (
        a_response(kind=Kind.MISSING, stale_if_error_seconds=9),
        CURRENT,
        60,
        STALE,
    ),
    "rfc9111-3-unstorable-is-asked-for-by-each": (UNSTORABLE, CURRENT, 0, Pass()),
    "rfc9111-3-unstorable-may-have-become-storable": (UNSTORABLE, CURRENT, 60, STALE),
    "rfc5861-3-first-moment": (LENIENT, CURRENT, 60, Use(is_stale=True)),
    "rfc5861-3-last-moment": (LENIENT, CURRENT, 89.999, Use(is_stale=True)),
    "rfc5861-3-over": (LENIENT, CURRENT, 90, STALE_WITH_FALLBACK),
    "rfc5861-4-last-moment": (LENIENT, CURRENT, 659.999, STALE_WITH_FALLBACK),
    "rfc5861-4-over": (LENIENT, CURRENT, 660, STALE),
    "rfc5861-4-sliced": (SLICED, CURRENT, 60, STALE_WITH_FALLBACK),
    "soft-purge-fresh-serves-while-it-is-revalidated": (LENIENT, SOFT, 0, Use(is_stale=True)),
    "soft-purge-without-leniency": (OBJECT, SOFT, 0, STALE),
    "soft-purge-late": (LENIENT, SOFT, 90, STALE_WITH_FALLBACK),
    "soft-purge-missing": (MISSING, SOFT, 0, STALE),
    "restart-fresh-is-revalidated-first": (LENIENT, EARLIER, 0, STALE_WITH_FALLBACK),
    "restart-without-leniency": (OBJECT, EARLIER, 0, STALE),
    "restart-late": (LENIENT, EARLIER, 660, STALE),
}

# Request directives, seconds since it was received → decision on what is fresh for 60 seconds, and 30 and 600 more.
ASKED: dict[str, tuple[str, float, Decision]] = {
    "rfc9111-5.2.1-nothing": ("", 0, Use()),
    "rfc9111-5.2.1.1-max-age-met": ("max-age=10", 10, Use()),
    "rfc9111-5.2.1.1-max-age-exceeded": ("max-age=10", 10.5, REQUEST_WITH_FALLBACK),
    "rfc9111-5.2.1.1-max-age-zero-just-received": ("max-age=0", 0, Use()),
    "rfc9111-5.2.1.1-max-age-zero": ("max-age=0", 1, REQUEST_WITH_FALLBACK),
    "rfc9111-5.2.1.1-max-age-makes-nothing-fresh": ("max-age=1000", 90, STALE_WITH_FALLBACK),
    "rfc9111-5.2.1.3-min-fresh-met": ("min-fresh=20", 40, Use()),
    "rfc9111-5.2.1.3-min-fresh-missed": ("min-fresh=20", 40.5, REQUEST_WITH_FALLBACK),
    "rfc9111-5.2.1.4-no-cache": ("no-cache", 0, REQUEST_WITH_FALLBACK),
    "rfc9111-5.2.1.4-no-cache-stale": ("no-cache", 90, STALE_WITH_FALLBACK),
    "rfc9111-5.2.1.5-no-store": ("no-store", 0, Pass()),
    "rfc9111-5.2.1.5-no-store-stale": ("no-store", 90, Pass()),
    "rfc9111-5.2.1.7-only-if-cached-does-not-age": ("only-if-cached", 0, Use()),
    "rfc9111-5.2.1.7-only-if-cached-stale": ("only-if-cached", 90, STALE_WITH_FALLBACK),
    "rfc9111-5.2.3-unknown": ("x-colour=red", 0, Use()),
}

# Stored response, standing, seconds, whether all of it is wanted → whether a fill need not ask.
FILLS = {
    "fresh": (OBJECT, CURRENT, 59, True, True),
    "stale": (LENIENT, CURRENT, 60, True, False),
    "softly-purged": (LENIENT, SOFT, 0, True, False),
    "of-an-earlier-run": (LENIENT, EARLIER, 0, True, False),
    "missing": (MISSING, CURRENT, 0, True, True),
    "sliced-for-a-part": (SLICED, CURRENT, 0, False, True),
    "sliced-for-all": (SLICED, CURRENT, 0, True, False),
}

_instants = st.floats(0, 2**33)
_standings = st.sampled_from(Standing)


@pytest.mark.parametrize(("stored", "standing", "seconds", "expected"), DECISIONS.values(), ids=DECISIONS)
def test_decide(stored: StoredResponse | None, standing: Standing, seconds: float, expected: Decision) -> None:
    """A stored response is used by its standing and age."""
    assert decide(stored, standing, now=NOW + seconds) == expected


@pytest.mark.parametrize(("cache_control", "seconds", "expected"), ASKED.values(), ids=ASKED)
def test_decide_as_asked(cache_control: str, seconds: float, expected: Decision) -> None:
    """What the request says of freshness is kept to."""
    asked = CacheControl.parse(cache_control)
    assert decide(LENIENT, Standing.CURRENT, now=NOW + seconds, asked=asked) == expected


@pytest.mark.parametrize(("kind", "expected"), [(Kind.MISSING, REQUEST), (Kind.UNSTORABLE, REQUEST)])
def test_what_has_no_body_is_asked_about_again(kind: Kind, expected: Decision) -> None:
    """A request for something younger is not answered with an old 404, nor passed without being stored."""
    asked = CacheControl.parse("no-cache")
    assert decide(a_response(kind=kind), Standing.CURRENT, now=NOW, asked=asked) == expected


@pytest.mark.parametrize(("stored", "standing", "seconds", "wants_whole", "expected"), FILLS.values(), ids=FILLS)
def test_may_fill(
    stored: StoredResponse, standing: Standing, seconds: float, wants_whole: bool, expected: bool
) -> None:
    """A fill that finds what is fresh, and enough of it, leaves the bucket alone."""
    assert may_fill(stored, standing, now=NOW + seconds, wants_whole=wants_whole) is expected


@given(stored_responses, _standings, _instants, _instants)
def test_nothing_gets_better_with_time(stored: StoredResponse, standing: Standing, now: float, seconds: float) -> None:
    """What may not be used for its age may not be used later, and a fallback that is lost stays lost."""
    first, later = (decide(stored, standing, now=instant) for instant in (now, now + seconds))
    assert _worth(later) <= _worth(first)


def _worth(decision: Decision) -> int:
    """How much of it may be used; an answer that has to pass counts as fresh knowledge."""
    match decision:
        case Use(is_stale=False) | Pass():
            return 3
        case Use():
            return 2
        case Forward():
            return int(decision.has_fallback)


@given(stored_responses, _instants, st.sampled_from(["", "max-age=1", "no-cache", "min-fresh=9"]))
def test_what_is_gone_is_never_used(stored: StoredResponse, now: float, asked: str) -> None:
    """However fresh it is, and whatever is asked; not as a fallback either."""
    assert decide(stored, Standing.GONE, now=now, asked=CacheControl.parse(asked)) == MISS


@given(stored_responses, _instants)
def test_what_an_earlier_run_stored_is_never_used_unasked(stored: StoredResponse, now: float) -> None:
    """It may only serve as a fallback (the journal of purges did not outlive that run)."""
    assert not isinstance(decide(stored, Standing.EARLIER_RUN, now=now), Use)
