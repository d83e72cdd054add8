"""A server with two workers in front of each store, shared by the tests of a module."""

from collections.abc import Iterator

import pytest
from support.relay import Relay
from support.s3_store import S3Store
from support.sidecar import Sidecar
from support.site import Site


@pytest.fixture(scope="module")
def site(store: S3Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the store's bucket with two workers."""
    folder = tmp_path_factory.mktemp("site")
    with Relay(store) as relay, Sidecar(relay, "-l", "debug", workers=2, folder=folder) as server:
        yield Site(store, relay, server)
