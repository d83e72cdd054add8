"""Who is asked where clients are, as the settings say.

What one of them needs is imported where it is made: a client of HTTP takes the process that writes records 8 MB.
"""

from typing import TYPE_CHECKING

from ops.geo.location import Nowhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.geo.location import Locator
    from sidecar.settings import Settings


def locator_of(settings: "Settings", count: "Callable[[str], None]") -> "Locator":
    """It; `count` is told what becomes of each look-up. Raises OSError and ValueError for a file that is unfit."""
    if settings.mmdb_file is not None:
        from ops.geo.database import MmdbFile  # noqa: PLC0415 - see above

        return MmdbFile(settings.mmdb_file, count)
    if settings.mmdb_host is not None:
        from ops.geo.server import MmdbServer  # noqa: PLC0415 - see above

        host = f"[{settings.mmdb_host}]" if ":" in settings.mmdb_host else settings.mmdb_host
        return MmdbServer(f"ws://{host}:{settings.mmdb_port}/", count)
    return Nowhere()
