"""All processes' numbers together, and what is worked out from them."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.metrics.catalogue import METRICS, SAVING
from ops.metrics.metric import Kind, Merge, Metric
from ops.metrics.numbers import PLACES, RECORDS, Part, parts_of
from sidecar.observe import OUTCOMES

if TYPE_CHECKING:
    from ctypes import Array, c_int64

UP_SECONDS = 10.0
"""A worker that has not been heard of for so long does not answer."""

_ENDED = frozenset({"Z", "X"})
_SAVING_BYTES = (*SAVING, "revalidated")
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the cache holds and may hold, on disk."""

    used_bytes: int
    limit_bytes: int
    entries: int
    limit_entries: int
    free_bytes: int
    min_free_bytes: int


@dataclass(frozen=True, slots=True)
class Server:
    """What is known of the server as a whole; `holdings` looks at the disk."""

    version: str
    started_at: float
    holdings: Callable[[], Holdings]


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker, as it was last heard of."""

    number: int
    pid: int
    is_running: bool
    is_heard: bool
    starts: int
    numbers: list[int]

    @property
    def is_up(self) -> bool:
        """Whether it runs, and its event loop answers."""
        return self.is_running and self.is_heard

    @property
    def hangs(self) -> bool:
        """Whether it runs, and its event loop does not answer."""
        return self.is_running and not self.is_heard


class Overview:
    """The numbers at one moment."""

    def __init__(self, memory: "Array[c_int64]", server: Server) -> None:
        parts = parts_of(memory)
        now_ns = time.monotonic_ns()
        self.server = server
        self.main = parts[0].read()
        self.workers = [_worker(part, now_ns) for part in parts[1:]]
        self.recorder = _worker(Part(memory, RECORDS), now_ns)

    def values(self, metric: Metric) -> Iterator[tuple[Labels, list[int]]]:
        """Each child that is exposed, with its numbers in the metric's scale; those of all processes together."""
        start, width = PLACES[metric.name], metric.width
        for index, labels in enumerate(metric.children):
            place = slice(start + index * width, start + (index + 1) * width)
            if metric.merge is Merge.APART:
                yield from ((self._with_process(labels, name), numbers[place]) for name, numbers in self._apart())
            else:
                merged = self._merged(metric, place)
                if merged is not None and (any(merged) or not metric.is_sparse):
                    yield labels, merged

    def total(self, name: str, *labels: str) -> int:
        """The sum of the children whose labels begin like this."""
        found = self.values(METRICS[name])
        return sum(numbers[0] for values, numbers in found if values[: len(labels)] == labels)

    def by_label(self, name: str, label: str) -> dict[str, int]:
        """The sums by one label's values, in their order."""
        metric = METRICS[name]
        index = tuple(metric.labels).index(label)
        sums = dict.fromkeys(metric.labels[label], 0)
        for values, numbers in self.values(metric):
            sums[values[index]] += numbers[0]
        return sums

    def worked_out(self) -> Mapping[str, dict[Labels, float]]:
        """The values of every metric that nobody counts, by their labels."""
        requests, sizes = self.by_label("requests_total", "outcome"), self.by_label("response_bytes_total", "outcome")
        held = self.server.holdings()
        up = sum(worker.is_up for worker in self.workers)
        return {
            "cache_requests_total": {(outcome,): requests[outcome] for outcome in OUTCOMES},
            "cache_served_bytes_total": {(outcome,): sizes[outcome] for outcome in OUTCOMES},
            "saved_s3_requests_total": {(): sum(requests[outcome] for outcome in SAVING)},
            "saved_s3_bytes_total": {(): sum(sizes[outcome] for outcome in _SAVING_BYTES)},
            "cache_bytes": {(): held.used_bytes},
            "cache_limit_bytes": {(): held.limit_bytes},
            "cache_entries": {(): held.entries},
            "cache_limit_entries": {(): held.limit_entries},
            "cache_disk_free_bytes": {(): held.free_bytes},
            "cache_min_free_bytes": {(): held.min_free_bytes},
            "build_info": {(self.server.version, platform.python_version()): 1},
            "start_timestamp_seconds": {(): self.server.started_at},
            "workers": {("up",): up, ("down",): len(self.workers) - up},
            "worker_restarts_total": {(): sum(max(0, worker.starts - 1) for worker in self.workers)},
        }

    def _apart(self) -> Iterator[tuple[str, list[int]]]:
        if any(self.main[min(PLACES.values()) :]):
            yield "main", self.main
        yield from ((str(worker.number), worker.numbers) for worker in self.workers if worker.starts)
        if self.recorder.starts:
            yield "records", self.recorder.numbers

    def _with_process(self, labels: Labels, name: str) -> Labels:
        return (*labels, name)

    def _merged(self, metric: Metric, place: slice) -> list[int] | None:
        # What a gauge says of a worker that is gone is not so any more.
        is_gauge = metric.kind is Kind.GAUGE
        processes = (*self.workers, self.recorder)
        read = [process.numbers[place] for process in processes if process.is_up or not is_gauge]
        if metric.merge is Merge.SUM:
            return [sum(numbers) for numbers in zip(*read, strict=True)] or [0] * metric.width
        first = [numbers[0] for numbers in read if numbers[0]]
        if metric.merge is Merge.LATEST:
            return [max(first, default=0)]
        return [min(first)] if first else None


def _worker(part: Part, now_ns: int) -> Worker:
    pid = part.told("pid")
    is_heard = now_ns - part.told("beat_ns") < UP_SECONDS * 1e9
    return Worker(part.number, pid, _is_running(pid), is_heard, part.told("starts"), part.read())


def _is_running(pid: int) -> bool:
    """Whether a process has not ended, be it that nobody has taken note of its end yet."""
    try:
        _, _, after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return False
    return pid > 0 and after_name.split()[0] not in _ENDED
