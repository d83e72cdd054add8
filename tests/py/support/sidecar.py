"""The server under test, as an operator starts it."""

import json
import re
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

from support.endpoint import Source, endpoint_of
from support.http_client import request
from support.process import Process
from support.programs import clean_environment

AUTH_KEY = "abc123"
"""The bearer token of the management endpoints."""

_ROOT = Path(__file__).parents[3]
_LISTENING = re.compile(r"listening on https?://127\.0\.0\.1:(\d+)")
_WORKER_READY = re.compile(r"worker ready pid=(\d+)")
_A_GUARDED_PATH = "/_proxy/_private/_cache/clear"
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


class Sidecar:
    """`python -m sidecar` before a bucket, in an environment of its own; a context manager that runs it.

    `options` are flags of the command line, and win over the ones given here; `env` adds to a clean environment.
    `folder` (must exist) is its working directory and home and holds its cache and its log; without one, a temporary
    folder goes with it. Two servers with one `cache_dir` are two starts of the same one.
    """

    def __init__(
        self,
        source: Source,
        *options: str,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        folder: Path | None = None,
        cache_dir: Path | None = None,
    ) -> None:
        self._cleanup = ExitStack()
        self.folder = folder or Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sidecar-")))
        self.cache_dir = cache_dir or self.folder / "cache"
        self.port = 0
        self._workers = workers
        self._options = (*self._usual_options(source), *options)
        self._env = clean_environment(self.folder) | {"PYTHONPATH": str(_ROOT)} | dict(env or {})
        self._process: Process | None = None
        self._starts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._cleanup.close()

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> Process:
        """The main process of the last start; raises RuntimeError before the first."""
        if self._process is None:
            raise RuntimeError("the sidecar was not started")
        return self._process

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return (sys.executable, "-m", "sidecar", *self._options)

    def log(self) -> str:
        """Return everything written to standard output and error since the last start."""
        return self.process.log()

    def messages(self) -> list[str]:
        """List what its log has said since the last start."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]
        return [line["message"] for line in lines if "message" in line]

    def worker_pids(self) -> list[int]:
        """List the process ids of the workers that have said that they are ready and are alive."""
        alive = self.process.descendants()
        return [pid for pid in self._pids_said_ready() if pid in alive]

    def start(self) -> None:
        """Run it, and return when every worker is ready and one answers; again after `stop`, on another port.

        Raises ProcessFailedError when it ends instead, or is not ready in time.
        """
        self.launch()
        try:
            self.process.wait_until(self._is_ready, _START_SECONDS)
        except BaseException:
            self.kill()
            raise

    def launch(self) -> None:
        """Run it without waiting for anything; the caller sees to it that `kill` follows."""
        self.kill()
        self._starts += 1
        log = self.folder / f"sidecar-{self._starts}.log"
        self._process = Process(self.argv, log=log, env=self._env, cwd=self.folder)

    def kill(self) -> None:
        """End everything of it at once; does nothing when nothing runs."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> int:
        """Send SIGTERM to the main process and return its exit code; raises ProcessFailedError after 15 s."""
        return self.process.terminate(signal.SIGTERM, _STOP_SECONDS)

    def _is_ready(self) -> bool:
        listening = _LISTENING.search(self.log())
        if listening is None or len(self._pids_said_ready()) < self._workers:
            return False
        self.port = int(listening[1])
        return self._answers()

    def _answers(self) -> bool:
        try:
            # 404 where --ops-path has renamed what is guarded
            return request(self.port, "GET", _A_GUARDED_PATH, timeout=1).status in {403, 404}
        except OSError:
            return False

    def _pids_said_ready(self) -> list[int]:
        return [int(pid) for pid in _WORKER_READY.findall(self.log())]

    def _usual_options(self, source: Source) -> list[str]:
        endpoint = endpoint_of(source)
        values = {
            "--host": "127.0.0.1",
            "--port": "0",
            "--ops-port": "0",
            "--bucket": endpoint.bucket,
            "--endpoint-url": endpoint.url,
            "--key": endpoint.access_key,
            "--secret": endpoint.secret_key,
            "--auth-key": AUTH_KEY,
            "--cache-dir": str(self.cache_dir),
            "--threads": str(self._workers),
            "--console": "true",
            "--check-key": "false",  # a request at the start would be one that tests of requests have not made
        }
        return [text for pair in values.items() for text in pair]


class StartSidecar(Protocol):
    """The fixture `start_sidecar`: starts a Sidecar that is stopped when the test ends."""

    def __call__(
        self,
        source: Source,
        *options: str,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        cache_dir: Path | None = None,
    ) -> Sidecar:
        """Run a server."""
        ...
