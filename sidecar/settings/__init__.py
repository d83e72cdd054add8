"""Everything an operator may decide: the table of settings, and how it is read."""

from sidecar.settings.load import Given, load, worker_number
from sidecar.settings.table import OPTIONS, Settings

__all__ = ["OPTIONS", "Given", "Settings", "load", "worker_number"]
