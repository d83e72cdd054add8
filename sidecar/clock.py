"""The only place that asks what time it is."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests bring their own."""

    def now(self) -> float:
        """Seconds since 1970, as the wall clock has them."""
        ...

    def now_ns(self) -> int:
        """Nanoseconds since 1970."""
        ...


class SystemClock:
    """The machine's own clock."""

    now = staticmethod(time.time)
    """Seconds since 1970, as the wall clock has them."""

    now_ns = staticmethod(time.time_ns)
    """Nanoseconds since 1970."""
