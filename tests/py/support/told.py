"""An observer that keeps what it is told."""

from sidecar.observe import RecordObserver, RequestRecord


class Told(RecordObserver):
    """Everything that was told."""

    def __init__(self) -> None:
        self.records: list[RequestRecord] = []

    def request_began(self) -> None:
        """Hear of a request; its answer is what counts here."""

    def request_ended(self) -> None:
        """Hear of its end."""

    def request_answered(self, record: RequestRecord) -> None:
        """Take note."""
        self.records.append(record)
