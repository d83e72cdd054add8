"""What the kernel knows of processes: CPU time and memory."""

import os
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_RESET_PEAK = "5"
_IDLE_FIELDS = (3, 4)
_MIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one process in MiB: resident, the most since the peak was forgotten, and its share of shared pages."""

    rss: float
    peak_rss: float
    pss: float


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes with all their threads, in steps of 10 ms; those that have ended count 0."""
    return sum(map(_ticks, pids)) / _TICKS_A_SECOND


def memory(pid: int) -> Memory:
    """Memory of a process; raises FileNotFoundError when it has ended."""
    status = _fields(Path(f"/proc/{pid}/status"))
    rollup = _fields(Path(f"/proc/{pid}/smaps_rollup"))
    return Memory(status["VmRSS"] / _MIB, status["VmHWM"] / _MIB, rollup["Pss"] / _MIB)


def forget_peak(pid: int) -> None:
    """Let the peak of resident memory be counted from now on (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def machine_busy_seconds() -> float:
    """CPU time that all processes of the machine have used since it was started, other guests' theft included."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(int(ticks) for place, ticks in enumerate(fields) if place not in _IDLE_FIELDS) / _TICKS_A_SECOND


def own_cpu_seconds() -> float:
    """CPU time of this process and of the children that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@dataclass
class Meter:
    """CPU time and wall time between its making and `stop`: of the server, of the load, and of the machine."""

    pids: tuple[int, ...]
    wall_seconds: float = 0.0
    server_seconds: float = 0.0
    load_seconds: float = 0.0
    machine_seconds: float = 0.0
    _begin: tuple[float, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        self._begin = self._read()

    def stop(self) -> None:
        """Take the differences."""
        spent = [now - before for now, before in zip(self._read(), self._begin, strict=True)]
        self.wall_seconds, self.server_seconds, self.load_seconds, self.machine_seconds = spent

    def _read(self) -> tuple[float, ...]:
        return time.monotonic(), cpu_seconds(self.pids), own_cpu_seconds(), machine_busy_seconds()


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The name before the last parenthesis may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _fields(file: Path) -> dict[str, int]:
    """The numbers of a file of lines such as `VmRSS:   1234 kB`."""
    pairs = (line.split(":", 1) for line in file.read_text().splitlines() if line.endswith(" kB"))
    return {name: int(text.split()[0]) for name, text in pairs}
