"""Tells the log of every request, at debug level."""

import logging

from sidecar.observe import Observer, RecordObserver, RequestRecord

requests = logging.getLogger("sidecar.requests")


class RequestLog(RecordObserver):
    """One line for each request; then `others` hear of it."""

    def __init__(self, other: Observer) -> None:
        super().__init__(other)
        self._other = other

    def request_answered(self, record: RequestRecord) -> None:
        """One line for each."""
        self._other.request_answered(record)
        requests.debug(
            "%s %r %d %dB %.1fms cache=%s from=%s",
            record.method,
            record.resource,
            record.status,
            record.body_bytes,
            record.duration_ns / 1e6,
            record.outcome,
            record.client.address,
        )
