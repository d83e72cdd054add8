"""Answers of the management endpoints, as docs/reference/ops-endpoints.md has them."""

import copy
from typing import Any

STATS: dict[str, Any] = {
    "version": "0.1.0",
    "now": 1_790_000_000.0,
    "started_at": 1_789_990_000.0,
    "requests": {
        "total": 1200,
        "in_flight": 3,
        "aborted": 1,
        "by_outcome": {"hit": 1100, "miss": 80, "none": 20},
        "by_code": {"200": 1150, "404": 50},
        "by_method": {"GET": 1200},
    },
    "bytes": {"total": 9_000_000, "by_outcome": {"hit": 8_000_000, "miss": 1_000_000, "none": 0}},
    "hit_ratio": 0.932,
    "duration": {"count": 1200, "sum_seconds": 1.5, "buckets": [[0.0001, 900], [0.001, 1100], [None, 1200]]},
    "cache": {
        "bytes": 4096,
        "limit_bytes": 1_073_741_824,
        "entries": 12,
        "limit_entries": 100_000,
        "disk_free_bytes": 99_999_999,
        "min_free_bytes": 67_108_864,
    },
    "evictions": 0,
    "purges": {"clear": 0, "key": 1, "prefix": 0, "tag": 0},
    "fills": {"in_flight": 0, "waiting": 0, "errors": 0},
    "origin": {
        "requests": 90,
        "errors": 0,
        "retries": 0,
        "received_bytes": 1_000_000,
        "saved_requests": 1100,
        "saved_bytes": 8_000_000,
        "circuits": {"closed": 2, "open": 0, "half-open": 0},
    },
    "workers": [
        {"worker": 1, "pid": 4711, "is_up": True, "requests": 600, "bytes": 4_500_000, "in_flight": 1, "restarts": 0,
         "loop_lag_seconds": 0.0002},
        {"worker": 2, "pid": 4712, "is_up": True, "requests": 600, "bytes": 4_500_000, "in_flight": 2, "restarts": 1,
         "loop_lag_seconds": None},
    ],
}  # fmt: skip

ENTRY: dict[str, Any] = {
    "path": "/docs/",
    "site": {"path": "/docs", "bucket": "my-docs", "prefix": "v2/"},
    "object_key": "v2/index.html",
    "digest": "9f86d0",
    "is_in_memory": True,
    "is_on_disk": True,
    "standing": "current",
    "stored": {
        "kind": "object",
        "content_length": 5120,
        "etag": '"abc"',
        "last_modified": 1_789_000_000,
        "headers": {"content-type": "text/html"},
        "tags": ["docs"],
        "received_at": 1_789_999_990.0,
        "age_seconds": 10.5,
        "lifetime_seconds": 300.0,
        "ttl_seconds": 289.5,
        "is_fresh": True,
        "stale_while_revalidate_seconds": 30.0,
        "stale_if_error_seconds": 86_400.0,
    },
    "decision": {
        "action": "use",
        "reason": None,
        "is_stale": False,
        "has_fallback": False,
        "words": "a hit: it is fresh for another 289 s",
    },
}

NOTHING_STORED = ENTRY | {
    "is_in_memory": False,
    "is_on_disk": False,
    "standing": None,
    "stored": None,
    "decision": {"action": "forward", "reason": "uri-miss", "words": "a miss: nothing is stored"},
}

CONFIG: dict[str, Any] = {
    "version": "0.1.0",
    "settings": {
        "bucket": "my-site",
        "secret": "****",
        "ttl": 300,
        "console": True,
        "tls_cert": None,
        "compress": ["br"],
    },
    "mounts": [{"path": "/docs", "bucket": "my-docs"}],
}


def later(seconds: float, *, hits: int = 0, misses: int = 0, sent_bytes: int = 0) -> dict[str, Any]:
    """The stats after so many more requests, all answered by the first worker within 0.1 ms."""
    stats = copy.deepcopy(STATS)
    stats["now"] += seconds
    stats["requests"]["total"] += hits + misses
    stats["requests"]["by_outcome"]["hit"] += hits
    stats["requests"]["by_outcome"]["miss"] += misses
    stats["bytes"]["total"] += sent_bytes
    stats["origin"]["requests"] += misses
    stats["workers"][0]["requests"] += hits + misses
    stats["duration"]["buckets"] = [[bound, count + hits + misses] for bound, count in stats["duration"]["buckets"]]
    return stats
