"""Instants that never go back."""

from hypothesis import given
from hypothesis import strategies as st

from ops.sinks.timeline import SPACING_NS, Timeline

HOUR_NS = 3_600_000_000_000


def test_an_instant_stays_as_it_is() -> None:
    """Time that goes on is not touched."""
    timeline = Timeline()
    instants = [HOUR_NS + number * SPACING_NS for number in range(100)]
    assert [timeline.place(instant) for instant in instants] == instants


def test_a_clock_that_was_set_back() -> None:
    """What seems older is moved to just behind the newest."""
    timeline = Timeline()
    newest = timeline.place(2 * HOUR_NS)
    assert timeline.place(HOUR_NS) == newest + SPACING_NS
    assert timeline.place(2 * HOUR_NS) == newest + 2 * SPACING_NS
    assert timeline.place(3 * HOUR_NS) == 3 * HOUR_NS


@given(st.lists(st.integers(-HOUR_NS, HOUR_NS)))
def test_every_instant_is_later_than_the_one_before(instants: list[int]) -> None:
    """By enough for a point that is sent again, and none is moved back."""
    timeline, newest = Timeline(), 0
    for instant in instants:
        placed = timeline.place(instant)
        assert placed >= max(instant, newest + SPACING_NS)
        newest = placed
