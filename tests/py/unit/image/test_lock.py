"""The lock files of the image: complete, hashed, and free of anybody's index."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[4]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADVICE = "run `make lock`, and commit image/*.lock"

_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)

LOCKS = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["otel"],
        *PROJECT["dependency-groups"]["image"],
    ],
    "build.lock": [*PROJECT["build-system"]["requires"], *PROJECT["dependency-groups"]["build"]],
}


def text(name: str) -> str:
    """A lock file."""
    return (ROOT / "image" / name).read_text()


def pinned(name: str) -> dict[str, Version]:
    """What a lock file pins."""
    return {canonicalize_name(package): Version(version) for package, version in _PINNED.findall(text(name))}


def lacking(wanted: Iterator[Requirement], locked: dict[str, Version]) -> list[str]:
    """The requirements that a lock does not meet."""
    named = ((requirement, locked.get(canonicalize_name(requirement.name))) for requirement in wanted)
    return [str(one) for one, version in named if version is None or not one.specifier.contains(version)]


@pytest.mark.parametrize(("name", "wanted"), LOCKS.items(), ids=LOCKS)
def test_it_has_what_pyproject_asks_for(name: str, wanted: list[str]) -> None:
    """Every dependency is pinned, to a version within its range."""
    assert lacking(map(Requirement, wanted), pinned(name)) == [], ADVICE


@pytest.mark.parametrize("name", LOCKS)
def test_it_has_what_those_ask_for(name: str) -> None:
    """What the pinned packages themselves require is pinned, too; as far as they are installed here."""
    locked = pinned(name)
    assert lacking((one for package in locked for one in requirements(package)), locked) == [], ADVICE


def requirements(package: str) -> Iterator[Requirement]:
    """What an installed package requires on this machine, without extras; nothing of one that is not installed."""
    try:
        found = map(Requirement, requires(package) or [])
    except PackageNotFoundError:
        return
    yield from (one for one in found if one.marker is None or one.marker.evaluate({"extra": ""}))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    """Each version has at least one hash: pip would refuse the whole file otherwise."""
    entries = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == [], ADVICE
    assert len(entries) == len(pinned(name))


@pytest.mark.parametrize("name", LOCKS)
def test_it_names_no_index(name: str) -> None:
    """Where packages come from is the builder's business, and may be a private host."""
    assert [line for line in text(name).splitlines() if "://" in line or "index" in line] == []
