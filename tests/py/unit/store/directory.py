"""A cache directory with as much room as one likes, and what tests do to it."""

from pathlib import Path

from support.manual_clock import ManualClock

from sidecar.cache.eviction import Bounds
from sidecar.cache.ports import Turn
from sidecar.clock import Clock
from sidecar.store.bodies import FileBodies
from sidecar.store.ledger import Ledger, shared_counts
from sidecar.store.room import Room

NOW = 1_780_000_000.0
TURN = Turn(epoch=7, generation=0)
WIDE = Bounds(max_bytes=2**62, max_files=2**31)


def room_in(directory: Path, bounds: Bounds = WIDE) -> Room:
    """The space of a directory that no other worker uses."""
    return Room(Path(str(directory)), bounds, Ledger(shared_counts(), 1))


def file_bodies(directory: Path, room: Room | None = None, clock: Clock | None = None) -> FileBodies:
    """One worker's access to a directory."""
    return FileBodies(directory, room or room_in(directory), clock or ManualClock(NOW))
