"""The load commands of our users: not one error, from anybody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bench.alternation import rotated
from bench.case import Case
from bench.counts import Counts
from bench.load.ab import ab
from bench.load.httperf import httperf
from bench.load.reading import Reading
from bench.metric import ERRORS, RATE, Metric
from bench.outcome import Outcome
from bench.probe import check_answer
from bench.servers import OURS
from bench.site import SMALL, Object
from bench.stage import Stage
from bench.target import Target
from bench.timing import resident, timed

Command = Callable[[int], Reading]
"""Runs against a port."""


@dataclass
class Commands(Case):
    """One object under a command, `commands` for those of one round. No answer may be wrong or missing."""

    name: str
    about: str
    commands: Callable[[Counts], tuple[Command, ...]]
    peers: tuple[str, ...]
    targets: tuple[Target, ...] = (Target(ERRORS, at_most=0),)
    metrics: tuple[Metric, ...] = field(default=(RATE, ERRORS))

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """A small page."""
        return (SMALL,)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Each command once against each server: they are long enough."""
        servers = stage.servers(stage.peers_of(self.peers))
        for server in servers:
            check_answer(server, SMALL, ())
        for number, command in enumerate(self.commands(stage.counts)):
            for server in rotated(servers, number):
                values = timed(server, partial(command, server.port))
                outcome.add(server.name, values)
                if values[ERRORS.name] and server.name == OURS:
                    outcome.mistakes.append(f"{values[ERRORS.name]:.0f} errors in run {number + 1}")
        outcome.memory.update({server.name: resident(server) for server in servers})


def ab_runs(counts: Counts) -> tuple[Command, ...]:
    """Ab, with each number of requests and connections."""
    return tuple(
        lambda port, n=requests, c=connections: ab(port, SMALL.path, requests=n, connections=c)
        for requests, connections in counts.ab
    )


def httperf_runs(counts: Counts) -> tuple[Command, ...]:
    """Httperf, once."""
    connections, calls = counts.httperf
    return (lambda port: httperf(port, SMALL.path, connections=connections, calls=calls),)
