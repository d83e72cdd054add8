"""Settings as operators may see them."""

from dataclasses import fields
from typing import Any

from sidecar.http.header_rules import HeaderRule
from sidecar.settings.mounts import Mount
from sidecar.settings.table import Settings


def shown(settings: Settings) -> dict[str, Any]:
    """All of them, by name, as JSON has it; secrets as a mask."""
    own = {row.name: _plain(getattr(settings, row.name)) for row in fields(settings) if row.name != "mounts"}
    return {"settings": own, "mounts": [_mount(mount) for mount in settings.mounts]}


def _mount(mount: Mount) -> dict[str, Any]:
    return {"path": mount.path} | {row.name: _plain(getattr(mount.origin, row.name)) for row in fields(mount.origin)}


def _plain(value: Any) -> Any:
    """Numbers and truth as they are; everything else as it prints, which hides a secret."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, HeaderRule):
        return {"name": value.name, "value": value.value, "paths": value.paths and value.paths.pattern}
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    return str(value)
