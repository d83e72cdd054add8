"""The document of a record: what users of the collection rely on."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from unit.ops.recording.requests import REQUESTS, as_record

from ops.records import Record
from ops.sinks.document import document_of
from ops.sinks.file import line_of
from sidecar.observe import RequestRecord

RECORD = Record(
    method="GET",
    resource="/docs/index.html",
    status=200,
    size_bytes=2950,
    address="203.1.113.9",
    media_type="text/html",
    is_compressed=True,
    outcome="hit",
    timestamp_ns=1_780_000_000_123_456_789,
    duration_ns=25_000,
    location={"city": "Munich"},
)


def test_the_fields() -> None:
    """Names, units and types."""
    assert document_of(RECORD) == {
        "method": "GET",
        "resource": "/docs/index.html",
        "mimeType": "text/html",
        "ipaddress": "203.1.113.9",
        "size": 2950,
        "time": 25_000,
        "status": 200,
        "compressed": True,
        "timestamp": 1_780_000_000_123_456_789,
        "created": datetime(2026, 5, 28, 20, 26, 40, 123456, UTC),
        "cache": "hit",
        "location": {"city": "Munich"},
    }


def test_no_location() -> None:
    """What is unknown is absent."""
    assert "location" not in document_of(RECORD._replace(location=None))


@given(request=REQUESTS, location=st.none() | st.dictionaries(st.text(), st.text(), max_size=3))
def test_any_record_is_one_line(request: RequestRecord, location: dict[str, str] | None) -> None:
    """Whatever clients send: one line of JSON, which says what the document does."""
    record = as_record(request)._replace(location=location, timestamp_ns=request.timestamp_ns % 10**20)
    document = document_of(record)
    line = line_of(record)
    assert line.endswith(b"\n")
    assert len(line.splitlines()) == 1
    told = json.loads(line)
    assert datetime.fromisoformat(told.pop("created")) == document.pop("created")
    assert told == document
