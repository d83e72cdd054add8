"""The main process's part: keep the process that writes records running, and wait for it at the end."""

import logging
import multiprocessing
import signal
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from ops.metrics.numbers import Part
from ops.recording.recorder import END_SECONDS, Order, record

if TYPE_CHECKING:
    from ops.recording.channel import Channel

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_SLACK_SECONDS = 0.5


class RecordsProcess:
    """Starts it again when it dies, with growing delays. It never holds the public socket.

    This process holds both ends of the `channel`: the reading one for who comes next, and the writing one, without
    which the end would come too early, until the workers are gone.
    """

    def __init__(self, order: Order, channel: "Channel") -> None:
        self._order = order
        self._channel = channel
        self._own = Part(order.numbers, 0)
        self._is_ending = threading.Event()
        self._lock = threading.Lock()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._keep_running, name="records process", daemon=True)

    def start(self) -> None:
        """Run it from now on."""
        self._thread.start()

    def withdraw(self) -> None:
        """There is more to come."""

    def drain(self) -> None:
        """Tell it since when the server ends: it has until ten seconds later."""
        self._own.tell("ending_ns", time.monotonic_ns())

    def close(self) -> None:
        """Wait until it has written what is left, now that nobody sends any more; kill it if it takes too long."""
        with self._lock:
            self._is_ending.set()
        self._channel.writing.close()
        process = self._process
        if process is None:
            return
        for number in _SIGNALS:  # who asks again does not want to wait
            signal.signal(number, lambda *_: process.kill())
        now_ns = time.monotonic_ns()
        spent = (now_ns - (self._own.told("ending_ns") or now_ns)) / 1e9
        if not wait([process.sentinel], max(2.0, END_SECONDS - spent) + _SLACK_SECONDS):
            logger.error("the process that writes records did not end, and was killed")
            process.kill()
        self._thread.join(_SLACK_SECONDS)

    def _keep_running(self) -> None:
        delay = _FIRST_DELAY_SECONDS
        while process := self._run():
            started_at = time.monotonic()
            process.join()
            if self._is_ending.is_set():
                return
            delay = _FIRST_DELAY_SECONDS if time.monotonic() - started_at > _STEADY_SECONDS else delay * 2
            delay = min(delay, _LONGEST_DELAY_SECONDS)
            code = process.exitcode
            logger.error("the process that writes records ended with %s; restart in %.1f s", code, delay)
            self._is_ending.wait(delay)

    def _run(self) -> "multiprocessing.process.BaseProcess | None":
        """Start it; None when the server ends."""
        with self._lock:
            if self._is_ending.is_set():
                return None
            process = multiprocessing.get_context("spawn").Process(
                target=record, args=(self._order,), name="records", daemon=True
            )
            # Until it ignores them itself; a terminal's Ctrl-C reaches it too.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            process.start()
            self._process = process
            return process
