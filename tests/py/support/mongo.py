"""A server that speaks MongoDB's protocol: no genuine one is to be had as a package."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from support.http_client import LOOPBACK
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program

_START_SECONDS = 60.0
USER = "writer"
PASSWORD = "pa ss:w/o@rd"


class Mongo:
    """One SecantusDB, in one folder and on one port for its whole life; a context manager that runs it.

    `folder` must exist; what was stored survives `stop`. `options` are the server's own.
    """

    def __init__(self, folder: Path, *options: str, client_options: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self._options = options
        self._client_options = client_options or {}
        (self.port,) = free_ports(1)
        self._process: Process | None = None
        self._client: MongoClient[dict[str, Any]] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        """Where it listens, without anybody's name."""
        return f"mongodb://{LOOPBACK}:{self.port}/"

    @property
    def client(self) -> "MongoClient[dict[str, Any]]":
        """A client of the driver's own, which shares nothing with what is tested."""
        if self._client is None:
            options = {"serverSelectionTimeoutMS": 2000, "tz_aware": True} | dict(self._client_options)
            self._client = MongoClient(self.uri, **options)
        return self._client

    def start(self) -> None:
        """Run it (anew, if it runs), and return when it answers; raises ProcessFailedError when it does not."""
        self.stop()
        argv = [find_program("secantusd-py"), "--host", LOOPBACK, "--port", str(self.port), *self._options]
        argv += ["--storage-path", str(self.folder / "data"), "--standalone", "--cache-size", "64M"]
        environment = clean_environment(self.folder)
        self._process = Process(argv, log=self.folder / "mongo.log", env=environment, cwd=self.folder)
        try:
            self._process.wait_until(self._is_ready, _START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def restart(self, *options: str, client_options: Mapping[str, Any] | None = None) -> None:
        """Run it with other options."""
        self.stop()
        self._options, self._client_options = options, client_options or {}
        self.start()

    def stop(self) -> None:
        """End it, so that connections to it are refused."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is not None:
            if self._process.exit_code is None:
                self._process.terminate()  # killed, it would lose what it has not written to its files yet
            self._process.kill()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Make a hang: frozen inside the block, answering after it."""
        assert self._process is not None
        self._process.pause()
        try:
            yield
        finally:
            self._process.resume()

    def fail(self, command: str, *, times: int = 1, **how: Any) -> None:
        """Let a command fail so many times, as `failCommand` does it (`errorCode`, `closeConnection`, …)."""
        point = {"configureFailPoint": "failCommand", "mode": {"times": times} if times else "off"}
        self.client.admin.command({**point, "data": {"failCommands": [command], **how}})

    def _is_ready(self) -> bool:
        try:
            self.client.admin.command("ping")
        except PyMongoError:
            return False
        return True
