"""What fits into a container's memory."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.memory import MIB, entries_within, hot_bytes_within, limit_of, memory_limit, workers_within

ROOT = Path(__file__).parents[3]

LIMITS = {
    "128m": ("134217728\n", 128 * MIB),
    "cgroup-2-without-limit": ("max\n", None),
    "cgroup-1-without-limit": ("9223372036854771712\n", None),
    "zero": ("0", None),
    "empty": ("", None),
    "digits-that-are-no-numbers": ("²", None),
    "other-digits": ("١٢٣", None),
}

# Limit in MiB, workers wanted → workers that fit, MiB of hot answers for each.
FITTING = {
    "no-limit": (None, 8, 8, 64),
    "smallest-that-works": (128, 8, 1, 4),
    "less-than-works": (64, 8, 1, 0),
    "256m": (256, 8, 2, 12),
    "256m-one-cpu": (256, 1, 1, 12),
    "512m": (512, 8, 4, 28),
    "1g": (1024, 8, 7, 60),
    "plenty": (16 * 1024, 8, 8, 64),
}


@pytest.mark.parametrize(("text", "expected"), LIMITS.values(), ids=LIMITS)
def test_limit_of(text: str, expected: int | None) -> None:
    """Bytes, or None where there is no limit."""
    assert limit_of(text) == expected


@given(st.text())
def test_limit_of_never_raises(text: str) -> None:
    """Whatever a kernel writes into the file, the server starts."""
    limit = limit_of(text)
    assert limit is None or limit > 0


@pytest.mark.parametrize(("mib", "wanted", "workers", "hot_mib"), FITTING.values(), ids=FITTING)
def test_what_fits(mib: int | None, wanted: int, workers: int, hot_mib: int) -> None:
    """Workers and their hot answers stay within the limit; one worker runs in any case."""
    limit = None if mib is None else mib * MIB
    assert (workers_within(limit, wanted), hot_bytes_within(limit)) == (workers, hot_mib * MIB)


@pytest.mark.parametrize(
    ("mib", "workers", "expected"),
    [
        (None, 8, 100_000),
        (16 * 1024, 8, 100_000),
        (1024, 7, 5_168),
        (512, 4, 7_509),
        (256, 2, 7_509),
        (256, 1, 40_277),
        (128, 1, 500),
        (32, 1, 500),
    ],
)
def test_entries_within(mib: int | None, workers: int, expected: int) -> None:
    """What all workers remember, and what they take themselves, is within the limit; there are some in any case."""
    assert entries_within(None if mib is None else mib * MIB, workers) == expected


LOADED = "import sys, {}; print(*(name for name in {} if name in sys.modules))"
ONLY_SOMETIMES = ("motor", "pymongo", "opentelemetry")


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("sidecar.app", ("aiobotocore", "botocore", *ONLY_SOMETIMES)),
        ("ops.recording.recorder", ("aiohttp", "maxminddb", "prometheus_client", "sanic", *ONLY_SOMETIMES)),
    ],
)
def test_no_memory_is_taken_by_what_is_not_needed(module: str, unneeded: tuple[str, ...]) -> None:
    """What only workers need is not imported with the application; what only some settings need, with nothing."""
    code = LOADED.format(module, unneeded)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_memory_limit() -> None:
    """A limit or none, on this very machine."""
    limit = memory_limit()
    assert limit is None or limit > 0
