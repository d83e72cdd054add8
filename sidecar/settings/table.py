"""The one table of settings: all groups together.

Each row is a field: its flags, its environment names, how its text is read, its default and its help. Command line,
reference documentation and checks are all made from these rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sidecar.secret import Secret
from sidecar.settings.bucket import BucketSettings
from sidecar.settings.cache import CacheSettings
from sidecar.settings.coding import CodingSettings
from sidecar.settings.connections import ConnectionSettings
from sidecar.settings.headers import HeaderSettings
from sidecar.settings.log import LoggingSettings
from sidecar.settings.mounts import ROOT, Mount, MountSettings
from sidecar.settings.ops import OpsSettings
from sidecar.settings.option import Option
from sidecar.settings.records import RecordsSettings
from sidecar.settings.server import ServerSettings
from sidecar.settings.website import WebsiteSettings

_GROUPS = (
    BucketSettings,
    MountSettings,
    ServerSettings,
    ConnectionSettings,
    WebsiteSettings,
    HeaderSettings,
    CacheSettings,
    CodingSettings,
    OpsSettings,
    LoggingSettings,
    RecordsSettings,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    BucketSettings,
    MountSettings,
    ServerSettings,
    ConnectionSettings,
    WebsiteSettings,
    HeaderSettings,
    CacheSettings,
    CodingSettings,
    OpsSettings,
    LoggingSettings,
    RecordsSettings,
):
    """Everything an operator may decide, checked; made by `load`."""

    @property
    def root(self) -> Mount:
        """The bucket that is served where no mount is."""
        own = {row.name: getattr(self, row.name) for row in fields(BucketSettings)}
        return Mount(path=ROOT, origin=BucketSettings(**own))

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for those who keep them out of logs."""
        holders = (self, *(mount.origin for mount in self.mounts))
        values = (getattr(holder, row.name) for holder in holders for row in fields(holder))
        return tuple(dict.fromkeys(value.reveal() for value in values if isinstance(value, Secret)))


OPTIONS: Mapping[str, Option] = {row.name: row.metadata["option"] for group in _GROUPS for row in fields(group)}
