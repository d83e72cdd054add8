"""What was found out about addresses, for a while and up to a bound. Pure: it is told what time it is."""

from collections import OrderedDict

from ops.geo.location import KNOWN_SECONDS, MOST_REMEMBERED, UNKNOWN_SECONDS, Location


class Memory:
    """Locations by address, and that there is none; what was not used for longest leaves first."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._entries: OrderedDict[str, tuple[Location | None, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._entries)

    def holds(self, address: str, now: float) -> bool:
        """Whether anything was found out, be it that nothing is known."""
        entry = self._entries.get(address)
        return entry is not None and now < entry[1]

    def find(self, address: str, now: float) -> Location | None:
        """The location, as long as it is remembered."""
        entry = self._entries.get(address)
        if entry is None or now >= entry[1]:
            return None
        self._entries.move_to_end(address)
        return entry[0]

    def put(self, address: str, location: Location | None, now: float) -> None:
        """Remember it, an unknown one for less long: it may be in the next edition."""
        until = now + (UNKNOWN_SECONDS if location is None else KNOWN_SECONDS)
        self._entries[address] = (location, until)
        self._entries.move_to_end(address)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
