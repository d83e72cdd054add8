"""What happened at servers between two looks at their counters. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ops.cli.latency import Buckets, quantile_of_buckets, since, summed

SHARES = (0.5, 0.9, 0.99)
_WITHOUT_THE_BUCKET = ("hit", "stale", "collapsed")
_NOT_ASKED = "none"

Stats = Mapping[str, Any]
"""The answer of `cache/stats`."""


@dataclass(frozen=True, slots=True)
class WorkerTraffic:
    """One worker; requests and bytes a second."""

    worker: int
    pid: int | None
    is_up: bool
    requests: float
    sent_bytes: float
    in_flight: int
    restarts: int
    loop_lag_seconds: float | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """One server, or several together; requests, bytes and outcomes a second."""

    requests: float = 0.0
    sent_bytes: float = 0.0
    in_flight: int = 0
    origin_requests: float = 0.0
    outcomes: Mapping[str, float] = field(default_factory=dict)
    buckets: Buckets = ()
    cache_bytes: int = 0
    cache_limit_bytes: int = 0
    workers: tuple[WorkerTraffic, ...] = ()

    @property
    def hit_ratio(self) -> float | None:
        """The share answered without the bucket among requests that asked the cache; None without any."""
        asked = sum(rate for outcome, rate in self.outcomes.items() if outcome != _NOT_ASKED)
        return sum(self.outcomes.get(outcome, 0) for outcome in _WITHOUT_THE_BUCKET) / asked if asked else None

    @property
    def latencies(self) -> tuple[float | None, ...]:
        """The spans that each of `SHARES` of the requests stay within, in seconds."""
        return tuple(quantile_of_buckets(self.buckets, share) for share in SHARES)

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "requests_per_second": self.requests,
            "bytes_per_second": self.sent_bytes,
            "hit_ratio": self.hit_ratio,
            "in_flight": self.in_flight,
            "origin_requests_per_second": self.origin_requests,
            "outcomes_per_second": dict(self.outcomes),
            "latency_seconds": {f"p{share * 100:g}": span for share, span in zip(SHARES, self.latencies, strict=True)},
            "cache": {"bytes": self.cache_bytes, "limit_bytes": self.cache_limit_bytes},
            "workers": [
                {"worker": worker.worker, "requests_per_second": worker.requests, "bytes_per_second": worker.sent_bytes}
                for worker in self.workers
            ],
        }


def traffic_between(before: Stats, now: Stats) -> Traffic:
    """What happened at one server from one look to the next; after a restart, since then."""
    is_restarted = now["started_at"] != before["started_at"]
    seconds = max(now["now"] - (now["started_at"] if is_restarted else before["now"]), 1e-3)
    base: Stats = {} if is_restarted else before
    return Traffic(
        requests=_rate(now, base, seconds, "requests", "total"),
        sent_bytes=_rate(now, base, seconds, "bytes", "total"),
        in_flight=now["requests"]["in_flight"],
        origin_requests=_rate(now, base, seconds, "origin", "requests"),
        outcomes=_outcomes(now, base, seconds),
        buckets=since(_buckets(now), _buckets(base)),
        cache_bytes=now["cache"]["bytes"],
        cache_limit_bytes=now["cache"]["limit_bytes"] or 0,
        workers=_workers(now, base, seconds),
    )


def _rate(now: Stats, base: Stats, seconds: float, group: str, name: str) -> float:
    return _growth(now[group][name], base.get(group, {}).get(name, 0)) / seconds


def _growth(now: float, before: float) -> float:
    return max(0.0, now - before)


def _outcomes(now: Stats, base: Stats, seconds: float) -> dict[str, float]:
    before = base.get("requests", {}).get("by_outcome", {})
    counted = now["requests"]["by_outcome"]
    return {outcome: _growth(count, before.get(outcome, 0)) / seconds for outcome, count in counted.items()}


def _buckets(stats: Stats) -> list[tuple[float | None, float]]:
    return [(bound, count) for bound, count in stats.get("duration", {}).get("buckets", ())]


def _workers(now: Stats, base: Stats, seconds: float) -> tuple[WorkerTraffic, ...]:
    before = {worker["worker"]: worker for worker in base.get("workers", ())}
    return tuple(_worker(worker, before.get(worker["worker"], {}), seconds) for worker in now.get("workers", ()))


def _worker(now: Stats, before: Stats, seconds: float) -> WorkerTraffic:
    return WorkerTraffic(
        worker=now["worker"],
        pid=now.get("pid"),
        is_up=now["is_up"],
        requests=_growth(now["requests"], before.get("requests", 0)) / seconds,
        sent_bytes=_growth(now["bytes"], before.get("bytes", 0)) / seconds,
        in_flight=now["in_flight"],
        restarts=now["restarts"],
        loop_lag_seconds=now.get("loop_lag_seconds"),
    )


def together(several: Sequence[Traffic]) -> Traffic:
    """The traffic of all of them; workers are left out."""
    names = dict.fromkeys(outcome for traffic in several for outcome in traffic.outcomes)
    return Traffic(
        requests=sum(traffic.requests for traffic in several),
        sent_bytes=sum(traffic.sent_bytes for traffic in several),
        in_flight=sum(traffic.in_flight for traffic in several),
        origin_requests=sum(traffic.origin_requests for traffic in several),
        outcomes={name: sum(traffic.outcomes.get(name, 0.0) for traffic in several) for name in names},
        buckets=summed([traffic.buckets for traffic in several]),
        cache_bytes=sum(traffic.cache_bytes for traffic in several),
        cache_limit_bytes=sum(traffic.cache_limit_bytes for traffic in several),
    )
