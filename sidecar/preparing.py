"""What is decided and made ready before the workers are started."""

import logging
from dataclasses import replace

from sidecar.settings import Settings
from sidecar.store.bodies import finish_clear, sweep
from sidecar.store.paths import prepare_directory
from sidecar.store.room import default_max_bytes

logger = logging.getLogger(__name__)


def prepare_cache(settings: Settings) -> None:
    """Make the cache directory, and remove what workers that are gone have left unfinished; raises SettingsError."""
    prepare_directory(settings.cache_dir)
    finish_clear(settings.cache_dir)
    removed = sweep(settings.cache_dir)
    if removed:
        logger.info("removed %d unfinished bodies of workers that are gone", removed)


def decide_bounds(settings: Settings) -> Settings:
    """Decide how much of the disk the cache may take, where the operator has not."""
    if settings.cache_max_size is not None:
        return settings
    return replace(settings, cache_max_size=default_max_bytes(settings.cache_dir))


def tell_of_mounts(settings: Settings) -> None:
    """Log what is served where."""
    for mount in settings.mounts:
        logger.info("serving /%s of bucket %s at %s", mount.origin.prefix, mount.origin.bucket, mount.path)


def cold_fields(settings: Settings) -> frozenset[bytes]:
    """The header fields of requests whose answers depend on more than the hot path knows."""
    cold = {b"expect", b"upgrade"}
    if settings.honor_client_cache_control:
        cold.add(b"cache-control")
    if "*" not in settings.allowed_origins:
        cold.add(b"origin")
    return frozenset(cold)
