"""Age and remaining freshness of a stored response: RFC 9111 4.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response, stored_responses

from sidecar.cache.stored import StoredResponse

NOW = 1_780_000_000.0

AGES = {
    "rfc9111-4.2.3-just-received": (0.0, NOW, 0, 60),
    "rfc9111-4.2.3-resident-time": (0.0, NOW + 10, 10, 50),
    "rfc9111-4.2.3-corrected-initial-age": (5.0, NOW + 10, 15, 45),
    "rfc9111-4.2.3-clock-set-back": (5.0, NOW - 10, 5, 55),
    "rfc9111-4.2-stale": (0.0, NOW + 61, 61, -1),
}

_instants = st.floats(0, 2**33)


@pytest.mark.parametrize(("initial_age", "now", "age", "ttl"), AGES.values(), ids=AGES)
def test_age_and_ttl(initial_age: float, now: float, age: float, ttl: float) -> None:
    """Both move with the clock, in opposite directions."""
    stored = a_response(initial_age_seconds=initial_age)
    assert (stored.age_at(now), stored.ttl_at(now)) == (age, ttl)


@given(stored_responses, _instants, _instants)
def test_nothing_grows_younger(stored: StoredResponse, now: float, seconds: float) -> None:
    """Age is not negative and does not shrink as time passes."""
    assert 0 <= stored.age_at(now) <= stored.age_at(now + seconds)


def test_headers_are_found_by_name() -> None:
    """The first of a name counts; an absent one is None."""
    stored = a_response(headers=(("a", "1"), ("b", "2"), ("a", "3")))
    assert [stored.header(name) for name in ("a", "b", "c")] == ["1", "2", None]
