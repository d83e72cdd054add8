"""How many CPUs may be used."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cpus import quota_of, usable_cpus

QUOTAS = {
    "two": ("200000", "100000", 2.0),
    "half": ("50000", "100000", 0.5),
    "one-and-a-half": ("150000", "100000", 1.5),
    "zero": ("0", "100000", 0.0),
    "cgroup-2-without-limit": ("max", "100000", None),
    "cgroup-1-without-limit": ("-1", "100000", None),
    "period-missing": ("100000", "", None),
    "period-zero": ("100000", "0", None),
    "both-missing": ("", "", None),
    "no-numbers": ("many", "often", None),
    "digits-that-are-no-numbers": ("²", "²", None),
}


@pytest.mark.parametrize(("quota", "period", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_quota_of(quota: str, period: str, expected: float | None) -> None:
    """Quota by period, or None where there is no limit."""
    assert quota_of(quota, period) == expected


@given(st.text(), st.text())
def test_quota_of_never_raises(quota: str, period: str) -> None:
    """Whatever a kernel writes into these files, the server starts."""
    quotient = quota_of(quota, period)
    assert quotient is None or quotient >= 0


def test_usable_cpus() -> None:
    """At least one CPU, and no more than the scheduler would give this process."""
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))


def test_usable_cpus_follows_affinity() -> None:
    """A process bound to one CPU counts one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)
