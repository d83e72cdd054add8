"""The points of one batch on their way to a server that says nothing while all is well. Pure.

After an error or a broken connection nobody knows how many of the points that were sent have been stored. So from
there on they go one at a time, each a nanosecond older than before: a series that has the point refuses it as late,
and one that has not takes it. The first that is taken tells that none of those behind it has been stored.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ops.sinks.base import Delivery
from ops.sinks.points import Point

LATE: Final = "late_write"
MOST = 512
"""Points in one go: what is gone through one at a time after an error."""
_OLDEST_NS = 1000
"""Less than half of what is between two points of a series, so that older still is younger than the one before."""


class Submission:
    """Which points go next, and what became of the others; `window` is how many may go in one go at first.

    Each `take` is followed by `accepted` or `refused`; by neither, where the connection broke.
    """

    def __init__(self, points: Sequence[Point], records: int, window: int) -> None:
        self._points = points
        self._records = records
        self._next = 0
        self._taken = 0
        self._unknown = 0
        self._is_alone = False
        self._ages: dict[int, int] = {}
        self._suspect: Point | None = None
        self._has_late = False
        self._dropped: dict[int, str] = {}
        self.window = window

    @property
    def is_done(self) -> bool:
        """Whether the fate of every point is known."""
        return self._next == len(self._points)

    @property
    def attempts(self) -> int:
        """How often the point that is sent alone has been sent alone; 0 where several are sent."""
        return self._ages.get(self._next, 0) if self._is_alone else 0

    def take(self) -> bytes:
        """What is to be sent now; until `accepted` or `refused` its fate is unknown."""
        self._is_alone = self._unknown > 0
        if self._is_alone:
            self._taken = 1
            self._ages[self._next] = min(self._ages.get(self._next, 0) + 1, _OLDEST_NS)
        else:
            self._taken = self._unknown = min(self.window, len(self._points) - self._next)
        places = range(self._next, self._next + self._taken)
        return b"".join(self._points[place].encode(age=self._ages.get(place, 0)) for place in places)

    def accepted(self) -> None:
        """The server has taken all of it."""
        if self._is_alone:
            self._blame_suspect()
        else:
            self.window = min(2 * self.window, MOST)
        self._next += self._taken
        self._unknown = 0

    def refused(self, reason: str) -> None:
        """The server has said so of one of the points, and has taken those before it."""
        self.window = 1
        if self._is_alone and reason == LATE:
            self._pass_over()
        elif self._is_alone:
            self._blame_suspect()
            self._drop(reason)
        elif self._taken == 1:
            self._drop(reason)
        else:
            self._has_late = reason == LATE

    def delivery(self) -> Delivery:
        """What became of the records; one of which a point was refused counts as dropped."""
        return Delivery(self._records - len(self._dropped), Counter(self._dropped.values()))

    def _pass_over(self) -> None:
        """It was stored before, or is the one that was late."""
        self._suspect = self._points[self._next]
        self._next += 1
        self._unknown -= 1
        if self._unknown == 0:
            self._blame_suspect()

    def _blame_suspect(self) -> None:
        """The last that was refused before one was taken is the one that the error was about."""
        if self._has_late and self._suspect is not None:
            self._dropped.setdefault(self._suspect.record, LATE)
        self._suspect, self._has_late = None, False

    def _drop(self, reason: str) -> None:
        self._dropped.setdefault(self._points[self._next].record, reason)
        self._next += 1
        self._unknown = 0
