"""Answers out of the cache, under wrk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from support.http_client import request
from support.http_reply import Reply

from bench.alternation import rotated
from bench.case import Case
from bench.counts import Counts
from bench.load.reading import Reading
from bench.load.requests import Fields, distinct_requests
from bench.load.wrk import wrk
from bench.metric import P99, RATE, Metric
from bench.outcome import Outcome
from bench.page_cache import held
from bench.probe import check_answer
from bench.servers import Server
from bench.site import Object
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident, timed


def no_fields(_: Reply, __: Object) -> Sequence[Fields]:
    """Nothing but what every client sends."""
    return ((),)


@dataclass
class Hits(Case):
    """One object, asked for again and again by many clients.

    `fields` makes the requests' further header fields, one choice after the other, from a first answer; the first
    choice must be answered with `status`, and with the content coding `coding`.
    """

    name: str
    about: str
    item: Callable[[Counts], Object]
    connections: int
    peers: tuple[str, ...]
    targets: tuple[Target, ...]
    fields: Callable[[Reply, Object], Sequence[Fields]] = no_fields
    status: int = 200
    coding: str | None = None
    metrics: tuple[Metric, ...] = field(default=(RATE, P99))

    def __post_init__(self) -> None:
        """The bare loop reads no conditions, and has no codings."""
        is_plain = self.status != HTTPStatus.NOT_MODIFIED and self.coding is None
        self.optional_peers = ("caddy", "bare") if is_plain else ("caddy",)

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """The one."""
        return (self.item(counts),)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Warm everybody up, then alternate; whoever began the last round comes last in the next one."""
        servers = stage.servers(stage.peers_of(self.peers, self.optional_peers))
        item = self.item(stage.counts)
        prepared = {}
        for server in servers:
            fields = self._fields(server, item)
            outcome.skipped = check_answer(server, item, fields[0], self.status, self.coding)
            if outcome.skipped:
                return
            prepared[server.name] = list(distinct_requests(item.path, host=f"127.0.0.1:{server.port}", fields=fields))
            self._load(server, prepared[server.name], stage.counts.warm_up_seconds)
        seconds = stage.counts.seconds
        forwarded = stage.origin.requests()
        with held([stage.origin.files, *(server.folder for server in servers)]):
            for number in range(stage.counts.rounds):
                for server in rotated(servers, number):
                    outcome.add(server.name, timed(server, partial(self._load, server, prepared[server.name], seconds)))
        if stage.origin.requests() != forwarded:
            outcome.mistakes.append(f"{stage.origin.requests() - forwarded} requests went to the origin")
        outcome.memory.update({server.name: resident(server) for server in servers})

    def _fields(self, server: Server, item: Object) -> Sequence[Fields]:
        return self.fields(request(server.port, "GET", item.path), item)

    def _load(self, server: Server, requests: list[bytes], seconds: float) -> Reading:
        return wrk(server.port, requests, connections=self.connections, seconds=seconds)
