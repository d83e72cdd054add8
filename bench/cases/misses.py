"""Answers that must come from the bucket."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from bench import ROOT
from bench.case import Case
from bench.counts import Counts
from bench.cpus import started_on
from bench.load.connections import exchange
from bench.load.requests import Fields, distinct_requests
from bench.metric import CPU, OVER_SINGLE_MISS, P99, PER_CPU_SECOND, RATE, S3_CALLS, SINGLE_MISS, Metric
from bench.outcome import Outcome
from bench.servers import OURS, Server
from bench.site import Object, small_objects
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident, timed

GET_OBJECT = "get_object"
"""The peer of misses: a loop over aiobotocore's get_object that does nothing with what it reads."""

_CONNECTIONS = 32
_WARM = small_objects("warm", 50)
_SINGLES = 9
_NO_FIELDS: Fields = ()


def get_all(server: Server, items: tuple[Object, ...]) -> list[bytes]:
    """One request for each object."""
    host = f"127.0.0.1:{server.port}"
    return [next(distinct_requests(item.path, host=host, count=1)) for item in items]


@dataclass
class ColdKeys(Case):
    """So many different objects that nobody has asked for before, each once."""

    name: str
    about: str
    targets: tuple[Target, ...]
    peers: tuple[str, ...] = (GET_OBJECT,)
    metrics: tuple[Metric, ...] = field(default=(PER_CPU_SECOND, RATE, S3_CALLS))
    alone: tuple[Metric, ...] = (RATE,)
    asks_the_origin = True

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """The cold ones, and a few others to warm up with."""
        return (*small_objects("cold", counts.cold_keys), *_WARM)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """A server with an empty cache for each round, and the loop over the same keys."""
        cold = small_objects("cold", stage.counts.cold_keys)
        wanted = stage.peers_of(self.peers)
        for _ in range(stage.counts.rounds):
            with stage.fresh() as server:
                exchange(server.port, get_all(server, _WARM), connections=_CONNECTIONS)
                before = stage.origin.s3_calls()
                requests = get_all(server, cold)
                values = timed(server, partial(exchange, server.port, requests, connections=_CONNECTIONS))
                calls = stage.origin.s3_calls() - before
                values[S3_CALLS.name] = calls.total() / len(cold)
                outcome.add(OURS, values)
                outcome.memory[OURS] = resident(server)
            if wanted:
                outcome.add(GET_OBJECT, get_object_loop(stage, cold))


def get_object_loop(stage: Stage, items: tuple[Object, ...]) -> dict[str, float]:
    """What the loop says of itself: a process of its own on the server's core."""
    endpoint = stage.origin.endpoint
    task = {
        "endpoint_url": endpoint.url,
        "bucket": endpoint.bucket,
        "access_key": endpoint.access_key,
        "secret_key": endpoint.secret_key,
        "keys": [item.key for item in items],
        "warm_keys": [item.key for item in _WARM],
        "concurrency": _CONNECTIONS,
    }
    argv = [sys.executable, "-m", "bench.micro.get_object"]
    with started_on({stage.cpus.server}):
        ran = subprocess.run(argv, input=json.dumps(task), capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(ran.stdout)
    return {
        RATE.name: found["count"] / found["seconds"],
        PER_CPU_SECOND.name: found["count"] / found["cpu_seconds"],
        CPU.name: 1000 * found["cpu_seconds"] / found["count"],
    }


@dataclass
class Herd(Case):
    """Many clients ask for one cold key in the same moment."""

    name: str
    about: str
    targets: tuple[Target, ...]
    peers: tuple[str, ...]
    metrics: tuple[Metric, ...] = field(default=(OVER_SINGLE_MISS, P99, SINGLE_MISS, S3_CALLS))
    alone: tuple[Metric, ...] = (SINGLE_MISS,)
    asks_the_origin = True

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """One for each round, a few for single misses in each, and some to warm up with."""
        return (*_WARM, *small_objects("herd", counts.rounds), *small_objects("single", counts.rounds * _SINGLES))

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """In each round some single misses, and then the herd."""
        servers = stage.servers(stage.peers_of(self.peers))
        singles = small_objects("single", stage.counts.rounds * _SINGLES)
        for server in servers:
            exchange(server.port, get_all(server, _WARM), connections=_CONNECTIONS)
        for number, item in enumerate(small_objects("herd", stage.counts.rounds)):
            for server in servers:
                some = singles[number * _SINGLES : (number + 1) * _SINGLES]
                outcome.add(server.name, self._round(stage, server, item, some))
                outcome.memory[server.name] = resident(server)

    def _round(self, stage: Stage, server: Server, item: Object, singles: tuple[Object, ...]) -> dict[str, float]:
        times = [exchange(server.port, [one], connections=1).p50_ms or 0.0 for one in get_all(server, singles)]
        before = stage.origin.requests()
        clients = stage.counts.herd_clients
        requests = list(distinct_requests(item.path, host=f"127.0.0.1:{server.port}", count=clients))
        values = timed(server, lambda: exchange(server.port, requests, connections=clients))
        values[SINGLE_MISS.name] = median(times)
        values[OVER_SINGLE_MISS.name] = values[P99.name] / values[SINGLE_MISS.name]
        values[S3_CALLS.name] = float(stage.origin.requests() - before)
        return values
