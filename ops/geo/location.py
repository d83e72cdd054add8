"""What is known of an address, and who knows it."""

from collections.abc import Iterable, Mapping
from typing import Protocol

Location = Mapping[str, str]
"""Under the names of mmdb-ws, as text."""

KEYS = frozenset(
    {
        "accuracy_radius", "city", "continent", "country", "country_iso_code", "latitude", "longitude", "postal_code",
        "query_ip_address", "query_language", "registered_country", "subdivision", "subdivision_iso_code", "time_zone",
    }
)  # fmt: skip

MOST_REMEMBERED = 16_384
"""Addresses: some 25 MB where all of them are known."""

KNOWN_SECONDS = 3600.0
UNKNOWN_SECONDS = 300.0


class Locator(Protocol):
    """Knows where addresses are, or finds out; nobody waits for it."""

    looks_ahead: bool
    """Whether `expect` is of any use."""

    def expect(self, addresses: Iterable[str]) -> None:
        """Begin to find out about addresses that will be asked for in a moment."""
        ...

    def find(self, address: str) -> Location | None:
        """What is known by now; None for nothing."""
        ...

    async def run(self) -> None:
        """Do what has to be done in the background, until cancelled."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class Nowhere:
    """Knows nothing."""

    looks_ahead = False

    def expect(self, addresses: Iterable[str]) -> None:
        """Nothing comes of it."""

    def find(self, address: str) -> Location | None:
        """Nothing."""
        return None

    async def run(self) -> None:
        """Nothing has to be done."""

    async def close(self) -> None:
        """Nothing is held."""
