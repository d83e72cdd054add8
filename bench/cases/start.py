"""From the start of the process to the first answer."""

import time
from contextlib import suppress
from dataclasses import dataclass, field

from support.http_client import request
from support.ports import free_ports
from support.sidecar import Sidecar

from bench.case import Case
from bench.counts import Counts
from bench.metric import FIRST_ANSWER, Metric
from bench.outcome import Outcome
from bench.servers import OURS
from bench.site import SMALL, Object
from bench.stage import Stage
from bench.target import Target

_WORKERS = 2
_LIMIT_SECONDS = 30.0
_POLL_SECONDS = 0.002
_OK = 200


@dataclass
class Start(Case):
    """Two workers, an empty cache, all cores."""

    name: str
    about: str
    targets: tuple[Target, ...]
    metrics: tuple[Metric, ...] = field(default=(FIRST_ANSWER,))
    asks_the_origin = True

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """A small page."""
        return (SMALL,)

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Start it several times; the first is not counted, it may have to write byte code."""
        if stage.counts.starts > 1:
            self._start(stage)
        for _ in range(stage.counts.starts):
            outcome.add(OURS, {FIRST_ANSWER.name: self._start(stage)})

    def _start(self, stage: Stage) -> float:
        (port,) = free_ports(1)
        server = Sidecar(stage.origin.endpoint, "--port", str(port), workers=_WORKERS)
        began = time.monotonic()
        try:
            with stage.on_all_cores():
                server.launch()
            while not self._has_answered(port):
                if time.monotonic() - began > _LIMIT_SECONDS:
                    raise TimeoutError(f"no answer after {_LIMIT_SECONDS} s:\n{server.log()}")
                time.sleep(_POLL_SECONDS)
            return time.monotonic() - began
        finally:
            server.__exit__()

    def _has_answered(self, port: int) -> bool:
        """Ask once; the kernel takes connections before a worker does, and then the answer comes when it can."""
        with suppress(OSError):
            return request(port, "GET", SMALL.path, timeout=_LIMIT_SECONDS).status == _OK
        return False
