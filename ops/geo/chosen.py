"""Who is asked where clients are, as the settings say."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.geo.database import MmdbFile
from ops.geo.location import Locator, Nowhere
from ops.geo.server import MmdbServer

if TYPE_CHECKING:
    from sidecar.settings import Settings


def locator_of(settings: "Settings", count: Callable[[str], None]) -> Locator:
    """It; `count` is told what becomes of each look-up. Raises OSError and ValueError for a file that is unfit."""
    if settings.mmdb_file is not None:
        return MmdbFile(settings.mmdb_file, count)
    if settings.mmdb_host is not None:
        host = f"[{settings.mmdb_host}]" if ":" in settings.mmdb_host else settings.mmdb_host
        return MmdbServer(f"ws://{host}:{settings.mmdb_port}/", count)
    return Nowhere()
