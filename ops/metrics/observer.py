"""Counts what becomes of requests, and what the rest of the server tells."""

from bisect import bisect_left
from typing import TYPE_CHECKING

from ops.metrics.catalogue import METRICS
from ops.metrics.numbers import Counts, place_of
from sidecar.observe import CLIENT_CLOSED_REQUEST

if TYPE_CHECKING:
    from sidecar.observe import Request, RequestRecord, Summary

_MOST_PLACES = 2048
_BOUNDS_NS = [
    round(bound * METRICS["request_duration_seconds"].scale) for bound in METRICS["request_duration_seconds"].buckets
]
_FIRST_BOUND_NS = _BOUNDS_NS[0]
_Kind = tuple[str, int, str]
_Places = tuple[int, int, int, int]


class Metrics:
    """What one worker tells, as numbers. A request costs a look-up and a few additions."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._numbers = counts.numbers
        self._places: dict[_Kind, _Places] = {}
        self._in_flight = place_of("requests_in_flight")

    def request_began(self) -> None:
        """A request is in flight from now on, until it is told to be answered."""
        self._numbers[self._in_flight] += 1

    def request_ended(self) -> None:
        """It is not any more."""
        self._numbers[self._in_flight] -= 1

    def request_answered(self, record: "RequestRecord") -> None:
        """Count a request."""
        # Unpacked at once: eleven reads of a named tuple's fields cost as much as all the rest.
        method, _, status, body_bytes, _, _, outcome, _, spent_ns, began_ns, is_aborted, _, _ = record
        self._count((method, status, outcome), body_bytes, spent_ns, began_ns)
        if is_aborted:
            self._counts.add("client_aborts_total")

    def hit(self, answer: "Summary", request: "Request", peer: str, timestamp_ns: int, spent_ns: int) -> None:
        """Count an answer out of memory, by its first four fields."""
        self._count(answer[:3], answer[3], spent_ns, spent_ns)

    def _count(self, kind: _Kind, body_bytes: int, spent_ns: int, began_ns: int) -> None:
        numbers = self._numbers
        count, size, duration, first_byte = self._places.get(kind) or self._look_up(kind)
        numbers[count] += 1
        numbers[size] += body_bytes
        bucket = 1 if spent_ns <= _FIRST_BOUND_NS else bisect_left(_BOUNDS_NS, spent_ns) + 1
        numbers[duration] += spent_ns
        numbers[duration + bucket] += 1
        if began_ns != spent_ns:
            bucket = bisect_left(_BOUNDS_NS, began_ns) + 1
        numbers[first_byte] += began_ns
        numbers[first_byte + bucket] += 1

    def _look_up(self, kind: _Kind) -> _Places:
        method, status, outcome = kind
        places = (
            place_of("requests_total", method, str(status or CLIENT_CLOSED_REQUEST), outcome),
            place_of("response_bytes_total", outcome),
            place_of("request_duration_seconds", outcome),
            place_of("request_first_byte_seconds", outcome),
        )
        if len(self._places) < _MOST_PLACES:
            self._places[kind] = places
        return places

    def origin_asked(self, operation: str, code: str, seconds: float) -> None:
        """The bucket has answered a request, or not."""
        self._counts.add("origin_requests_total", operation, code)

        self._counts.observe("origin_request_duration_seconds", operation, value=seconds)

    def origin_received(self, size_bytes: int) -> None:
        """A piece of a body has come from the bucket."""
        self._counts.add("origin_received_bytes_total", by=size_bytes)

    def fill_failed(self, reason: str) -> None:
        """An object could not be fetched."""
        self._counts.add("fill_errors_total", reason)

    def purged(self, scope: str) -> None:
        """An operator has purged, or cleared."""
        self._counts.add("cache_purges_total", scope)
