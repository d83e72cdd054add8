"""The circuit breaker: when the bucket is left alone, and when it is tried again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.origin.circuit import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Circuit,
    CircuitState,
)


def failed(times: int, now: float = 0.0) -> Circuit:
    """A circuit after so many failures in a row."""
    circuit = Circuit()
    for _ in range(times):
        assert circuit.admit(now)
        circuit.failed(now)
    return circuit


def test_it_begins_closed() -> None:
    """Requests pass."""
    circuit = Circuit()
    assert (circuit.state(0), circuit.admit(0), circuit.seconds_until_probe(0)) == (CircuitState.CLOSED, True, 0)


@pytest.mark.parametrize("failures", range(1, FAILURES_TO_OPEN))
def test_a_few_failures_do_not_open_it(failures: int) -> None:
    """A bucket may hiccup."""
    assert failed(failures).state(0) is CircuitState.CLOSED


def test_failures_in_a_row_open_it() -> None:
    """No request goes to the bucket until the pause is over."""
    circuit = failed(FAILURES_TO_OPEN)
    assert circuit.state(FIRST_PAUSE_SECONDS - 0.001) is CircuitState.OPEN
    assert not circuit.admit(FIRST_PAUSE_SECONDS - 0.001)
    assert circuit.seconds_until_probe(0.25) == FIRST_PAUSE_SECONDS - 0.25


def test_an_answer_in_between_counts_anew() -> None:
    """Be it a refusal."""
    circuit = failed(FAILURES_TO_OPEN - 1)
    circuit.succeeded()
    circuit.failed(0)
    assert circuit.state(0) is CircuitState.CLOSED


def test_one_request_probes() -> None:
    """The others wait for what it finds."""
    circuit = failed(FAILURES_TO_OPEN)
    assert circuit.state(FIRST_PAUSE_SECONDS) is CircuitState.HALF_OPEN
    assert [circuit.admit(FIRST_PAUSE_SECONDS) for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    """And the next pause is a short one again."""
    circuit = failed(FAILURES_TO_OPEN)
    assert circuit.admit(FIRST_PAUSE_SECONDS)
    circuit.succeeded()
    assert circuit.state(FIRST_PAUSE_SECONDS) is CircuitState.CLOSED
    assert circuit.pause_seconds == 0


def test_a_probe_that_was_given_up_makes_way_for_another() -> None:
    """A client that left has found out nothing."""
    circuit = failed(FAILURES_TO_OPEN)
    assert circuit.admit(FIRST_PAUSE_SECONDS)
    circuit.abandoned()
    assert circuit.admit(FIRST_PAUSE_SECONDS)


def test_pauses_grow_to_a_bound() -> None:
    """Each is twice the one before it, and the last ones are all the longest."""
    circuit, now, pauses = failed(FAILURES_TO_OPEN), 0.0, []
    for _ in range(10):
        pauses.append(circuit.pause_seconds)
        now = circuit.retry_at
        assert circuit.admit(now)
        circuit.failed(now)
    assert pauses[0] == FIRST_PAUSE_SECONDS
    assert all(later == min(2 * earlier, LONGEST_PAUSE_SECONDS) for earlier, later in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_requests_that_were_out_when_it_opened_do_not_prolong_the_pause() -> None:
    """They belong to the same outage."""
    circuit = failed(FAILURES_TO_OPEN)
    for _ in range(100):
        circuit.failed(0.5)
    assert (circuit.pause_seconds, circuit.retry_at) == (FIRST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS)


@given(st.lists(st.tuples(st.sampled_from(["succeeded", "failed", "abandoned"]), st.floats(0, 40)), max_size=60))
def test_a_bucket_that_is_back_is_found(history: list[tuple[str, float]]) -> None:
    """Whatever happened, a request is admitted once the longest pause has passed."""
    circuit, now = Circuit(), 0.0
    for outcome, seconds in history:
        now += seconds
        if circuit.admit(now):
            {"succeeded": circuit.succeeded, "abandoned": circuit.abandoned}.get(outcome, lambda: None)()
            if outcome == "failed":
                circuit.failed(now)
    assert circuit.admit(now + LONGEST_PAUSE_SECONDS)
