"""Looks a few times a second how a worker is, and publishes what it has counted."""

import asyncio
import logging
import os
import resource
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.metrics.catalogue import CIRCUITS, SHORTAGES
from ops.metrics.numbers import Counts, Part, place_of

if TYPE_CHECKING:
    from sidecar.clock import Clock
    from sidecar.observe import Vitals

LOOK_SECONDS = 0.25
_LAG_LOOKS = 60
_LOOKS_PER_CENSUS = 20
_PAGE_BYTES = resource.getpagesize()
_ORIGIN_SECONDS = 10.0
"""How often the bucket is asked for nothing but to see whether it answers, at most."""
_MS = 1_000
_BEAT_NS = 5_000_000_000


class Sampler:
    """The look of one worker at itself; `probe` begins to ask the bucket whether it answers."""

    def __init__(self, counts: Counts, look: Callable[[], "Vitals"], probe: Callable[[], None], clock: "Clock") -> None:
        self._counts = counts
        self._look = look
        self._probe = probe
        self._clock = clock
        self._lags: deque[float] = deque(maxlen=_LAG_LOOKS)
        self._asked_at = 0.0
        self._known: dict[tuple[str, ...], int] = {}

    async def run(self, siblings: list[Part]) -> None:
        """Look until cancelled; `siblings` are all processes, the main one first."""
        own = self._counts.part
        own.tell("pid", os.getpid())
        own.tell("starts", own.told("starts") + 1)
        self._counts.set("process_start_timestamp_seconds", to=self._clock.now())
        loop, looks = asyncio.get_running_loop(), 0
        while True:
            due = loop.time() + LOOK_SECONDS
            if looks % _LOOKS_PER_CENSUS == 0:
                census(self._counts)
            self.look()
            self._ask_if_wanted(siblings)
            looks += 1
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._lags.append(max(0.0, loop.time() - due))

    def look(self) -> None:
        """Look, and publish."""
        counts, vitals = self._counts, self._look()
        counts.set("event_loop_lag_seconds", to=max(self._lags, default=0.0))
        counts.set("fills_in_flight", to=vitals.fills)
        counts.set("fill_waiters", to=vitals.waiting)
        counts.set("origin_without_credentials", to=vitals.without_credentials)
        counts.set("credentials_expiry_timestamp_seconds", to=vitals.credentials_expire_at)
        counts.set("origin_last_answer_timestamp_seconds", to=vitals.origin_answered_at)
        counts.set("origin_last_failure_timestamp_seconds", to=vitals.origin_failed_at)
        for state in CIRCUITS:
            counts.set("origin_circuits", state, to=vitals.circuits.get(state, 0))
        for reason in SHORTAGES:
            self._catch_up("cache_evictions_total", reason, at=vitals.evictions.get(reason, 0))
        self._catch_up("cache_disk_failures_total", at=vitals.disk_failures)
        self._catch_up("access_log_lost_lines_total", at=vitals.access_log_lost)
        self._catch_up("log_lost_lines_total", at=lost_lines())
        self._catch_up("origin_retries_total", at=vitals.origin_retries)
        self._catch_up("credentials_refreshes_total", at=vitals.credentials_renewals)
        self._catch_up("process_cpu_seconds_total", at=time.process_time_ns())
        counts.part.tell("beat_ns", time.monotonic_ns())
        counts.publish()

    def _ask_if_wanted(self, parts: list[Part]) -> None:
        """Begin to ask the bucket if somebody wants to know whether it answers, and no request has just shown that."""
        own, now, beat_ns, asked_ns = (
            self._counts.part,
            self._clock.now(),
            time.monotonic_ns(),
            parts[0].told("asked_ns"),
        )
        is_wanted = asked_ns > 0 and beat_ns - asked_ns < _ORIGIN_SECONDS * 1e9
        if (
            is_wanted
            and now - max(self._asked_at, _last_word(parts)) >= _ORIGIN_SECONDS
            and _is_first_alive(own, parts, beat_ns)
        ):
            self._asked_at = now
            self._probe()

    def _catch_up(self, *name: str, at: int) -> None:
        """Count what somebody else has counted since the last look."""
        self._counts.add(*name, by=at - self._known.get(name, 0))
        self._known[name] = at


def census(counts: Counts) -> None:
    """Ask the kernel how much memory and how many descriptors this process holds."""
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123 - a file of the kernel, read all the time
            counts.set("process_resident_memory_bytes", to=int(statm.read().split()[1]) * _PAGE_BYTES)
        counts.set("process_open_fds", to=len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - likewise
    except OSError:
        return
    counts.set("process_max_fds", to=resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def lost_lines() -> int:
    """How many lines of the log this process has lost since it was started."""
    return sum(getattr(handler, "lost", 0) for handler in logging.getLogger().handlers)


def _is_first_alive(own: Part, parts: list[Part], beat_ns: int) -> bool:
    """Whether no worker with a lower number can do what one of them has to do."""
    return not any(0 < part.number < own.number and beat_ns - part.told("beat_ns") < _BEAT_NS for part in parts)


def _last_word(parts: list[Part]) -> float:
    """When a bucket last answered, or failed to, in any worker."""
    places = [place_of("origin_last_answer_timestamp_seconds"), place_of("origin_last_failure_timestamp_seconds")]
    return max(part.read()[place] for part in parts for place in places) / _MS
