"""What processes count in shared memory, and what it comes to."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from unit.ops.board import NO_PROCESS, Board

from ops.metrics.catalogue import METRICS
from ops.metrics.exposition import Exposition
from ops.metrics.metric import Kind
from ops.metrics.numbers import Counts, Part
from ops.metrics.observer import Metrics
from ops.metrics.stats import hit_ratio, stats_of
from sidecar.observe import OUTCOMES, UNASKED, RequestRecord

NOBODY = "127.0.0.1"


def record(
    outcome: str = "hit", status: int = 200, body_bytes: int = 10, duration_ns: int = 2_000_000
) -> RequestRecord:
    """One answered request."""
    return RequestRecord("GET", "/a", status, body_bytes, NOBODY, None, outcome, 0, duration_ns, duration_ns)


def sample(board: Board, name: str, **labels: str) -> float | None:
    """What a scrape says of one series."""
    text = Exposition(board.overview).write()[0].decode()
    families = list(text_string_to_metric_families(text))
    found = [s.value for family in families for s in family.samples if s.name == name and s.labels == labels]
    return found[0] if found else None


def test_workers_are_added_up() -> None:
    """A counter is the sum of what each worker has counted and published."""
    board = Board()
    for number, count in ((1, 3), (2, 4)):
        counts = board.begin(number)
        metrics = Metrics(counts)
        for _ in range(count):
            metrics.request_answered(record())
        counts.publish()
    labels = {"method": "GET", "code": "200", "outcome": "hit"}
    assert sample(board, "s3_sidecar_requests_total", **labels) == 7
    assert sample(board, "s3_sidecar_response_bytes_total", outcome="hit") == 70


def test_outcomes_add_up_to_requests() -> None:
    """Whatever happens to requests: those by outcome are all, and each is in a histogram once."""
    board = Board(1)
    counts = board.begin(1)
    metrics = Metrics(counts)
    for number, outcome in enumerate((*OUTCOMES, UNASKED)):
        for status in (200, 404, 0, 777):
            metrics.request_answered(record(outcome, status, duration_ns=10**number))
    counts.publish()
    overview = board.overview()
    total = 4 * (len(OUTCOMES) + 1)
    stats = stats_of(overview, 0.0)
    assert overview.total("requests_total") == stats["requests"]["total"] == total
    assert sum(stats["requests"]["by_outcome"].values()) == total
    assert stats["requests"]["by_code"] == {"200": 9, "404": 9, "499": 9, "other": 9}
    assert stats["duration"]["count"] == total


def test_a_counter_never_goes_backwards() -> None:
    """A worker that begins in the place of one that is gone counts on; what it held is nobody's."""
    board = Board(1)
    counts = board.begin(1)
    counts.add("cache_purges_total", "key", by=5)
    counts.set("fills_in_flight", to=3)
    counts.publish()
    again = board.begin(1)
    again.add("cache_purges_total", "key")
    again.publish()
    assert sample(board, "s3_sidecar_cache_purges_total", scope="key") == 6
    assert sample(board, "s3_sidecar_fills_in_flight") == 0
    assert sample(board, "s3_sidecar_worker_restarts_total") == 1


def test_gauges_of_a_worker_that_is_gone_do_not_count() -> None:
    """What it counted stays, what it held does not."""
    board = Board()
    for number, pid in ((1, None), (2, NO_PROCESS)):
        counts = board.begin(number, pid)
        counts.set("fills_in_flight", to=2)
        counts.add("cache_purges_total", "key")
        counts.publish()
    assert sample(board, "s3_sidecar_fills_in_flight") == 2
    assert sample(board, "s3_sidecar_cache_purges_total", scope="key") == 2
    assert sample(board, "s3_sidecar_workers", state="up") == 1


def test_histograms() -> None:
    """A value counts in the bucket whose bound it does not exceed, and in all above."""
    board = Board(1)
    counts = board.begin(1)
    for seconds in (0.005, 0.006, 99.0):
        counts.observe("origin_request_duration_seconds", "GetObject", value=seconds)
    counts.publish()
    name = "s3_sidecar_origin_request_duration_seconds"
    found = {
        le: sample(board, f"{name}_bucket", operation="GetObject", le=le) for le in ("0.005", "0.01", "30.0", "+Inf")
    }
    assert found == {"0.005": 1, "0.01": 2, "30.0": 2, "+Inf": 3}
    assert sample(board, f"{name}_sum", operation="GetObject") == pytest.approx(99.011)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.kind is Kind.HISTOGRAM])
def test_bounds_of_requests_and_counts_agree(name: str) -> None:
    """A request on the very bound of a bucket is in it, as the text format has it."""
    bound_ns = round(METRICS["request_duration_seconds"].buckets[2] * 1e9)
    board = Board(1)
    counts = board.begin(1)
    Metrics(counts).request_answered(record(duration_ns=bound_ns))
    counts.publish()
    assert sample(board, "s3_sidecar_request_duration_seconds_bucket", outcome="hit", le="0.001") == 1
    assert sample(board, "s3_sidecar_request_duration_seconds_bucket", outcome="hit", le="0.0005") == 0
    assert METRICS[name].buckets == tuple(sorted(METRICS[name].buckets))


def test_the_soonest_expiry_counts() -> None:
    """Of several workers' credentials those that run out first; nothing is told where none do."""
    board = Board()
    assert sample(board, "s3_sidecar_credentials_expiry_timestamp_seconds") is None
    for number, expiry in ((1, 2000.5), (2, 1000.5)):
        counts = board.begin(number)
        counts.set("credentials_expiry_timestamp_seconds", to=expiry)
        counts.publish()
    assert sample(board, "s3_sidecar_credentials_expiry_timestamp_seconds") == 1000.5


def test_saved() -> None:
    """Hits, stale and collapsed answers cost the bucket no request; a 304 of it costs no bytes either."""
    board = Board(1)
    counts = board.begin(1)
    metrics = Metrics(counts)
    for outcome in ("hit", "stale", "collapsed", "revalidated", "miss"):
        metrics.request_answered(record(outcome))
    counts.publish()
    assert sample(board, "s3_sidecar_saved_s3_requests_total") == 3
    assert sample(board, "s3_sidecar_saved_s3_bytes_total") == 40


@pytest.mark.parametrize(
    ("counts", "ratio"),
    [({}, None), ({"none": 5}, None), ({"hit": 2, "stale": 1, "collapsed": 1, "miss": 4, "none": 9}, 0.5)],
)
def test_hit_ratio(counts: dict[str, int], ratio: float | None) -> None:
    """What the cache was not asked for counts neither way."""
    assert hit_ratio(dict.fromkeys((*OUTCOMES, UNASKED), 0) | counts) == ratio


def test_strange_labels() -> None:
    """What has no value of its own counts as other where there is one, and is an error where there is none."""
    counts = Counts(Part(Board(1).memory, 1))
    counts.add("requests_total", "BREW", "200", "hit")
    with pytest.raises(ValueError, match="has no"):
        counts.add("requests_total", "GET", "200", "strange")
