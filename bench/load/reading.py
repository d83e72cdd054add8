"""What a load generator read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers in `seconds`, their bytes on the wire, and how long they took; None where the generator cannot tell.

    `errors` counts answers that were broken or missing, and those with a status that was not wanted.
    """

    answers: int
    seconds: float
    bytes: int
    errors: int
    p50_ms: float | None = None
    p99_ms: float | None = None

    @property
    def answers_per_second(self) -> float:
        """The rate."""
        return self.answers / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """The rate of bytes."""
        return self.bytes / self.seconds if self.seconds else 0.0
