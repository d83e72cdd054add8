"""Fixtures: real stores, started once; a relay and servers for each test."""

import resource
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from support.endpoint import Source
from support.rclone import Rclone
from support.relay import Relay
from support.s3_store import S3Store
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar

_numbers = count(1)

# The same examples each time, and no clock: a run tells of the change that is tested, not of the machine's load.
# `--hypothesis-profile default` looks for others.
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def open_files() -> None:
    """Allow as many open files as the server allows itself; a login shell's 1,024 are too few for some tests."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """Run the store that is closest to AWS."""
    with SeaweedFS(tmp_path_factory.mktemp("seaweedfs")) as store:
        yield store


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    """Run the second opinion."""
    with Rclone(tmp_path_factory.mktemp("rclone")) as store:
        yield store


@pytest.fixture(scope="session", params=["seaweedfs", "rclone"])
def store(request: pytest.FixtureRequest) -> S3Store:
    """Take each store in turn; its bucket holds what other tests have put there, so take a `key_prefix`."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, S3Store)
    return found


@pytest.fixture
def key_prefix() -> str:
    """Name a folder in the bucket that no other test uses, with a slash at its end."""
    return f"test-{next(_numbers)}/"


@pytest.fixture
def relay(store: S3Store) -> Iterator[Relay]:
    """Put a relay in front of `store`."""
    with Relay(store) as relay:
        yield relay


@pytest.fixture
def start_sidecar(tmp_path: Path) -> Iterator[StartSidecar]:
    """Start any number of servers, each in a folder of its own; they end with the test."""
    with ExitStack() as running:

        def start(
            source: Source,
            *options: str,
            env: Mapping[str, str] | None = None,
            workers: int = 1,
            cache_dir: Path | None = None,
        ) -> Sidecar:
            folder = tmp_path / f"sidecar-{next(_numbers)}"
            folder.mkdir()
            server = Sidecar(source, *options, env=env, workers=workers, folder=folder, cache_dir=cache_dir)
            return running.enter_context(server)

        yield start
