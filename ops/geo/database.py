"""Locations of a MaxMind database (https://maxmind.github.io/MaxMind-DB/), read in this process."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import maxminddb

from ops.geo.address import public_address
from ops.geo.location import Location
from ops.geo.memory import Memory

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often it is looked whether the file is another one."""

_LANGUAGE = "en"
_NAMES: Mapping[str, tuple[str | int, ...]] = {
    "accuracy_radius": ("location", "accuracy_radius"),
    "city": ("city", "names", _LANGUAGE),
    "continent": ("continent", "names", _LANGUAGE),
    "country": ("country", "names", _LANGUAGE),
    "country_iso_code": ("country", "iso_code"),
    "latitude": ("location", "latitude"),
    "longitude": ("location", "longitude"),
    "postal_code": ("postal", "code"),
    "registered_country": ("registered_country", "names", _LANGUAGE),
    "subdivision": ("subdivisions", 0, "names", _LANGUAGE),
    "subdivision_iso_code": ("subdivisions", 0, "iso_code"),
    "time_zone": ("location", "time_zone"),
}
_COORDINATES = frozenset({"latitude", "longitude"})
_Signature = tuple[int, int, int, int]


class MmdbFile:
    """The database in the file `path`, read anew when that is another one; `count` is told of each look-up.

    Raises OSError and ValueError when it cannot be read at first; later on the edition before stays in use.
    """

    looks_ahead = False

    def __init__(self, path: Path, count: Callable[[str], None]) -> None:
        self._path = path
        self._count = count
        self._memory = Memory()
        self._signature = _signature(path)
        self._reader = open_database(path)

    def expect(self, addresses: Iterable[str]) -> None:
        """Nothing has to be done ahead."""

    def find(self, address: str) -> Location | None:
        """What the database says."""
        public, now = public_address(address), time.monotonic()
        if public is None:
            return None
        if not self._memory.holds(public, now):
            location = self._look_up(public)
            self._memory.put(public, location, now)
        return self._memory.find(public, now)

    async def run(self) -> None:
        """Look now and then whether the file is another one, be it replaced or what a link leads to."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.refresh()

    def refresh(self) -> None:
        """Read the file anew if it is another one."""
        try:
            signature = _signature(self._path)
            if signature == self._signature:
                return
            self._signature = signature
            reader = open_database(self._path)
        except (OSError, ValueError) as error:
            logger.warning("%s: %s; the edition before stays in use", self._path, error)
            return
        self._reader.close()
        self._reader = reader
        self._memory.clear()
        logger.info("%s was read anew", self._path)

    async def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _look_up(self, address: str) -> Location | None:
        try:
            found = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):  # an IPv6 address in a database of IPv4
            self._count("failed")
            return None
        location = location_of(address, found)
        self._count("unknown" if location is None else "found")
        return location


def open_database(path: Path) -> maxminddb.Reader:
    """Open it. Raises OSError, and ValueError for what is no such database."""
    try:
        return maxminddb.open_database(path)
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(f"is no MaxMind database ({error})") from error


def location_of(address: str, found: Any) -> Location | None:
    """The database's entry under the names of mmdb-ws; None for an address that is not in it."""
    if not isinstance(found, dict):
        return None
    values = {name: _text(name, _at(found, path)) for name, path in _NAMES.items()}
    location = {name: value for name, value in values.items() if value}
    if not location:
        return None
    return {**location, "query_ip_address": address, "query_language": _LANGUAGE}


def _at(found: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _text(name: str, value: Any) -> str:
    if name in _COORDINATES and isinstance(value, float | int):
        return f"{value:.6f}"
    return str(value) if isinstance(value, str | int) else ""


def _signature(path: Path) -> _Signature:
    there = path.stat()
    return (there.st_dev, there.st_ino, there.st_mtime_ns, there.st_size)
