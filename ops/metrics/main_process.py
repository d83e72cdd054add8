"""What the main process tells of itself, whoever asks and whether or not there is an ops listener."""

import threading
import time
from typing import TYPE_CHECKING

from ops.metrics.numbers import Counts, Part
from ops.metrics.sampler import census, lost_lines

if TYPE_CHECKING:
    from ctypes import Array, c_int64

LOOK_SECONDS = 1.0


class MainProcess:
    """Looks at the main process now and then, in a thread; `started_at` is in seconds since 1970."""

    def __init__(self, numbers: "Array[c_int64]", started_at: float) -> None:
        self._counts = Counts(Part(numbers, 0))
        self._started_at = started_at
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics of the main process", daemon=True)

    def start(self) -> None:
        """Look now, so that whoever asks finds numbers, and go on."""
        self.look()
        self._thread.start()

    def withdraw(self) -> None:
        """It is watched to the last."""

    drain = withdraw

    def close(self) -> None:
        """Look no more."""
        self._is_ending.set()

    def look(self) -> None:
        """Look, and publish."""
        self._counts.set("process_cpu_seconds_total", to=time.process_time())
        self._counts.set("process_start_timestamp_seconds", to=self._started_at)
        self._counts.set("log_lost_lines_total", to=lost_lines())
        census(self._counts)
        self._counts.publish()

    def _run(self) -> None:
        while not self._is_ending.wait(LOOK_SECONDS):
            self.look()
