"""Large objects out of the cache, by the kernel: whole, in parts, to slow clients, and while things happen to them."""

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.cache_folder import bodies_of
from support.http_client import Connection
from support.opened import Opened
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

MEBIBYTE = 1024 * 1024
LARGE = 24 * MEBIBYTE
"""More than the kernel holds of one connection."""
SEND_SECONDS = 3.0
TIMES = 3
SHORT = b"short"


@pytest.fixture(scope="module")
def body() -> bytes:
    """Make one that differs everywhere."""
    return os.urandom(LARGE)


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: it is not asked here."""
    return seaweedfs


@pytest.fixture
def site(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> Site:
    """Start one worker."""
    return Site(store, relay, start_sidecar(relay, "-l", "debug", "--send-timeout", str(SEND_SECONDS), workers=1))


@pytest.fixture
def key(site: Site, key_prefix: str, body: bytes) -> Iterator[str]:
    """Let a large object be hot, and a short one."""
    key = f"{key_prefix}large"
    site.store.put(key, body)
    site.store.put(f"{key}.txt", SHORT)
    with Connection(site.server.port) as connection:
        for name, expected in ((key, body), (f"{key}.txt", SHORT)):
            for _ in range(TIMES):
                assert connection.request("GET", f"/{name}").body == expected
        until(lambda: is_hot(site, connection, key))
    before = open_files(site.server)
    yield key
    if site.server.process.exit_code is None:
        site.server.process.wait_until(lambda: open_files(site.server) <= before)
    assert "Traceback" not in site.server.log()


def is_hot(site: Site, connection: Connection, key: str) -> bool:
    """Whether it is sent without a file being opened."""
    with Opened(site.server.cache_dir) as opened:
        connection.request("GET", f"/{key}")
        return opened.count() == 0


def open_files(server: Sidecar) -> int:
    """How many descriptors the worker has, of files in the cache and of connections."""
    count = 0
    for pid in server.worker_pids():
        with suppress(FileNotFoundError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    name = str(entry.readlink())
                    count += name.startswith((str(server.cache_dir), "socket:"))
    return count


def raw_request(key: str, *fields: str) -> bytes:
    """A plain GET."""
    return "\r\n".join((f"GET /{key} HTTP/1.1", "Host: x", *fields, "", "")).encode()


def told(server: Sidecar, key: str, status: int) -> list[int]:
    """How many bytes of each answer out of the cache the log tells."""
    found = re.findall(rf"GET '/{re.escape(key)}' {status} ([0-9]+)B [0-9.]+ms cache=hit", server.log())
    return [int(count) for count in found]


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (1, 65_536), (MEBIBYTE - 1, 3 * MEBIBYTE), (5, LARGE - 1), (LARGE - 1, LARGE - 1)]
)
def test_parts_of_any_length(site: Site, key: str, body: bytes, first: int, last: int) -> None:
    """Without a file being opened, and told with its bytes."""
    with Connection(site.server.port) as connection, Opened(site.server.cache_dir) as opened:
        reply = connection.request("GET", f"/{key}", {"Range": f"bytes={first}-{last}"})
        assert (reply.status, reply.header("content-range")) == (206, f"bytes {first}-{last}/{LARGE}")
        assert reply.body == body[first : last + 1]
        assert opened.count() == 0
    site.server.process.wait_until(lambda: told(site.server, key, 206) == [last + 1 - first])


def test_requests_behind_a_large_one_wait_for_their_turn(site: Site, key: str, body: bytes) -> None:
    """A short answer never comes into the middle of a long one."""
    with Connection(site.server.port) as connection:
        for _ in range(2):
            connection.send(raw_request(f"{key}.txt") + raw_request(key) + raw_request(f"{key}.txt") * 40)
            for expected in (SHORT, body, *[SHORT] * 40):
                assert connection.read_reply().body == expected


def test_many_at_a_time(site: Site, key: str, body: bytes) -> None:
    """Each gets everything, and short ones are not held up until they are done."""

    def fetch(_: int) -> bool:
        with Connection(site.server.port) as connection:
            return connection.request("GET", f"/{key}").body == body

    with ThreadPoolExecutor(8) as threads:
        loads = threads.map(fetch, range(16))
        with Connection(site.server.port) as connection:
            for _ in range(100):
                assert connection.request("GET", f"/{key}.txt").body == SHORT
        assert all(loads)


def test_the_connection_ends_when_the_client_says_so(site: Site, key: str, body: bytes) -> None:
    """After the last byte, not before."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key, "Connection: close"))
        reply = connection.read_reply()
        assert (reply.body == body, reply.header("connection")) == (True, "close")
        assert connection.is_closed_within(PATIENCE_SECONDS)


def test_it_is_not_paced(site: Site, key: str, body: bytes) -> None:
    """Where the machine has BBR: from one end of a loopback to the other that would only take longer."""
    used = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text(encoding="ascii").strip()
    with Connection(site.server.port) as connection:
        assert connection.request("GET", f"/{key}").body == body
        ours = subprocess.run(
            ["ss", "--tcp", "--info", "--no-header", "--oneline", f"sport = :{site.server.port}"],
            check=True,
            capture_output=True,
            text=True,
        )
    assert ("reno" if used == "bbr" else used) in ours.stdout.split()


def test_who_reads_slowly_gets_everything(site: Site, key: str, body: bytes) -> None:
    """It may take several times --send-timeout as long as something is taken now and then."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key))
        assert connection.read_head().status == 200
        received = b""
        for _ in range(16):
            received += connection.read_body_bytes(MEBIBYTE // 2)
            threading.Event().wait(SEND_SECONDS / 8)
        assert received + connection.read_body_bytes() == body


def test_who_reads_nothing_is_cut(site: Site, key: str) -> None:
    """And told of with what was sent, as of one who left."""
    with Connection(site.server.port) as connection:
        before = len(told(site.server, key, 200))
        connection.send(raw_request(key))
        site.server.process.wait_until(lambda: len(told(site.server, key, 200)) > before)
        assert 0 < told(site.server, key, 200)[-1] < LARGE


@pytest.mark.parametrize("is_reset", [False, True])
def test_who_leaves_is_told_of(site: Site, key: str, *, is_reset: bool) -> None:
    """With the bytes that were sent; that is nothing to warn of."""
    before = len(told(site.server, key, 200))
    connection = Connection(site.server.port)
    connection.send(raw_request(key))
    connection.read_head()
    connection.read_body_bytes(MEBIBYTE)
    (connection.reset if is_reset else connection.close)()
    site.server.process.wait_until(lambda: len(told(site.server, key, 200)) > before)
    assert MEBIBYTE <= told(site.server, key, 200)[-1] < LARGE
    assert "WARNING" not in site.server.log()


def test_it_is_sent_to_its_end_when_the_server_stops(site: Site, key: str, body: bytes) -> None:
    """Then the connection is closed, and the server ends with 0."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key))
        assert connection.read_head().status == 200
        received = connection.read_body_bytes(MEBIBYTE)
        site.server.process.send(signal.SIGTERM)
        site.server.process.wait_until(lambda: is_refused(site.server.port))
        received += connection.read_body_bytes()
        assert received == body
        assert connection.is_closed_within(PATIENCE_SECONDS)
    assert site.server.process.wait() == 0


def is_refused(port: int) -> bool:
    """Whether nobody can connect any more."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionError:
        return True
    return False


def test_what_leaves_memory_meanwhile_is_read_from_disk(site: Site, key: str, body: bytes) -> None:
    """The loop does not wait for it, and not a byte is wrong."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key))
        assert connection.read_head().status == 200
        received = connection.read_body_bytes(MEBIBYTE)
        for path in bodies_of(site.server):
            descriptor = os.open(path, os.O_RDWR)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
        assert received + connection.read_body_bytes() == body


def test_what_is_deleted_meanwhile_is_sent_to_its_end(site: Site, key: str, body: bytes) -> None:
    """As a file that is open is anywhere."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key))
        assert connection.read_head().status == 200
        for path in bodies_of(site.server):
            path.unlink()
        assert connection.read_body_bytes() == body


def test_what_is_altered_meanwhile_is_not_sent(site: Site, key: str, body: bytes) -> None:
    """The answer is broken off short of its length, and the next one is right."""
    with Connection(site.server.port) as connection:
        connection.send(raw_request(key))
        assert connection.read_head().status == 200
        received = connection.read_body_bytes(1)
        for path in bodies_of(site.server):
            if path.stat().st_size > LARGE:
                with path.open("r+b") as file:
                    file.seek(path.stat().st_size - MEBIBYTE)
                    file.write(bytes(1000))
        with suppress(ConnectionError, AssertionError):
            received += connection.read_body_bytes()
        assert len(received) < LARGE
        assert body.startswith(received)
    with Connection(site.server.port) as connection:
        assert connection.request("GET", f"/{key}").body == body
