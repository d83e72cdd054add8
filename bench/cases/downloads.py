"""Large answers out of the cache: bytes per second, and what they cost in memory."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bench import measure
from bench.alternation import rotated
from bench.case import Case
from bench.counts import Counts
from bench.load.connections import exchange
from bench.load.requests import distinct_requests
from bench.metric import BYTES, GROWTH, Metric
from bench.outcome import Outcome
from bench.page_cache import held
from bench.probe import check_answer
from bench.servers import Server
from bench.site import Object
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident, timed


@dataclass
class Downloads(Case):
    """One large object, downloaded `downloads` times in a round over so many connections."""

    name: str
    about: str
    item: Callable[[Counts], Object]
    downloads: Callable[[Counts], int]
    connections: int
    peers: tuple[str, ...]
    targets: tuple[Target, ...]
    metrics: tuple[Metric, ...] = field(default=(BYTES, GROWTH))
    optional_peers = ("caddy", "bare")

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """The one."""
        return (self.item(counts),)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Two downloads to warm up, then alternate. RSS may grow once: from before the first round to its peak."""
        servers = stage.servers(stage.peers_of(self.peers, self.optional_peers))
        item = self.item(stage.counts)
        for server in servers:
            check_answer(server, item, ())
        forwarded = stage.origin.requests()
        with held([stage.origin.files, *(server.folder for server in servers)]):
            for number in range(stage.counts.rounds):
                for server in rotated(servers, number):
                    outcome.add(server.name, self._round(stage, server, item))
        if stage.origin.requests() != forwarded:
            outcome.mistakes.append(f"{stage.origin.requests() - forwarded} requests went to the origin")
        outcome.memory.update({server.name: resident(server) for server in servers})

    def _round(self, stage: Stage, server: Server, item: Object) -> dict[str, float]:
        count = self.downloads(stage.counts)
        requests = list(distinct_requests(item.path, host=f"127.0.0.1:{server.port}", count=count))
        before: dict[int, float] = {}
        for pid in server.pids():
            with suppress(FileNotFoundError):  # nginx has a process that leaves once it has looked at the cache
                measure.forget_peak(pid)
                before[pid] = measure.memory(pid).rss
        values = timed(server, lambda: exchange(server.port, requests, connections=self.connections))
        values[GROWTH.name] = 0.0
        for pid, rss in before.items():
            with suppress(FileNotFoundError):
                values[GROWTH.name] += measure.memory(pid).peak_rss - rss
        return values
