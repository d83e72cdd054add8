"""s3proxy."""

import platform
from contextlib import ExitStack
from importlib import metadata
from typing import ClassVar

from support.sidecar import Sidecar

from bench.servers.base import Server


class Ours(Server):
    """s3proxy as an operator starts it: its log at the usual level, every setting at its default."""

    name: ClassVar[str] = "s3proxy"

    def start(self) -> None:
        """Run it, and return when every worker is ready."""
        self._running = ExitStack()
        self.sidecar = Sidecar(self.origin.endpoint, *self.options, workers=self.workers, folder=self.folder)
        self._running.enter_context(self.sidecar)
        self.port = self.sidecar.port

    def stop(self) -> None:
        """Kill it."""
        self._running.close()

    def pids(self) -> tuple[int, ...]:
        """Main process, multiprocessing's own processes, and workers."""
        return (self.sidecar.process.pid, *self.sidecar.process.descendants())

    @classmethod
    def version(cls) -> str:
        """With those of what it stands on."""
        libraries = " ".join(f"{name} {metadata.version(name)}" for name in ("sanic", "uvloop", "httptools"))
        return f"{metadata.version('s3-sidecar')} (Python {platform.python_version()}, {libraries})"
