"""What the bench has to know of a server."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from support.http_client import request
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program

from bench.origin import Origin

_START_SECONDS = 60.0


class Server(ABC):
    """A server before the origin, in a folder of its own (must exist); a context manager that runs it."""

    name: ClassVar[str]

    def __init__(self, folder: Path, origin: Origin, workers: int = 1, options: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.origin = origin
        self.workers = workers
        self.options = options
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Run it, and return when it answers; raises ProcessFailedError when it does not."""

    @abstractmethod
    def stop(self) -> None:
        """End all of it."""

    @abstractmethod
    def pids(self) -> tuple[int, ...]:
        """All its processes, the first one first."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """What it calls its version."""


class ProgramServer(Server):
    """A server that is one program with a configuration."""

    def __init__(self, folder: Path, origin: Origin, workers: int = 1, options: tuple[str, ...] = ()) -> None:
        super().__init__(folder, origin, workers, options)
        self._process: Process | None = None

    @abstractmethod
    def argv(self) -> list[str]:
        """The command line; writes the configuration that it names."""

    def start(self) -> None:
        """Run it, and return when it answers anything at all."""
        (self.port,) = free_ports(1)
        program, *arguments = self.argv()
        environment = clean_environment(self.folder)
        log = self.folder / "server.log"
        self._process = Process([find_program(program), *arguments], log=log, env=environment, cwd=self.folder)
        try:
            self._process.wait_until(self._answers, _START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()

    def pids(self) -> tuple[int, ...]:
        """Everything in its session."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return (self._process.pid, *self._process.descendants())

    def _answers(self) -> bool:
        try:
            return request(self.port, "GET", "/", timeout=1).status > 0
        except (OSError, ValueError):
            return False
