"""What the pipeline asks of a sink."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ops.records import Record


class SinkUnavailableError(Exception):
    """A sink could not be reached or did not answer in time; says which and why in words without secrets."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a batch: how many records were written, and how many never will be, by reason."""

    written: int
    dropped: Mapping[str, int] = field(default_factory=dict)


class Sink(Protocol):
    """Writes records to one place. Used by one task: no two of its methods run at a time."""

    @property
    def name(self) -> str:
        """One word for metrics and log lines."""
        ...

    async def start(self) -> None:
        """Get ready to write; is called again after a failure. Raises SinkUnavailableError."""
        ...

    async def write(self, batch: Sequence[Record]) -> Delivery:
        """Write a batch, records in the order of their time; every one of them is in the delivery.

        Raises SinkUnavailableError when some or all could not be written: the pipeline then hands over the same
        sequence again, after a pause, until it is delivered or given up. May be cancelled.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files; nothing is written after it. Never raises."""
        ...
