"""A record as points of Akumuli's series. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from ops.records import Record
from ops.sinks.escapes import escape

MAX_LINE = 1022
"""Bytes of a series line, its first character and its CRLF included."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, which is said by a Z
_NS_PER_MS = 1_000_000
_PLACES = ("city", "continent", "country", "country_iso_code", "subdivision")
_NAMES = {name: name.encode() for name in ("method", "resource", "ipaddress", "status", "mimeType", *_PLACES)}
_SHORTEST_RESOURCE = 128
_SHORTEST = 32
_SHORT = 256
"""Characters of a value that is remembered; longer ones are what clients could fill that memory with."""
_DEGREES = re.compile(r"-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,12})?")  # what JSON takes for a number
# Latitude first: not GeoJSON's order, but the one in which this series is read.
_PLACE = (
    '{{"type": "geo:json", "value": {{"type": "Point", "coordinates": [{latitude},{longitude}]}}, '
    '"metadata": {{"timestamp": {{"type": "DateTime", "value": "{at}Z"}}}}}}'
)


class Point(NamedTuple):
    """One value of one series: `series` and `value` as they are sent, with CRLF; `record` is its place in the batch."""

    record: int
    series: bytes
    timestamp_ns: int
    value: bytes

    def encode(self, *, age: int = 0) -> bytes:
        """The point as it is sent, `age` nanoseconds older than it is."""
        return b"%b:%d\r\n%b" % (self.series, self.timestamp_ns - age, self.value)


class Encoder:
    """Makes the points of a record; `prefix` begins the name of every series, and has nothing to be escaped."""

    def __init__(self, prefix: str) -> None:
        self._counter = f"+{prefix}.counter".encode()
        self._size = f"+{prefix}.size".encode()
        self._time = f"+{prefix}.time".encode()
        self._location = f"+!{prefix}.location".encode()

    def points(self, record: Record, place: int, timestamp_ns: int) -> Iterator[Point]:
        """The points, in the order in which they are sent; `place` is the record's in its batch."""
        tags = _tags(record)
        ending = _fit(tags, room=MAX_LINE - len(self._counter))
        yield Point(place, self._counter + ending, timestamp_ns, b":1\r\n")
        yield Point(place, self._size + ending, timestamp_ns, b":%d\r\n" % max(0, record.size_bytes))
        yield Point(place, self._time + ending, timestamp_ns, _milliseconds(max(0, record.duration_ns)))
        if event := _event(record):
            ending = _fit(tags | _tags_of(record.location or {}), room=MAX_LINE - len(self._location))
            yield Point(place, self._location + ending, timestamp_ns, event)


def _tags(record: Record) -> dict[str, str]:
    return {
        "method": record.method,
        "resource": record.resource,
        "ipaddress": record.address,
        "status": str(record.status),
        "mimeType": record.media_type or "",
    }


def _tags_of(location: Mapping[str, str]) -> dict[str, str]:
    return {name: location.get(name, "") for name in _PLACES}


def _fit(tags: Mapping[str, str], room: int) -> bytes:
    """The tags that have a value, and CRLF, in at most `room` bytes."""
    values = {name: _escaped(value) for name, value in tags.items() if value}
    ending = _ending(values)
    if len(ending) > room:
        _shorten(values, tags, len(ending) - room)
        ending = _ending(values)
    return ending


def _shorten(values: dict[str, bytes], tags: Mapping[str, str], excess: int) -> None:
    """Take so many bytes from them: from the resource first, and only if it is short by then, from the longest."""
    for name in sorted(values, key=lambda name: (name != "resource", -len(values[name]))):
        if excess <= 0:
            break
        length = len(values[name])
        shortest = _SHORTEST_RESOURCE if name == "resource" else _SHORTEST
        values[name] = escape(tags[name], room=max(shortest, length - excess))
        excess -= length - len(values[name])


def _escaped(value: str) -> bytes:
    return _remembered(value) if len(value) <= _SHORT else escape(value)


@lru_cache(maxsize=4096)
def _remembered(value: str) -> bytes:
    """Most values are those of the record before, or of one not long ago."""
    return escape(value)


def _ending(values: Mapping[str, bytes]) -> bytes:
    return b"".join([b" %b=%b" % (_NAMES[name], value) for name, value in values.items()]) + b"\r\n"


def _milliseconds(duration_ns: int) -> bytes:
    """Most answers take less than one: not rounded, but to the nanosecond."""
    whole, rest = divmod(duration_ns, _NS_PER_MS)
    if rest == 0:
        return b":%d\r\n" % whole
    return f"+{whole}.{rest:06d}".rstrip("0").encode() + b"\r\n"


def _event(record: Record) -> bytes | None:
    """The place in geo JSON; None where it is not known."""
    location = record.location or {}
    latitude, longitude = location.get("latitude", ""), location.get("longitude", "")
    if not _DEGREES.fullmatch(latitude) or not _DEGREES.fullmatch(longitude):
        return None
    at = _EPOCH + timedelta(microseconds=record.timestamp_ns // 1000)
    text = _PLACE.format(latitude=latitude, longitude=longitude, at=at.isoformat("T", "microseconds"))
    return b"+%b\r\n" % text.encode()
