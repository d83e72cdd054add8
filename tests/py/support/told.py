"""An observer that keeps what it is told."""

from sidecar.observe import RequestRecord


class Told:
    """Everything that was told."""

    count = None

    def __init__(self) -> None:
        self.records: list[RequestRecord] = []

    def request_began(self) -> None:
        """Hear of a request; its answer is what counts here."""

    def request_ended(self) -> None:
        """Hear of its end."""

    def request_answered(self, record: RequestRecord) -> None:
        """Take note."""
        self.records.append(record)
