"""A disk that stands still when a test says so."""

import asyncio
import threading
from pathlib import Path, PosixPath
from typing import Self

from support.until import PATIENCE_SECONDS


class Gate:
    """Holds the disk's threads where they name a file of the gated directory; everybody else passes."""

    def __init__(self) -> None:
        self._loop_thread = threading.current_thread()
        self._is_open = threading.Event()
        self._is_open.set()
        self._arrived = threading.Semaphore(0)

    def shut(self) -> None:
        """Hold whoever comes from now on."""
        self._is_open.clear()

    def open(self) -> None:
        """Let all go on."""
        self._is_open.set()

    async def arrival(self) -> None:
        """Wait until one more thread is held. Fails the test when none comes."""
        has_come = await asyncio.to_thread(self._arrived.acquire, timeout=PATIENCE_SECONDS)
        assert has_come, "no disk call has come to the gate"

    def __enter__(self) -> Self:
        self.shut()
        return self

    def __exit__(self, *_: object) -> None:
        self.open()

    def pass_through(self) -> None:
        """Stand here while it is shut; for the disk's threads."""
        if threading.current_thread() is self._loop_thread or self._is_open.is_set():
            return
        self._arrived.release()
        self._is_open.wait()


def gated(directory: Path, gate: Gate) -> Path:
    """The same directory; every path made from it goes through the gate when the system is given its name."""

    class Gated(PosixPath):
        def __fspath__(self) -> str:
            gate.pass_through()
            return super().__fspath__()

    return Gated(directory)
