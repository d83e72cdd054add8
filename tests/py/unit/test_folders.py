"""What takes the place of a folder that cannot be written, and what is said of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.folders import with_usable_folders
from sidecar.server import logs
from sidecar.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Both folders are there, and a spare one is given."""
    for name in ("cache", "logs"):
        (tmp_path / name).mkdir()
    flags = {"bucket": "site", "console": "true", "spare_dir": f"{tmp_path}/spare"}
    return load(flags | {"cache_dir": f"{tmp_path}/cache", "log_dir": f"{tmp_path}/logs"}, {})


def spoil_cache(settings: Settings) -> Settings:
    """Name a folder for the cache that cannot be one, whoever asks."""
    (settings.cache_dir / "file").write_text("mine")
    return replace(settings, cache_dir=settings.cache_dir / "file")


def spoil_logs(settings: Settings) -> Settings:
    """Let there be something else in the place of the log file."""
    (settings.log_dir / logs.FILE_NAME).mkdir()
    return settings


def test_what_can_be_written_is_used(settings: Settings, tmp_path: Path) -> None:
    """Nothing is said, and the spare folder is not made."""
    assert with_usable_folders(settings) == (settings, [])
    assert not (tmp_path / "spare").exists()


def test_another_cache(settings: Settings, tmp_path: Path) -> None:
    """It says what is wrong, and what that means."""
    usable, told = with_usable_folders(spoil_cache(settings))
    assert usable.cache_dir == tmp_path / "spare"
    assert usable.log_dir == settings.log_dir
    (one,) = told
    assert one.startswith(f"--cache-dir cannot be used: {tmp_path}/cache/file: ")
    assert one.endswith(f"; until then the cache is in {tmp_path}/spare, and lost with the container")


def test_no_log_file(settings: Settings) -> None:
    """The console has it all."""
    usable, told = with_usable_folders(spoil_logs(settings))
    assert not usable.log_dir.is_dir()
    assert logs.has_destination(usable)
    (one,) = told
    assert one.startswith("--dir cannot be used: ")
    assert one.endswith("; until then nothing is logged but here")


def test_a_log_that_nobody_would_read(settings: Settings) -> None:
    """Without a console it stays a mistake."""
    spoiled = replace(spoil_logs(settings), console=False)
    assert with_usable_folders(spoiled) == (spoiled, [])


def test_no_spare_folder(settings: Settings) -> None:
    """Then both stay mistakes; one that cannot be written either is as good as none."""
    spoiled = spoil_cache(spoil_logs(settings))
    assert with_usable_folders(replace(spoiled, spare_dir=None)) == (replace(spoiled, spare_dir=None), [])
    usable, _ = with_usable_folders(replace(spoiled, spare_dir=spoiled.cache_dir))
    assert usable.cache_dir == spoiled.cache_dir
