"""A machine for every test, which must leave nothing behind."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from unit.cache.node import Node, Worker, running_node


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    """Make a machine; after the test no response, file, task or unfinished body may be left."""
    async with running_node(tmp_path / "cache") as node:
        node.directory.mkdir()
        yield node


@pytest.fixture
def worker(node: Node) -> Worker:
    """Start a worker on it."""
    return node.worker()


@pytest.fixture(autouse=True)
def log_without_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let no failure be one of ours; a test that causes such a one clears the log."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []
