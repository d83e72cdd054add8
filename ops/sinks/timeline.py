"""When points happened, as a server hears of it that takes no older point of a series after a younger one."""

SPACING_NS = 2048
"""Between the points of two records: events are kept to 1,024 ns, and a point that is sent again is a little older."""


class Timeline:
    """Moves instants forward, as little as will do, so that each is later than all before it, whatever their series.

    One number to remember: there are as many series as clients and paths, too many for one each. It outlives
    connections, so a clock that was set back writes no point that is late.
    """

    def __init__(self) -> None:
        self._newest_ns = 0

    def place(self, timestamp_ns: int) -> int:
        """The instant itself, or the first one that is `SPACING_NS` after all that were given before."""
        self._newest_ns = max(timestamp_ns, self._newest_ns + SPACING_NS)
        return self._newest_ns
