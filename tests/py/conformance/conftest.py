"""A server for real clients, which tells its log of every request."""

from collections.abc import Iterator

import pytest
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar


@pytest.fixture(scope="module")
def website(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Serve the bucket with two workers."""
    with Sidecar(seaweedfs, "-l", "debug", workers=2, folder=tmp_path_factory.mktemp("website")) as server:
        yield server
