"""How much memory this container may take, and what fits into it."""

from pathlib import Path

MIB = 1024 * 1024

_CGROUP_V2 = Path("/sys/fs/cgroup/memory.max")
_CGROUP_V1 = Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")
_UNLIMITED = 2**60
"""What cgroup 1 says where there is no limit is some number above this."""

_BESIDE_WORKERS = 64 * MIB
_WORKER = 62 * MIB
"""Measured in the image: what the main process, its helper and the kernel take, and a worker without hot answers."""
_MOST_HOT = 64 * MIB
_HOT_SHARE = 16
_ENTRY = 1536
"""Measured: `python -m bench.micro.entries`."""
_MOST_ENTRIES = 100_000
_LEAST_ENTRIES = 500


def memory_limit() -> int | None:
    """The container's limit in bytes; None where there is none."""
    try:
        return limit_of((_CGROUP_V2 if _CGROUP_V2.exists() else _CGROUP_V1).read_text())
    except OSError:
        return None


def limit_of(text: str) -> int | None:
    """Bytes from what a cgroup says of its limit; None where there is no limit (`max`)."""
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and 0 < int(text) < _UNLIMITED else None


def hot_bytes_within(limit: int | None) -> int:
    """What a worker may take for hot answers: a share of what is left beside the main process."""
    return _MOST_HOT if limit is None else min(_MOST_HOT, max(0, limit - _BESIDE_WORKERS) // _HOT_SHARE)


def workers_within(limit: int | None, wanted: int) -> int:
    """How many of the wanted workers fit, at least one."""
    if limit is None:
        return wanted
    return max(1, min(wanted, (limit - _BESIDE_WORKERS) // (_WORKER + hot_bytes_within(limit))))


def entries_within(limit: int | None, workers: int) -> int:
    """How many stored responses may be remembered, by each of the workers: half of what they leave."""
    if limit is None:
        return _MOST_ENTRIES
    left = limit - _BESIDE_WORKERS - workers * (_WORKER + hot_bytes_within(limit))
    return max(_LEAST_ENTRIES, min(_MOST_ENTRIES, left // 2 // workers // _ENTRY))
