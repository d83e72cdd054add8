"""Locations of a database in a file, and what becomes of them when there is another file."""

from collections import Counter
from pathlib import Path

import pytest
from support.locations import MUNICH, NOT_PUBLIC, RIO, UNKNOWN, location, write_database

from ops.geo.database import MmdbFile, location_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small one."""
    path = tmp_path / "city.mmdb"
    write_database(path)
    return path


def test_the_same_names_as_the_server(path: Path) -> None:
    """Whoever reads records does not see which of both was asked."""
    told: Counter[str] = Counter()
    database = MmdbFile(path, lambda outcome: told.update([outcome]))
    assert database.find(MUNICH) == location(MUNICH)
    assert database.find(MUNICH) == location(MUNICH)
    assert (database.find(RIO) or {})["city"] == "São Paulo"
    assert database.find(UNKNOWN) is None
    assert database.find(UNKNOWN) is None
    assert database.find(NOT_PUBLIC) is None
    assert told == {"found": 2, "unknown": 1}


@pytest.mark.parametrize("way", ["rename", "link"])
def test_a_new_edition(tmp_path: Path, path: Path, way: str) -> None:
    """It is read when the file was replaced, or when a link leads to another one, as Kubernetes does it."""
    if way == "link":
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        path.rename(tmp_path / "one" / "city.mmdb")
        (tmp_path / "..data").symlink_to("one")
        path.symlink_to("..data/city.mmdb")
    database = MmdbFile(path, lambda _: None)
    assert (database.find(MUNICH) or {})["city"] == "Munich"
    if way == "link":
        write_database(tmp_path / "two" / "city.mmdb", city="Passau")
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(tmp_path / "..data")
    else:
        write_database(path, city="Passau")
    database.refresh()
    assert (database.find(MUNICH) or {})["city"] == "Passau"


@pytest.mark.parametrize("ruin", ["cut", "gone"])
def test_an_edition_that_cannot_be_read(path: Path, caplog: pytest.LogCaptureFixture, ruin: str) -> None:
    """The one before stays in use, and the log says so."""
    database = MmdbFile(path, lambda _: None)
    rubbish = path.with_suffix(".rubbish")
    rubbish.write_bytes(b"no database")
    rubbish.replace(path) if ruin == "cut" else path.unlink()
    database.refresh()
    assert (database.find(MUNICH) or {})["city"] == "Munich"
    assert "the edition before stays in use" in caplog.text
    write_database(path, city="Passau")
    database.refresh()
    assert (database.find(MUNICH) or {})["city"] == "Passau"


def test_no_database(path: Path) -> None:
    """At the start that is a mistake."""
    path.write_bytes(b"no database")
    with pytest.raises(ValueError, match="is no MaxMind database"):
        MmdbFile(path, lambda _: None)


@pytest.mark.parametrize(
    "found",
    [None, [], {}, {"city": None}, {"city": {"names": []}}, {"subdivisions": {}}, {"location": {"latitude": None}}],
)
def test_entries_without_anything(found: object) -> None:
    """A database of another kind has nothing to say."""
    assert location_of(MUNICH, found) is None
