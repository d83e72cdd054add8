"""A small database of locations, in the shape of GeoLite2-City, and what mmdb-ws says of it."""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # mmdb_writer wants one

NOT_PUBLIC = "192.0.2.1"
"""In this database, but never asked about (RFC 5737)."""

MUNICH = "203.1.113.9"
RIO = "2803:9800::1"
UNKNOWN = "8.8.8.8"


def _place(city: str, country: str, code: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {
        "city": {"names": {"en": city, "de": f"{city} (de)"}},
        "continent": {"names": {"en": "Somewhere"}},
        "country": {"iso_code": code, "names": {"en": country}},
        "location": {
            "accuracy_radius": 20,
            "latitude": latitude,
            "longitude": longitude,
            "time_zone": "Etc/UTC",
        },
        "postal": {"code": "80331"},
        "registered_country": {"iso_code": code, "names": {"en": country}},
        "subdivisions": [{"iso_code": "BY", "names": {"en": "Bavaria"}}],
    }


PLACES = {
    "203.1.113.0/24": _place("Munich", "Germany", "DE", 48.1374, 11.5755),
    "2803:9800::/32": _place("São Paulo", "Brazil", "BR", -23.5, -46.6),
    "192.0.2.0/24": _place("Berlin", "Germany", "DE", 52.5, 13.4),
}


def write_database(path: Path, *, city: str = "Munich") -> None:
    """Write it, with another city in the place of Munich if need be; in one step, as an update does."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-City", float_type="f64")
    for network, place in PLACES.items():
        is_munich = place["city"]["names"]["en"] == "Munich"
        named = {**place, "city": {"names": {"en": city}}} if is_munich else place
        writer.insert_network(IPSet([network]), named)
    unfinished = path.with_suffix(".new")
    writer.to_db_file(str(unfinished))
    unfinished.replace(path)


def location(address: str, *, city: str = "Munich") -> dict[str, str]:
    """What is known of an address of Munich, under the names of mmdb-ws."""
    return {
        "accuracy_radius": "20",
        "city": city,
        "continent": "Somewhere",
        "country": "Germany",
        "country_iso_code": "DE",
        "latitude": "48.137400",
        "longitude": "11.575500",
        "postal_code": "80331",
        "query_ip_address": address,
        "query_language": "en",
        "registered_country": "Germany",
        "subdivision": "Bavaria",
        "subdivision_iso_code": "BY",
        "time_zone": "Etc/UTC",
    }
