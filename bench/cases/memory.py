"""Memory of a server that has nothing to do."""

from dataclasses import dataclass, field

from bench import measure
from bench.case import Case
from bench.counts import Counts
from bench.load.connections import exchange
from bench.load.requests import distinct_requests
from bench.metric import TOTAL_PSS, WORKER_PSS, WORKER_RSS, Metric
from bench.outcome import Outcome
from bench.servers import OURS
from bench.servers.ours import Ours
from bench.site import SMALL, Object
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident

_WORKERS = 2
_ANSWERS = 200
"""Enough for every worker to have made its client of the bucket."""


@dataclass
class IdleMemory(Case):
    """Two workers that have answered a little."""

    name: str
    about: str
    targets: tuple[Target, ...]
    metrics: tuple[Metric, ...] = field(default=(WORKER_RSS, WORKER_PSS, TOTAL_PSS))
    asks_the_origin = True

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """A small page."""
        return (SMALL,)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """The largest worker counts; shared pages count in full in RSS, by halves or less in PSS."""
        with stage.fresh(workers=_WORKERS, is_pinned=False) as server:
            if not isinstance(server, Ours):
                raise TypeError(f"{server.name} is not ours")
            requests = list(distinct_requests(SMALL.path, host=f"127.0.0.1:{server.port}", count=_ANSWERS))
            exchange(server.port, requests, connections=_ANSWERS // 10)
            workers = [measure.memory(pid) for pid in server.sidecar.worker_pids()]
            everything = [measure.memory(pid) for pid in server.pids()]
            values = {
                WORKER_RSS.name: max(worker.rss for worker in workers),
                WORKER_PSS.name: max(worker.pss for worker in workers),
                TOTAL_PSS.name: sum(process.pss for process in everything),
            }
            outcome.add(OURS, values)
            outcome.memory[OURS] = resident(server)
