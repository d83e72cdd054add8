"""What the figures were measured on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from support.programs import find_program

from bench import ROOT
from bench.cpus import Cpus
from bench.servers import SERVERS

_PACKAGES = ("wrk", "apache2-utils", "httperf")


def facts(cpus: Cpus, servers: list[str]) -> dict[str, object]:
    """Machine, project, and the versions of everything that takes part."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "cores_used": {"server": cpus.server, "load": cpus.load},
        "kernel": platform.release(),
        "congestion_control": Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
        "load_average_before": os.getloadavg(),
        "servers": {name: SERVERS[name].version() for name in servers},
        "packages": {name: _said("dpkg-query", "-W", "-f", "${Version}", name) for name in _PACKAGES},
        "weed": _said(find_program("weed"), "version"),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _said(*argv: str) -> str:
    """What a program prints; "unknown" where it fails."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
