"""Records for the tests of sinks."""

from ops.records import Record

FIRST_NS = 1_767_225_600_123_456_789
BERLIN = {
    "city": "Berlin",
    "continent": "Europe",
    "country": "Germany",
    "country_iso_code": "DE",
    "latitude": "52.519630",
    "longitude": "13.406900",
    "subdivision": "Land Berlin",
}
SECOND_NS = 1_000_000_000


def record(number: int = 0, *, resource: str = "/index.html", location: dict[str, str] | None = None) -> Record:
    """The record of a hit, so many milliseconds after the first one."""
    return Record(
        method="GET",
        resource=resource,
        status=200,
        size_bytes=2950 + number,
        address="203.0.113.7",
        media_type="text/html",
        is_compressed=False,
        outcome="hit",
        timestamp_ns=FIRST_NS + number * 1_000_000,
        duration_ns=123_456,
        location=location,
    )


def records(count: int, *, series: int = 7, location: dict[str, str] | None = None) -> tuple[Record, ...]:
    """So many of them, for a few resources in turn."""
    return tuple(record(number, resource=f"/{number % series}.html", location=location) for number in range(count))
