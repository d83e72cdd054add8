"""A record as points: every fact of the wire that is known of Akumuli, and any record at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.akumuli_parser import MOST_SERIES_LINE, Parser, Series
from support.points import Request, requests
from support.records import BERLIN, FIRST_NS, record

from ops.records import Record
from ops.sinks.points import Encoder, Point

TEXT = st.text(st.characters(exclude_categories=()), max_size=2000)
LONGEST_PREFIX = "p" * 100
LOCATIONS = st.none() | st.dictionaries(
    st.sampled_from(["city", "continent", "country", "country_iso_code", "subdivision", "postal_code", "time_zone"]),
    TEXT,
).flatmap(
    lambda names: st.tuples(
        st.floats(-90, 90).map("{:.6f}".format) | TEXT, st.floats(-180, 180).map("{:.6f}".format) | TEXT
    ).map(lambda place: names | {"latitude": place[0], "longitude": place[1]})
)
RECORDS = st.builds(
    Record,
    method=st.sampled_from(["GET", "HEAD", "POST", "it's"]) | TEXT,
    resource=TEXT,
    status=st.integers(0, 999),
    size_bytes=st.integers(0, 2**50),
    address=st.ip_addresses().map(str) | st.just("-") | TEXT,
    media_type=st.none() | st.just("text/html; charset=utf-8") | TEXT,
    is_compressed=st.booleans(),
    outcome=st.just("hit"),
    timestamp_ns=st.integers(0, 2**62),
    duration_ns=st.integers(0, 2**50),
    location=LOCATIONS,
)

VALUES = {
    "counter-is-one": (":1\r\n", "counter", record()),
    "size-in-bytes": (":2950\r\n", "size", record()),
    "time-below-a-millisecond": ("+0.123456\r\n", "time", record()),
    "time-of-whole-milliseconds": (":250\r\n", "time", record()._replace(duration_ns=250_000_000)),
    "time-without-idle-zeros": ("+1.5\r\n", "time", record()._replace(duration_ns=1_500_000)),
    "never-negative": (":0\r\n", "time", record()._replace(duration_ns=-5)),
    "size-never-negative": (":0\r\n", "size", record()._replace(size_bytes=-1)),
}
NO_EVENT = {
    "location-unknown": None,
    "without-coordinates": {"country": "Germany"},
    "without-longitude": {"latitude": "52.000000"},
    "not-a-number": {"latitude": "north", "longitude": "13.000000"},
    "not-json": {"latitude": "052.0", "longitude": "13.000000"},
    "breaks-out": {"latitude": "1\r\n:1", "longitude": "13.000000"},
    "infinite": {"latitude": "inf", "longitude": "nan"},
}


def points(wanted: Record, prefix: str = "request") -> list[Point]:
    """The points of the record, at its own time."""
    return list(Encoder(prefix).points(wanted, 0, wanted.timestamp_ns))


def read_back(wanted: Record, prefix: str = "request") -> Request:
    """The record as the server has it."""
    series = Series()
    Parser(series).feed(b"".join(point.encode() for point in points(wanted, prefix)))
    (found,) = requests(series, prefix)
    return found


def test_the_bytes_of_a_record() -> None:
    """Three numbers and an event, under the names and tags of this system."""
    tags = b"method=GET resource=/index.html ipaddress=203.0.113.7 status=200 mimeType=text/html"
    at = b":%d" % FIRST_NS
    place = (
        b'+{"type": "geo:json", "value": {"type": "Point", "coordinates": [52.519630,13.406900]}, '
        b'"metadata": {"timestamp": {"type": "DateTime", "value": "2026-01-01T00:00:00.123456Z"}}}'
    )
    where = b"city=Berlin continent=Europe country=Germany country_iso_code=DE subdivision=Land__#SPACE#__Berlin"
    assert [point.encode() for point in points(record(location=BERLIN))] == [
        b"+request.counter %b\r\n%b\r\n:1\r\n" % (tags, at),
        b"+request.size %b\r\n%b\r\n:2950\r\n" % (tags, at),
        b"+request.time %b\r\n%b\r\n+0.123456\r\n" % (tags, at),
        b"+!request.location %b %b\r\n%b\r\n%b\r\n" % (tags, where, at, place),
    ]


@pytest.mark.parametrize(("expected", "name", "wanted"), VALUES.values(), ids=VALUES)
def test_value(expected: str, name: str, wanted: Record) -> None:
    """Values are whole and unsigned, or a float."""
    (point,) = [point for point in points(wanted) if point.series.startswith(f"+request.{name} ".encode())]
    assert point.value == expected.encode()


@pytest.mark.parametrize("location", NO_EVENT.values(), ids=NO_EVENT)
def test_without_a_place(location: dict[str, str] | None) -> None:
    """The numbers go out alone."""
    assert len(points(record(location=location))) == 3


def test_empty_tags_are_left_out() -> None:
    """A tag without a value is none; one is left at least."""
    bare = record(resource="", location=BERLIN | {"city": ""})._replace(method="", address="", media_type=None)
    found = read_back(bare)
    assert found.tags == {"status": "200"}
    assert found.place_tags is not None
    assert "city" not in found.place_tags


def test_a_point_that_is_sent_again_is_older() -> None:
    """By as much as is asked for."""
    (point, *_) = points(record())
    assert point.encode(age=3) == point.encode().replace(b"%d" % FIRST_NS, b"%d" % (FIRST_NS - 3))


@pytest.mark.parametrize("length", [1000, 2000, 100_000])
@pytest.mark.parametrize("character", ["a", "é", " ", "日"])
def test_a_long_resource_is_cut(character: str, length: int) -> None:
    """It alone, in every series alike, and with as much of it as there is room for."""
    long = record(resource=f"/{character * length}", location=BERLIN)
    assert all(len(point.series) <= MOST_SERIES_LINE for point in points(long))
    counter, size, time, place = (point.series for point in points(long))
    assert {len(counter), len(place)} <= set(range(MOST_SERIES_LINE - 16, MOST_SERIES_LINE + 1))
    assert counter.partition(b" ")[2] == size.partition(b" ")[2] == time.partition(b" ")[2]
    found = read_back(long)
    assert found.tags["resource"].endswith("…")
    assert long.resource.startswith(found.tags["resource"].removesuffix("…"))
    assert {**found.tags, "resource": ""} == {**read_back(record()).tags, "resource": ""}


def test_the_longest_resource_that_is_whole() -> None:
    """Up to the last byte of the line."""
    room = MOST_SERIES_LINE - len(points(record(resource="/"))[0].series)
    assert read_back(record(resource="/" + "a" * room)).tags["resource"] == "/" + "a" * room
    assert read_back(record(resource="/" + "a" * (room + 1))).tags["resource"].endswith("…")


def test_everything_too_long() -> None:
    """The resource keeps something, and so does every other tag."""
    long = Record("m" * 900, "r" * 900, 200, 1, "a" * 900, "t" * 900, False, "hit", FIRST_NS, 1)
    long = long._replace(location=BERLIN | {name: name[:1] * 900 for name in ("city", "country", "subdivision")})
    found = read_back(long, LONGEST_PREFIX)
    assert found.place_tags is not None
    assert min(len(found.place_tags[name]) for name in ("method", "resource", "city", "mimeType", "ipaddress")) > 20


@given(RECORDS, st.sampled_from(["request", LONGEST_PREFIX]))
def test_any_record_comes_back(wanted: Record, prefix: str) -> None:
    """Whatever the path, the headers and the city: the server takes it, and it can be read back."""
    found = read_back(wanted, prefix)
    assert (found.counter, found.size) == (1, wanted.size_bytes)
    assert found.milliseconds == pytest.approx(wanted.duration_ns / 1e6)
    assert found.timestamp_ns == wanted.timestamp_ns
    expected = {
        "method": wanted.method,
        "resource": wanted.resource,
        "ipaddress": wanted.address,
        "status": str(wanted.status),
        "mimeType": wanted.media_type or "",
    }
    assert all(_is_same(value, found.tags.get(name, "")) for name, value in expected.items())
    assert found.tags.keys() <= expected.keys()
    location = wanted.location or {}
    if found.place is not None:
        place = json.loads(found.place)
        assert place["value"]["coordinates"] == [float(location["latitude"]), float(location["longitude"])]
        assert found.place_tags is not None
        for name in ("city", "continent", "country", "country_iso_code", "subdivision"):
            assert _is_same(location.get(name, ""), found.place_tags.get(name, ""))


def _is_same(value: str, found: str) -> bool:
    """Whether it was read back as it was, or as the beginning of what was too long."""
    return found == value or (found.endswith("…") and value.startswith(found.removesuffix("…")))
