"""How many CPUs this process may use: the smaller of its affinity and its container's quota."""

import math
import os
from pathlib import Path

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_CGROUP_V1_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def usable_cpus() -> int:
    """Whole CPUs, at least one. A Kubernetes limit of 500m counts as one."""
    affinity = len(os.sched_getaffinity(0))
    quota = _container_quota()
    return affinity if quota is None else max(1, min(affinity, math.ceil(quota)))


def quota_of(quota: str, period: str) -> float | None:
    """CPUs from a cgroup's quota and period in microseconds; None where there is no limit (`max` or -1)."""
    if not quota.isdecimal() or not period.isdecimal() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _container_quota() -> float | None:
    try:
        if _CGROUP_V2.exists():
            quota, _, period = _CGROUP_V2.read_text().strip().partition(" ")
        else:
            quota, period = _CGROUP_V1_QUOTA.read_text().strip(), _CGROUP_V1_PERIOD.read_text().strip()
    except OSError:
        return None
    return quota_of(quota, period)
