"""What happened at servers between two looks at their counters."""

import copy

import pytest
from unit.ops.cli.answers import STATS, later

from ops.cli.traffic import Traffic, together, traffic_between


def test_rates() -> None:
    """Counters' growth over the server's own time, not ours."""
    traffic = traffic_between(STATS, later(2.0, hits=180, misses=20, sent_bytes=4000))
    assert (traffic.requests, traffic.sent_bytes, traffic.origin_requests) == (100, 2000, 10)
    assert traffic.outcomes == {"hit": 90, "miss": 10, "none": 0}
    assert traffic.hit_ratio == pytest.approx(0.9)
    assert traffic.latencies == pytest.approx((0.00005, 0.00009, 0.000099))
    assert [worker.requests for worker in traffic.workers] == [100, 0]


def test_nothing_happened() -> None:
    """No requests: no ratio and no latency, and nothing is divided by zero."""
    traffic = traffic_between(STATS, STATS)
    assert (traffic.requests, traffic.hit_ratio, traffic.latencies) == (0, None, (None, None, None))


def test_what_the_cache_was_not_asked_for() -> None:
    """It counts neither for nor against the hit ratio."""
    assert Traffic(outcomes={"hit": 1.0, "none": 3.0}).hit_ratio == 1


def test_a_restart() -> None:
    """A server that has started anew counts from its start."""
    restarted = copy.deepcopy(STATS)
    restarted["started_at"] = restarted["now"] - 10
    traffic = traffic_between(later(0, hits=100_000), restarted)
    assert traffic.requests == 120
    assert traffic.workers[0].requests == 60


def test_together() -> None:
    """Several servers: sums, and a ratio of the sums."""
    one = Traffic(requests=10, outcomes={"hit": 10.0}, buckets=[(0.1, 10), (None, 10)], in_flight=1)
    other = Traffic(requests=30, outcomes={"miss": 30.0}, buckets=[(0.1, 0), (None, 30)], in_flight=2)
    whole = together([one, other])
    assert (whole.requests, whole.in_flight, whole.hit_ratio) == (40, 3, 0.25)
    assert whole.buckets == [(0.1, 10), (None, 40)]
    assert together([]) == Traffic(buckets=[])
