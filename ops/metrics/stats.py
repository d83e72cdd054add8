"""The numbers that `s3ops` shows: what `cache/stats` answers."""

import itertools
from typing import Any

from ops.metrics.catalogue import METRICS, SAVING
from ops.metrics.numbers import place_of
from ops.metrics.overview import Overview, Worker
from sidecar.observe import UNASKED

Document = dict[str, Any]


def stats_of(overview: Overview, now: float) -> Document:
    """All workers together, since the server's start."""
    by_outcome = overview.by_label("requests_total", "outcome")
    return {
        "version": overview.server.version,
        "now": now,
        "started_at": overview.server.started_at,
        "requests": {
            "total": sum(by_outcome.values()),
            "in_flight": overview.total("requests_in_flight"),
            "aborted": overview.total("client_aborts_total"),
            "by_outcome": by_outcome,
            "by_code": _happened(overview.by_label("requests_total", "code")),
            "by_method": _happened(overview.by_label("requests_total", "method")),
        },
        "bytes": {
            "total": overview.total("response_bytes_total"),
            "by_outcome": overview.by_label("response_bytes_total", "outcome"),
        },
        "hit_ratio": hit_ratio(by_outcome),
        "duration": _duration(overview),
        "cache": _cache(overview),
        "evictions": overview.total("cache_evictions_total"),
        "purges": overview.by_label("cache_purges_total", "scope"),
        "fills": {
            "in_flight": overview.total("fills_in_flight"),
            "waiting": overview.total("fill_waiters"),
            "errors": overview.total("fill_errors_total"),
        },
        "origin": _origin(overview),
        "workers": [_worker(worker) for worker in overview.workers],
    }


def hit_ratio(by_outcome: dict[str, int]) -> float | None:
    """The share of what the bucket was not asked for, in what the cache was; None for nothing."""
    asked = sum(count for outcome, count in by_outcome.items() if outcome != UNASKED)
    return sum(by_outcome[outcome] for outcome in SAVING) / asked if asked else None


def _happened(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _duration(overview: Overview) -> Document:
    metric = METRICS["request_duration_seconds"]
    children = [numbers for _, numbers in overview.values(metric)]
    total, *counts = (sum(column) for column in zip(*children, strict=True))
    cumulative = list(itertools.accumulate(counts))
    bounds = (*metric.buckets, None)
    return {
        "count": cumulative[-1],
        "sum_seconds": total / metric.scale,
        "buckets": [list(pair) for pair in zip(bounds, cumulative, strict=True)],
    }


def _cache(overview: Overview) -> Document:
    held = overview.server.holdings()
    return {
        "bytes": held.used_bytes,
        "limit_bytes": held.limit_bytes,
        "entries": held.entries,
        "limit_entries": held.limit_entries,
        "disk_free_bytes": held.free_bytes,
        "min_free_bytes": held.min_free_bytes,
    }


def _origin(overview: Overview) -> Document:
    requests = overview.total("origin_requests_total")
    codes = overview.by_label("origin_requests_total", "code")
    worked_out = overview.worked_out()
    return {
        "requests": requests,
        "errors": sum(count for code, count in codes.items() if not code.startswith(("2", "3", "404", "412", "416"))),
        "retries": overview.total("origin_retries_total"),
        "received_bytes": overview.total("origin_received_bytes_total"),
        "saved_requests": worked_out["saved_s3_requests_total"][()],
        "saved_bytes": worked_out["saved_s3_bytes_total"][()],
        "circuits": overview.by_label("origin_circuits", "state"),
    }


def _worker(worker: Worker) -> Document:
    lag = METRICS["event_loop_lag_seconds"]
    return {
        "worker": worker.number,
        "pid": worker.pid,
        "is_up": worker.is_up,
        "requests": _sum(worker, "requests_total"),
        "bytes": _sum(worker, "response_bytes_total"),
        "in_flight": _sum(worker, "requests_in_flight"),
        "restarts": max(0, worker.starts - 1),
        "loop_lag_seconds": worker.numbers[place_of(lag.name)] / lag.scale,
    }


def _sum(worker: Worker, name: str) -> int:
    metric = METRICS[name]
    start = place_of(name, *metric.children[0])
    return sum(worker.numbers[start : start + metric.width * len(metric.children)])
