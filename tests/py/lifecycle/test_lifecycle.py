"""A server's beginning, its end, and what happens when a part of it dies."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.http_client import Connection, request
from support.ports import free_ports
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.until import PATIENCE_SECONDS


def leaves_nothing(server: Sidecar) -> bool:
    """Whether every process of the server ends soon after the main one."""
    return server.process.leftovers() == []


def test_it_starts_and_stops(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """SIGTERM ends an idle server with 0, at once, and leaves no process behind."""
    server = start_sidecar(seaweedfs, workers=2)
    assert server.stop() == 0
    assert leaves_nothing(server)


def test_it_is_few_processes(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """Beside the main process and the workers there is multiprocessing's resource tracker alone: each costs memory."""
    server = start_sidecar(seaweedfs, workers=2)
    assert len(server.process.descendants()) == 3
    assert len(server.worker_pids()) == 2


@pytest.mark.parametrize("attempt", range(5))
def test_it_may_be_stopped_as_soon_as_a_worker_is_ready(seaweedfs: SeaweedFS, tmp_path: Path, attempt: int) -> None:
    """SIGTERM while the other workers still start ends it with 0 too."""
    server = Sidecar(seaweedfs, workers=3, folder=tmp_path)
    try:
        server.launch()
        server.process.wait_until(lambda: "worker ready" in server.log())
        assert server.stop() == 0
        assert leaves_nothing(server)
    finally:
        server.kill()


def test_it_may_be_stopped_before_any_worker_is_ready(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """SIGTERM right after the address is claimed ends it with 0."""
    server = Sidecar(seaweedfs, workers=2, folder=tmp_path)
    try:
        server.launch()
        server.process.wait_until(lambda: "listening on" in server.log())
        assert server.stop() == 0
        assert leaves_nothing(server)
    finally:
        server.kill()


def test_ctrl_c_ends_it_without_a_traceback(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """A terminal sends SIGINT to every process of the group: the end is as orderly as with SIGTERM."""
    server = start_sidecar(seaweedfs, workers=2)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait() == 0
    assert "Traceback" not in server.log()
    assert leaves_nothing(server)


def test_what_is_in_flight_is_finished(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """An answer that is being sent at SIGTERM is sent to its end, and its connection is closed after it."""
    body = os.urandom(400_000)
    seaweedfs.put(f"{key_prefix}a.bin", body, content_type="application/octet-stream")
    with Relay(seaweedfs) as relay, relay.pause_after(f"{key_prefix}a.bin", 100_000) as barrier:
        server = start_sidecar(relay)
        with Connection(server.port) as connection:
            connection.send_request("GET", f"/{key_prefix}a.bin")
            assert barrier.reached.wait(PATIENCE_SECONDS)
            head = connection.read_head()
            server.process.send(signal.SIGTERM)
            server.process.wait_until(lambda: is_refused(server.port))
            barrier.release()
            assert (head.status, connection.read_body_bytes()) == (200, body)
            assert connection.is_closed_within(PATIENCE_SECONDS)
        assert server.process.wait() == 0


def test_idle_connections_do_not_hold_it_up(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """A client that keeps its connection open is closed at SIGTERM."""
    server = start_sidecar(seaweedfs)
    with Connection(server.port) as connection:
        assert connection.request("GET", "/no-such-key").status == 404
        server.process.send(signal.SIGTERM)
        assert connection.is_closed_within(PATIENCE_SECONDS)
    assert server.process.wait() == 0


def test_it_says_that_it_leaves_and_goes_on_for_a_while(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """Load balancers hear of it from /readyz, while new connections are still served; then it ends as ever."""
    (ops_port,) = free_ports(1)
    server = start_sidecar(seaweedfs, "--ops-port", str(ops_port), "--drain-delay", "6")
    server.process.wait_until(lambda: request(ops_port, "GET", "/readyz").status == 200)
    began = time.monotonic()
    server.process.send(signal.SIGTERM)
    server.process.wait_until(lambda: request(ops_port, "GET", "/readyz").status == 503)
    assert request(server.port, "GET", "/no-such-key").status == 404
    assert request(ops_port, "GET", "/healthz").status == 200
    assert server.process.wait() == 0
    assert 6 <= time.monotonic() - began < 16
    assert leaves_nothing(server)


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
def test_who_is_in_a_hurry_does_not_wait(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, numbers: tuple[signal.Signals, ...]
) -> None:
    """Ctrl-C ends it at once, and so does a second SIGTERM: in good order."""
    server = start_sidecar(seaweedfs, "--drain-delay", "600")
    *earlier, last = numbers
    for number in earlier:
        server.process.send(number)
        server.process.wait_until(lambda: "requests are taken for another" in server.log())
    server.process.send(last)
    assert server.process.wait() == 0
    assert leaves_nothing(server)


def test_it_stops_under_load(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """SIGTERM under load ends it with 0 within ten seconds, and no answer was wrong."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    server = start_sidecar(seaweedfs, "--log-level", "debug", workers=2)
    with ThreadPoolExecutor(8) as threads:
        loads = [threads.submit(ask_until_refused, server.port, f"/{key_prefix}a") for _ in range(8)]
        server.process.wait_until(lambda: server.log().count(f"/{key_prefix}a") > 200)
        server.process.send(signal.SIGTERM)
        code = server.process.wait()
        answers = [answer for load in loads for answer in load.result()]
    assert code == 0
    assert set(answers) <= {(200, b"abc")}
    assert leaves_nothing(server)


def test_a_killed_worker_is_replaced(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """After kill -9 of a worker another one takes its place, and the cache is still there."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    server = start_sidecar(seaweedfs, workers=2)
    assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
    for round_number in range(1, 3):
        os.kill(server.worker_pids()[0], signal.SIGKILL)
        server.process.wait_until(lambda: server.log().count("worker ready") == 2 + round_number)  # noqa: B023 - called in this round
    assert len(server.worker_pids()) == 2
    assert {request(server.port, "GET", f"/{key_prefix}a").body for _ in range(20)} == {b"abc"}
    assert server.stop() == 0


def test_all_workers_may_die_at_once(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """With every worker killed the server comes back by itself."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    server = start_sidecar(seaweedfs, workers=2)
    for pid in server.worker_pids():
        os.kill(pid, signal.SIGKILL)
    server.process.wait_until(lambda: server.log().count("worker ready") == 4)
    assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"


def test_a_replaced_worker_still_clears_for_all(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """The epoch is shared with a worker that was started later, too."""
    key = f"{key_prefix}a"
    server = start_sidecar(seaweedfs, workers=2)
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    server.process.wait_until(lambda: server.log().count("worker ready") == 3)
    for version in (b"one", b"two"):
        seaweedfs.put(key, version, content_type="text/plain")
        clear = request(server.port, "GET", "/_proxy/_private/_cache/clear", {"authorization": "Bearer abc123"})
        assert clear.status == 304
        assert {request(server.port, "GET", f"/{key}").body for _ in range(20)} == {version}


def test_workers_end_with_a_killed_main_process(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """When the main process is killed, its workers do not serve on without supervision, nor hold the port."""
    server = start_sidecar(seaweedfs, workers=2)
    workers = server.worker_pids()
    server.process.send(signal.SIGKILL)
    server.process.wait()
    assert set(server.process.leftovers()).isdisjoint(workers)
    assert is_refused(server.port)


def test_unfinished_bodies_of_a_killed_server_are_swept(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str, tmp_path: Path
) -> None:
    """What a killed server was writing is removed at the next start; nothing else in the directory is."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "not-ours.part").write_text("keep")
    seaweedfs.put(f"{key_prefix}a.bin", os.urandom(400_000), content_type="application/octet-stream")
    with Relay(seaweedfs) as relay, relay.pause_after(f"{key_prefix}a.bin", 100_000) as barrier:
        server = start_sidecar(relay, cache_dir=cache)
        with Connection(server.port) as connection:
            connection.send_request("GET", f"/{key_prefix}a.bin")
            assert barrier.reached.wait(PATIENCE_SECONDS)
            assert connection.read_head().status == 200
            server.kill()
    assert len(list(cache.glob("*.part"))) == 2
    start_sidecar(seaweedfs, cache_dir=cache)
    assert [path.name for path in cache.glob("*.part")] == ["not-ours.part"]


def test_it_listens_on_a_unix_socket(seaweedfs: SeaweedFS, tmp_path: Path, key_prefix: str) -> None:
    """With --host unix:/path serves there, and the socket is gone afterwards."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    path = tmp_path / "s3proxy.sock"
    server = Sidecar(seaweedfs, "--host", f"unix:{path}", folder=tmp_path)
    try:
        server.launch()
        server.process.wait_until(lambda: "worker ready" in server.log())
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
            client.sendall(f"GET /{key_prefix}a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nabc")
        assert server.stop() == 0
        assert not path.exists()
    finally:
        server.kill()


def is_refused(port: int) -> bool:
    """Whether nobody listens on the port any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def ask_until_refused(port: int, target: str) -> list[tuple[int, bytes]]:
    """Ask again and again until the server is gone; what it answered."""
    answers = []
    with suppress(OSError, ValueError):
        for _ in range(10_000):
            reply = request(port, "GET", target, timeout=5)
            answers.append((reply.status, reply.body))
    return answers
