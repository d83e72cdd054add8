"""Folders that cannot be written, and what takes their place: Docker makes what is mounted, and not there, for root."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar.errors import SettingsError
from sidecar.server import logs
from sidecar.store.paths import prepare_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.settings import Settings

_NO_FOLDER = Path(os.devnull)


def with_usable_folders(settings: "Settings") -> "tuple[Settings, list[str]]":
    """Settings whose folders can be written, and what operators have to know of that; the same without a spare folder.

    What has no substitute is left as it is: who needs it says what is wrong.
    """
    told: list[str] = []
    spare = settings.spare_dir
    if spare is None:
        return settings, told
    mistakes = _mistakes(lambda: prepare_directory(settings.cache_dir))
    if mistakes and not _mistakes(lambda: prepare_directory(spare)):
        settings = replace(settings, cache_dir=spare)
        told += [f"{mistake}; until then the cache is in {spare}, and lost with the container" for mistake in mistakes]
    mistakes = _mistakes(lambda: logs.check_files(settings)) if settings.console else ()
    if mistakes:
        settings = replace(settings, log_dir=_NO_FOLDER)
        told += [f"{mistake}; until then nothing is logged but here" for mistake in mistakes]
    return settings, told


def _mistakes(check: "Callable[[], None]") -> tuple[str, ...]:
    try:
        check()
    except SettingsError as error:
        return error.mistakes
    return ()
