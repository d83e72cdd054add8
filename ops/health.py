"""Whether the server is healthy, and whether it is ready. Pure: decided from the numbers of the moment."""

from dataclasses import dataclass
from typing import Any

from ops.metrics.catalogue import METRICS
from ops.metrics.overview import Overview

_START_SECONDS = 30.0
"""How long workers may take for their start."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    is_passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at, by name."""

    version: str
    checks: dict[str, Check]

    @property
    def is_passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.is_passed for check in self.checks.values())

    def document(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "status": _word(is_passed=self.is_passed),
            "version": self.version,
            "checks": {
                name: {"status": _word(is_passed=check.is_passed), "detail": check.detail}
                for name, check in self.checks.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of the root's bucket: when it last answered, and last did not; seconds since 1970, 0 for never."""

    answered_at: float
    failed_at: float

    @property
    def is_known(self) -> bool:
        """Whether it was asked at all."""
        return self.answered_at > 0 or self.failed_at > 0


def health_of(overview: Overview, now: float) -> Report:
    """Whether the process and the event loops of its workers answer; a worker that is being restarted may wait."""
    hanging = [str(worker.number) for worker in overview.workers if worker.hangs]
    is_starting = now - overview.server.started_at < _START_SECONDS
    if hanging:
        loops = Check(is_starting, f"worker {', '.join(hanging)} does not answer")
    elif not _up(overview):
        loops = Check(is_starting, "no worker is up")
    else:
        loops = Check(is_passed=True, detail="every worker that runs answers")
    return Report(overview.server.version, {"loops": loops})


def readiness_of(overview: Overview, *, is_draining: bool, serves_stale: bool) -> Report:
    """Whether it can take traffic; `serves_stale` where what is stored may stand in for a bucket that fails."""
    checks = {
        "workers": _workers(overview),
        "credentials": _credentials(overview),
        "bucket": _bucket(overview, serves_stale=serves_stale),
        "draining": Check(not is_draining, "draining" if is_draining else "not draining"),
    }
    return Report(overview.server.version, checks)


def origin_of(overview: Overview) -> Origin:
    """What any worker has seen of the root's bucket."""
    names = ("origin_last_answer_timestamp_seconds", "origin_last_failure_timestamp_seconds")
    return Origin(*(overview.total(name) / METRICS[name].scale for name in names))


def _workers(overview: Overview) -> Check:
    up, count = _up(overview), len(overview.workers)
    return Check(up > 0, f"{up} of {count} workers are up")


def _credentials(overview: Overview) -> Check:
    if overview.total("origin_without_credentials"):
        return Check(is_passed=False, detail="no credentials are found")
    return Check(is_passed=True, detail="there are credentials for every bucket")


def _bucket(overview: Overview, *, serves_stale: bool) -> Check:
    origin = origin_of(overview)
    if not origin.is_known:
        return Check(is_passed=False, detail="the bucket was not asked yet")
    if origin.answered_at >= origin.failed_at:
        return Check(is_passed=True, detail="the bucket answers")
    if serves_stale and overview.server.holdings().entries > 0:
        return Check(is_passed=True, detail="the bucket does not answer; what is stored may be served stale")
    return Check(is_passed=False, detail="the bucket does not answer, and nothing stands in for it")


def _up(overview: Overview) -> int:
    return sum(worker.is_up for worker in overview.workers)


def _word(*, is_passed: bool) -> str:
    return "pass" if is_passed else "fail"
