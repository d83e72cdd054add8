"""Everything an operator may decide: the table of settings, and how it is read."""

from sidecar.settings.bucket import BucketSettings
from sidecar.settings.load import Given, load, read_some, wants_tracing, worker_number
from sidecar.settings.mounts import Mount
from sidecar.settings.table import OPTIONS, Settings

__all__ = [
    "OPTIONS",
    "BucketSettings",
    "Given",
    "Mount",
    "Settings",
    "load",
    "read_some",
    "wants_tracing",
    "worker_number",
]
