"""What happens to the file of the log: no request waits for it, and at an ordinary end it is whole."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.http_client import Connection, request
from support.ports import free_ports
from support.scrape import samples_of, scrape, total
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.until import until

REQUESTS = 12_000
"""More than there may be lines waiting."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log goes."""
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs" / "s3proxy.log"


@pytest.fixture
def hanging(file: Path) -> Iterator[Path]:
    """A pipe that nobody reads, in the place of a file on a disk that hangs."""
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    yield file
    os.close(reader)


@pytest.fixture
def page(seaweedfs: SeaweedFS, key_prefix: str) -> str:
    """The path of an object."""
    seaweedfs.put(f"{key_prefix}a.txt", b"abc")
    return f"/{key_prefix}a.txt"


def test_a_file_that_hangs(seaweedfs: SeaweedFS, hanging: Path, page: str) -> None:
    """Requests are answered, what is too much is lost, counted and told, and the end is not held up."""
    (ops_port,) = free_ports(1)
    options = ("--log-level", "debug", "--ops-port", str(ops_port))
    with Sidecar(seaweedfs, *options, folder=hanging.parent.parent) as server:
        with Connection(server.port) as connection:
            assert {connection.request("GET", page).status for _ in range(REQUESTS)} == {200}
        until(lambda: total(scrape(ops_port), "s3_sidecar_log_lost_lines_total", process="1") >= 1000)
        assert server.log().count("s3proxy.log takes lines too slowly: what is too many is lost (told once)") == 1
        assert server.process.terminate(signal.SIGTERM, 10) == 0


def test_a_full_disk(seaweedfs: SeaweedFS, file: Path, page: str) -> None:
    """Requests are answered, and every process counts what it has lost, the main one and that of records too."""
    file.symlink_to("/dev/full")
    records = ("--record-file", str(file.parent / "records"))
    with Sidecar(seaweedfs, *records, folder=file.parent.parent) as server:
        assert request(server.port, "GET", page).status == 200

        until(lambda: all(lost_lines(server, process) for process in ("main", "1", "records")))
        assert "s3proxy.log cannot be written (No space left on device)" in server.log()
        assert server.process.terminate(signal.SIGTERM, 10) == 0


def lost_lines(server: Sidecar, process: str) -> float:
    """How many lines of the log a process has lost."""
    text = request(server.port, "GET", "/_proxy/_private/metrics", {"authorization": f"Bearer {AUTH_KEY}"}).body
    return total(samples_of(text), "s3_sidecar_log_lost_lines_total", process=process)


def test_nothing_is_lost_at_an_ordinary_end(seaweedfs: SeaweedFS, file: Path, page: str) -> None:
    """Every line of every process is there when the server has ended, and each once."""
    with Sidecar(seaweedfs, "--log-level", "debug", workers=2, folder=file.parent.parent) as server:
        for number in range(300):
            request(server.port, "GET", f"{page}?{number}")
        assert server.process.terminate(signal.SIGTERM, 10) == 0
        told_on_console = server.messages()
    lines = file.read_text().splitlines()
    assert sum(f"GET '{page}' 200" in line for line in lines) == 300
    assert len(lines) == len(told_on_console)
