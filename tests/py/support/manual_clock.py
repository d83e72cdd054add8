"""A clock that a test moves by hand."""


class ManualClock:
    """Tells the time it was set to, in seconds since 1970."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """The same instant until `advance`."""
        return self._now

    def now_ns(self) -> int:
        """The same in nanoseconds."""
        return int(self._now * 1e9)

    def advance(self, seconds: float) -> None:
        """Let time pass; a negative number sets the clock back."""
        self._now += seconds
