"""A record as a document: what MongoDB holds, and each line of the record file. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ops.records import Record

Document = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_MICROSECOND = 1_000


def document_of(record: Record) -> Document:
    """The document; `created` is in UTC and cut to microseconds, `location` absent where nothing is known.

    `size` is in bytes, `time` in nanoseconds, `timestamp` in nanoseconds since 1970.
    """
    document: Document = {
        "method": record.method,
        "resource": record.resource,
        "mimeType": record.media_type,
        "ipaddress": record.address,
        "size": record.size_bytes,
        "time": record.duration_ns,
        "status": record.status,
        "compressed": record.is_compressed,
        "timestamp": record.timestamp_ns,
        # Not from a float: that has not enough digits for microseconds.
        "created": _EPOCH + timedelta(microseconds=record.timestamp_ns // _NS_PER_MICROSECOND),
        "cache": record.outcome,
    }
    if record.location is not None:
        document["location"] = dict(record.location)
    return document
