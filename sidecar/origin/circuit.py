"""A circuit breaker: after repeated failures the bucket is left alone for a while, and then probed by one request."""

from dataclasses import dataclass
from enum import Enum

FAILURES_TO_OPEN = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class CircuitState(Enum):
    """Requests pass; requests fail at once; one request is out to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class Circuit:
    """Counts failures in a row. Pure: the caller brings the time, in seconds of any steady clock."""

    failures: int = 0
    pause_seconds: float = 0.0
    retry_at: float = 0.0
    is_probing: bool = False

    def state(self, now: float) -> CircuitState:
        """What a request meets now."""
        if self.failures < FAILURES_TO_OPEN:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.is_probing or now < self.retry_at else CircuitState.HALF_OPEN

    def admit(self, now: float) -> bool:
        """Whether a request may go to the bucket; when it may, `succeeded`, `failed` or `abandoned` must follow."""
        state = self.state(now)
        if state is CircuitState.HALF_OPEN:
            self.is_probing = True
        return state is not CircuitState.OPEN

    def seconds_until_probe(self, now: float) -> float:
        """How long an open circuit stays so at least."""
        return max(0.0, self.retry_at - now)

    def succeeded(self) -> None:
        """The bucket answered, be it with a refusal."""
        self.failures = 0
        self.pause_seconds = 0.0
        self.is_probing = False

    def failed(self, now: float) -> None:
        """The bucket did not answer, or said that it cannot."""
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN and (self.is_probing or now >= self.retry_at):
            self.pause_seconds = min(max(FIRST_PAUSE_SECONDS, self.pause_seconds * 2), LONGEST_PAUSE_SECONDS)
            self.retry_at = now + self.pause_seconds
        self.is_probing = False

    def abandoned(self) -> None:
        """The request was given up; nothing is known of the bucket."""
        self.is_probing = False
