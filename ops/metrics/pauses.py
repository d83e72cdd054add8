"""How long Python's garbage collector stops the event loop."""

import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.metrics.numbers import Counts


class Pauses:
    """Counts the collector's runs in this process, and how long each took."""

    def __init__(self, counts: "Counts") -> None:
        self._counts = counts
        self._began_ns = 0

    def begin(self) -> None:
        """Listen to the collector."""
        gc.callbacks.append(self._told)

    def end(self) -> None:
        """Listen no more; safe to repeat."""
        if self._told in gc.callbacks:
            gc.callbacks.remove(self._told)

    def _told(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began_ns = time.perf_counter_ns()
        else:
            seconds = (time.perf_counter_ns() - self._began_ns) / 1e9
            self._counts.observe("gc_pause_seconds", str(info["generation"]), value=seconds)
