"""What a second worker brings."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.alternation import rotated
from bench.case import Case
from bench.counts import Counts
from bench.load.requests import distinct_requests
from bench.load.wrk import wrk
from bench.metric import CPU, P99, RATE, Metric
from bench.outcome import Outcome
from bench.probe import check_answer
from bench.servers import OURS, Server
from bench.site import SMALL, Object
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident, timed

ONE_WORKER = "one worker"
"""The peer of two."""

_WORKERS = 2
_CONNECTIONS = 64
_CORES = 4
"""With fewer the load takes what the second worker would need."""


@dataclass
class SecondWorker(Case):
    """Two workers against one, on all cores."""

    name: str
    about: str
    targets: tuple[Target, ...]
    peers: tuple[str, ...] = (ONE_WORKER,)
    metrics: tuple[Metric, ...] = field(default=(RATE, CPU, P99))
    asks_the_origin = True  # the load and the server share cores

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """A small page."""
        return (SMALL,)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Alternate between a server with one worker and one with two."""
        cores = len(stage.cpus.usable)
        if cores < _CORES:
            outcome.unjudged.append(RATE.name)
            outcome.notes.append(
                f"only {cores} cores: the load generator is the limit, only the CPU seconds are judged"
            )
        with ExitStack() as running:
            servers = {
                name: running.enter_context(stage.fresh(workers=workers, is_pinned=False))
                for name, workers in ((OURS, _WORKERS), (ONE_WORKER, 1))
            }
            for server in servers.values():
                check_answer(server, SMALL, ())
                self._round(stage, server)
            for number in range(stage.counts.rounds):
                for name in rotated(list(servers), number):
                    outcome.add(name, self._round(stage, servers[name]))
            outcome.memory.update({name: resident(server) for name, server in servers.items()})

    def _round(self, stage: Stage, server: Server) -> dict[str, float]:
        requests = list(distinct_requests(SMALL.path, host=f"127.0.0.1:{server.port}"))
        with stage.on_all_cores():
            return timed(
                server, lambda: wrk(server.port, requests, connections=_CONNECTIONS, seconds=stage.counts.seconds)
            )
