"""What records cost those who are served."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from support.akumuli import Akumuli
from support.mongo import Mongo
from support.ports import free_ports

from bench.alternation import rotated
from bench.case import Case
from bench.counts import Counts
from bench.load.reading import Reading
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

WITHOUT_RECORDS = "without records"
"""The peer: the same server that keeps none."""

_CONNECTIONS = 64

Sinks = Callable[[Path], AbstractContextManager[tuple[str, ...]]]
"""Makes options that say where records go, while the block lasts; works in a folder."""


@contextmanager
def living(folder: Path) -> Iterator[tuple[str, ...]]:
    """Both databases, on the load's core."""
    folder.mkdir()
    with Mongo(folder) as mongo, Akumuli() as akumuli:
        yield _options(mongo.uri, akumuli.port)


@contextmanager
def dead(_: Path) -> Iterator[tuple[str, ...]]:
    """Both databases, and nobody at their ports."""
    mongo, akumuli = free_ports(2)
    yield _options(f"mongodb://127.0.0.1:{mongo}/", akumuli)


def _options(mongo_uri: str, akumuli_port: int) -> tuple[str, ...]:
    return ("--mongo-uri", mongo_uri, "--akumuli-host", "127.0.0.1", "--akumuli-port", str(akumuli_port))


@dataclass
class Records(Case):
    """A server whose records go to both databases against one that keeps none, each with all it has on one core."""

    name: str
    about: str
    sinks: Sinks
    targets: tuple[Target, ...]
    peers: tuple[str, ...] = (WITHOUT_RECORDS,)
    metrics: tuple[Metric, ...] = field(default=(RATE, P99, CPU))

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """A small page."""
        return (SMALL,)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Alternate between both."""
        with ExitStack() as running:
            options = running.enter_context(self.sinks(stage.folder / self.name))
            servers = {
                name: running.enter_context(stage.fresh(options=chosen))
                for name, chosen in ((OURS, options), (WITHOUT_RECORDS, ()))
            }
            for server in servers.values():
                check_answer(server, SMALL, ())
                self._load(server, stage.counts.warm_up_seconds)
            for number in range(stage.counts.rounds):
                for name in rotated(list(servers), number):
                    outcome.add(name, timed(servers[name], partial(self._load, servers[name], stage.counts.seconds)))
            outcome.memory.update({name: resident(server) for name, server in servers.items()})

    def _load(self, server: Server, seconds: float) -> Reading:
        requests = list(distinct_requests(SMALL.path, host=f"127.0.0.1:{server.port}"))
        return wrk(server.port, requests, connections=_CONNECTIONS, seconds=seconds)
