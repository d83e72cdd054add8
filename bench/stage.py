"""Where cases play: the origin, and servers on their core, each started when it is first needed."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Self

from bench.counts import Counts
from bench.cpus import Cpus, started_on
from bench.origin import Origin
from bench.servers import OURS, SERVERS, Server


class Stage:
    """Origin and servers of one run; a context manager that ends all of it.

    `peers` limits the peers, by the beginnings of their names; empty means each case's own.
    """

    def __init__(self, counts: Counts, cpus: Cpus, peers: Sequence[str] = ()) -> None:
        self.counts = counts
        self.cpus = cpus
        self._peers = tuple(peers)
        self._running = ExitStack()
        self._servers: dict[str, Server] = {}
        self._numbers = count(1)

    def __enter__(self) -> Self:
        with ExitStack() as running:
            folder = tempfile.TemporaryDirectory(prefix="s3-sidecar-bench-", ignore_cleanup_errors=True)
            self.folder = Path(running.enter_context(folder))
            running.enter_context(started_on({self.cpus.load}))
            self.origin = running.enter_context(Origin(self.folder))
            self._running = running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def peers_of(self, usual: Sequence[str], optional: Sequence[str] = ()) -> tuple[str, ...]:
        """Those of a case's peers that are wanted in this run."""
        if not self._peers:
            return tuple(usual)
        return tuple(name for name in (*usual, *optional) if name.startswith(self._peers))

    def servers(self, peers: Sequence[str]) -> list[Server]:
        """Ours and the peers, each with one worker on the server's core; they run until the stage is left."""
        return [self._server(name) for name in (OURS, *peers)]

    @contextmanager
    def fresh(
        self, name: str = OURS, *, workers: int = 1, is_pinned: bool = True, options: tuple[str, ...] = ()
    ) -> Iterator[Server]:
        """A server with an empty cache, which ends with the block; not pinned, it may use every core."""
        server = self._made(name, workers, options)
        with self._place(is_pinned=is_pinned):
            server.start()
        try:
            yield server
        finally:
            server.stop()

    def unstarted(self, name: str = OURS, *, workers: int = 1) -> Server:
        """A server that the case starts itself, and stops."""
        return self._made(name, workers)

    def on_all_cores(self) -> AbstractContextManager[None]:
        """Let what is started inside the block use every core."""
        return started_on(self.cpus.usable)

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            server = self._made(name, 1)
            with self._place(is_pinned=True):
                self._servers[name] = self._running.enter_context(server)
        return self._servers[name]

    def _place(self, *, is_pinned: bool) -> AbstractContextManager[None]:
        return started_on({self.cpus.server}) if is_pinned else self.on_all_cores()

    def _made(self, name: str, workers: int, options: tuple[str, ...] = ()) -> Server:
        folder = self.folder / f"{name}-{next(self._numbers)}"
        folder.mkdir()
        return SERVERS[name](folder, self.origin, workers, options)
