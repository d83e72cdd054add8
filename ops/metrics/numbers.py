"""The numbers of all processes, in memory that they share: plain integers, each written by one process alone.

A process counts in a list of its own and copies it into its part of the memory a few times a second. The part outlives
the process: whoever is started in its place goes on from there, so that no counter ever goes backwards.
"""

from array import array
from ctypes import c_int64
from functools import lru_cache
from multiprocessing.sharedctypes import RawArray
from typing import TYPE_CHECKING

from ops.metrics.catalogue import METRICS
from ops.metrics.metric import Kind, Metric, Source

if TYPE_CHECKING:
    from ctypes import Array

_HEAD = ("pid", "beat_ns", "starts", "asked_ns", "ending_ns")
"""What is told of a process beside the metrics; instants are monotonic, 0 for never.

`beat_ns` is when it last answered, `asked_ns` when somebody last wanted to know whether the bucket does, `ending_ns`
when the server was asked to end.
"""

RECORDS = -1
"""The number of the process that writes records."""

PLACES: dict[str, int] = {}
"""Where the first number of a metric is."""


def _lay_out() -> int:
    place = len(_HEAD)
    for metric in METRICS.values():
        if metric.source is Source.COUNTED:
            PLACES[metric.name] = place
            place += metric.width * len(metric.children)
    return place


_SIZE = _lay_out()


def shared_numbers(workers: int) -> "Array[c_int64]":
    """Memory for the main process, so many workers, and the one that writes records."""
    return RawArray(c_int64, (workers + 2) * _SIZE)


@lru_cache(maxsize=256)  # clients choose methods, and they may be long
def place_of(name: str, *labels: str) -> int:
    """Where the first number of a metric's child is. Raises ValueError for labels that it cannot have."""
    metric = METRICS[name]
    return PLACES[name] + metric.width * metric.children.index(metric.suiting(labels))


class Part:
    """One process's part of the memory: what all can read, as it was last written."""

    def __init__(self, memory: "Array[c_int64]", number: int) -> None:
        """`number` is 0 for the main process, from 1 on for workers, and RECORDS for the one that writes records."""
        view = memoryview(memory).cast("B").cast("q")
        parts = len(view) // _SIZE
        start = (parts - 1 if number == RECORDS else number % parts) * _SIZE
        self._view = view[start : start + _SIZE]
        self.number = number

    def read(self) -> list[int]:
        """All numbers."""
        return self._view.tolist()

    def write(self, numbers: list[int]) -> None:
        """Take over the numbers, but for the head."""
        self._view[len(_HEAD) :] = array("q", numbers[len(_HEAD) :])

    def write_one(self, place: int, number: int) -> None:
        """Take over one of them."""
        self._view[place] = number

    def told(self, name: str) -> int:
        """A number of the head."""
        return self._view[_HEAD.index(name)]

    def tell(self, name: str, value: int) -> None:
        """Change a number of the head."""
        self._view[_HEAD.index(name)] = value


def parts_of(memory: "Array[c_int64]") -> list[Part]:
    """The part of the main process, and then of each worker."""
    return [Part(memory, number) for number in range(len(memory) // _SIZE - 1)]


class Counts:
    """What one process counts; not for several threads. `numbers` are for those who know their places already."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.numbers = part.read()
        for metric in _gauges():
            start = PLACES[metric.name]
            self.numbers[start : start + len(metric.children)] = [0] * len(metric.children)

    def add(self, name: str, *labels: str, by: int = 1) -> None:
        """Count."""
        self.numbers[place_of(name, *labels)] += by

    def set(self, name: str, *labels: str, to: float) -> None:
        """Set a gauge, in its own unit."""
        self.numbers[place_of(name, *labels)] = round(to * METRICS[name].scale)

    def observe(self, name: str, *labels: str, value: float) -> None:
        """Count in a histogram, in its own unit."""
        metric, place = METRICS[name], place_of(name, *labels)
        self.numbers[place] += round(value * metric.scale)
        self.numbers[place + 1 + _bucket(metric, value)] += 1

    def add_at_once(self, name: str, *labels: str, by: int) -> None:
        """Count, and let all see it: it must be known even if this process is killed now."""
        place = place_of(name, *labels)
        self.numbers[place] += by
        self.part.write_one(place, self.numbers[place])

    def publish(self) -> None:
        """Let all see it."""
        self.part.write(self.numbers)


def _bucket(metric: Metric, value: float) -> int:
    return sum(value > bound for bound in metric.buckets)


def _gauges() -> list[Metric]:
    """What is not so any more once a process is gone."""
    counted = (metric for metric in METRICS.values() if metric.source is Source.COUNTED)
    return [metric for metric in counted if metric.kind is Kind.GAUGE]
