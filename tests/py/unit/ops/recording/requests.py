"""Requests as workers tell of them, and what is to become of them."""

from collections.abc import Iterable

from hypothesis import strategies as st

from ops.recording.message import flat, pack
from ops.records import Record
from sidecar.observe import OUTCOMES, UNASKED, RequestRecord

NOW_NS = 1_780_000_000_000_000_000
TEXT = st.text(max_size=40)
"""Any, lone surrogates too: what a client sent is kept as it came."""


class Asked:
    """A request, as far as these fields tell of it."""

    def __init__(self, real_ip: str | None, forwarded_for: str | None) -> None:
        self._fields = {"x-real-ip": real_ip, "x-forwarded-for": forwarded_for}

    @property
    def trace(self) -> None:
        """None was begun."""
        return None

    def request_line(self) -> tuple[str, str, str]:
        """Nobody needs it here."""
        raise AssertionError

    def header(self, name: str) -> str | None:
        """Tell."""
        return self._fields[name]

    def forwarding(self) -> tuple[str | None, str | None]:
        """Tell both."""
        return self._fields["x-real-ip"], self._fields["x-forwarded-for"]


_NUMBERS = st.integers(0, 2**62)
REQUESTS = st.builds(
    RequestRecord,
    method=TEXT,
    resource=TEXT,
    status=st.integers(0, 999),
    body_bytes=_NUMBERS,
    peer=TEXT | st.ip_addresses().map(str),
    media_type=st.none() | TEXT,
    outcome=st.sampled_from([*OUTCOMES, UNASKED]),
    timestamp_ns=_NUMBERS,
    duration_ns=_NUMBERS,
    first_byte_ns=_NUMBERS,
    is_aborted=st.booleans(),
    is_compressed=st.booleans(),
    request=st.none() | st.builds(Asked, st.none() | TEXT, st.none() | TEXT | st.ip_addresses().map(str)),
)


def a_request(resource: str = "/a", timestamp_ns: int = NOW_NS) -> RequestRecord:
    """A request of a client of Munich."""
    asked = Asked(None, "203.1.113.9")
    told = RequestRecord("GET", resource, 200, 10, "127.0.0.1", "text/css", "hit", timestamp_ns, 1000)
    return told._replace(request=asked)


def packed(requests: Iterable[RequestRecord]) -> bytes:
    """A message of them."""
    return pack([field for request in requests for field in flat(request)])


def as_record(request: RequestRecord) -> Record:
    """What is to be written of it, without a location."""
    return Record(
        method=request.method,
        resource=request.resource,
        status=request.status,
        size_bytes=request.body_bytes,
        address=request.client.address,
        media_type=request.media_type,
        is_compressed=request.is_compressed,
        outcome=request.outcome,
        timestamp_ns=request.timestamp_ns,
        duration_ns=request.duration_ns,
    )
