"""What the garbage collector costs."""

import gc

from ops.metrics.numbers import Counts, Part, place_of, shared_numbers
from ops.metrics.pauses import Pauses


def runs(counts: Counts, generation: int) -> int:
    """How many runs were counted."""
    place = place_of("gc_pause_seconds", str(generation))
    return sum(counts.numbers[place + 1 : place + 6])


def test_each_run_is_counted_with_its_time() -> None:
    """By generation, from the beginning to the end."""
    counts = Counts(Part(shared_numbers(1), 1))
    pauses = Pauses(counts)
    gc.disable()  # no run but those of the test
    try:
        gc.collect()
        pauses.begin()
        for generation, times in ((0, 3), (2, 2)):
            for _ in range(times):
                gc.collect(generation)
        pauses.end()
        pauses.end()
        gc.collect()
    finally:
        gc.enable()
    assert runs(counts, 0) == 3
    assert runs(counts, 2) == 2
    assert counts.numbers[place_of("gc_pause_seconds", "2")] > 0
