"""Answers from memory: ended at once by whatever ends what is stored, in their order, bounded, and told once each."""

import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
from support.cache_folder import bodies_of
from support.http_client import Connection, request
from support.opened import Opened
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

PRIVATE = "/_proxy/_private"
CLEAR = f"{PRIVATE}/_cache/clear"
MEBIBYTE = 1024 * 1024
CONNECTIONS = 12
"""Enough to have some to each of two workers."""
TIMES = 3

StartSite: TypeAlias = Callable[..., Site]


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: what is in memory is the server's own."""
    return seaweedfs


@pytest.fixture
def start(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> StartSite:
    """Start a server behind the test's relay."""

    def begin(*options: str, workers: int = 2) -> Site:
        return Site(store, relay, start_sidecar(relay, *options, workers=workers))

    return begin


@contextmanager
def visitors(server: Sidecar, target: str, count: int = CONNECTIONS) -> Iterator[list[Connection]]:
    """Connections to all workers, each of which answers from memory by the end of this."""
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.port)) for _ in range(count)]
        for connection in connections:
            for _ in range(TIMES):
                assert connection.request("GET", target).status == 200
        # What a clear has left is looked at and removed in the background, which opens files too.
        until(lambda: are_hot(server, target, connections))
        yield connections


def are_hot(server: Sidecar, target: str, connections: list[Connection]) -> bool:
    """Whether each gets its answer without any file of the cache being opened."""
    with Opened(server.cache_dir) as opened:
        for connection in connections:
            connection.request("GET", target)
        return opened.count() == 0


def bodies(connections: list[Connection], target: str) -> set[bytes]:
    """What each of them gets now."""
    return {connection.request("GET", target).body for connection in connections}


def peak_bytes(pid: int) -> int:
    """The most memory a process has had so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def order(server: Sidecar, name: str, body: object) -> None:
    """Let a management endpoint do something."""
    headers = {"Authorization": f"Bearer {AUTH_KEY}"}
    reply = request(server.port, "POST", f"{PRIVATE}/{name}", headers, body=json.dumps(body).encode())
    assert reply.status == 200, reply.body


def until_asked(site: Site, key: str, ask: Callable[[], object]) -> None:
    """Ask until the store is asked: soon, and at the latest when the kernel has told of what happened."""
    before = site.fetches(key)

    def is_asked() -> bool:
        ask()
        return site.fetches(key) > before

    until(is_asked)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_makes_it_hot_too(start: StartSite, key_prefix: str, method: str) -> None:
    """Clients that only revalidate, or ask for heads, are answered from memory as well."""
    site, key = start(workers=1), f"{key_prefix}a"
    site.store.put(key, b"abc")
    etag = site.get(f"/{key}").header("etag") or ""  # the answer to a HEAD comes before the body is stored
    held = {"If-None-Match": etag} if method == "GET" else {}
    with Connection(site.server.port) as connection:
        for _ in range(TIMES):
            connection.request(method, f"/{key}", held)
        with Opened(site.server.cache_dir) as opened:
            assert connection.request(method, f"/{key}", held).status == (304 if held else 200)
            assert opened.count() == 0


# What ends an answer --------------------------------------------------------------------------------------------------


def test_a_clear_is_seen_by_the_very_next_request(start: StartSite, key_prefix: str) -> None:
    """Of every worker, after the clear is answered."""
    site, key = start(), f"{key_prefix}a"
    site.store.put(key, b"0")
    with visitors(site.server, f"/{key}") as connections:
        for number in range(1, 6):
            site.store.put(key, b"%d" % number)
            assert bodies(connections, f"/{key}") == {b"%d" % (number - 1)}
            assert site.get(CLEAR, authorization=f"Bearer {AUTH_KEY}").status == 304
            assert bodies(connections, f"/{key}") == {b"%d" % number}
            bodies(connections, f"/{key}")
            bodies(connections, f"/{key}")
            until(lambda: are_hot(site.server, f"/{key}", connections))


PURGES = {
    "key": {"key": "/a"},
    "softly": {"key": "/a", "soft": True},
    "prefix": {"prefix": "/"},
}


@pytest.mark.parametrize("rule", PURGES.values(), ids=PURGES)
def test_a_purge_is_seen_by_the_very_next_request(start: StartSite, key_prefix: str, rule: dict[str, object]) -> None:
    """Of every worker, after the purge is answered."""
    options = ("--prefix", key_prefix, "--stale-while-revalidate", "0")
    site = start(*options)
    site.store.put(f"{key_prefix}a", b"0")
    with visitors(site.server, "/a") as connections:
        site.store.put(f"{key_prefix}a", b"1")
        assert bodies(connections, "/a") == {b"0"}
        order(site.server, "cache/purge", rule)
        assert bodies(connections, "/a") == {b"1"}


def test_a_release_is_seen_by_the_very_next_request(start: StartSite, key_prefix: str) -> None:
    """Of every worker, and a switch back too."""
    site = start("--prefix", f"{key_prefix}one")
    for release in (b"one", b"two"):
        site.store.put(f"{key_prefix}{release.decode()}/a", release)
    with visitors(site.server, "/a") as connections:
        for release in (b"two", b"one") * 3:
            order(site.server, "prefix", {"prefix": f"{key_prefix}{release.decode()}"})
            for _ in range(TIMES):
                assert bodies(connections, "/a") == {release}
            until(lambda: are_hot(site.server, "/a", connections))


def test_freshness_ends_in_memory_as_well(start: StartSite, key_prefix: str) -> None:
    """No answer is older than it may be, and the one after that is of the new version."""
    site, key = start("--stale-while-revalidate", "0"), f"{key_prefix}a"
    site.store.put(key, b"old", cache_control="max-age=6")
    with visitors(site.server, f"/{key}") as connections:
        site.store.put(key, b"new", cache_control="max-age=60")
        for connection in connections:
            while (reply := connection.request("GET", f"/{key}")).body == b"old":
                assert int(reply.header("age") or "") < 6
            assert reply.body == b"new"
            assert connection.request("GET", f"/{key}").body == b"new"


def delete_bodies(server: Sidecar) -> None:
    """Do as `find -delete` does."""
    for path in bodies_of(server):
        path.unlink(missing_ok=True)


DELETIONS: dict[str, Callable[[Sidecar], object]] = {
    "bodies": delete_bodies,
    "directory": lambda server: shutil.rmtree(server.cache_dir),
}


@pytest.mark.parametrize("delete", DELETIONS.values(), ids=DELETIONS)
def test_what_an_operator_deletes_is_fetched_anew(
    start: StartSite, key_prefix: str, delete: Callable[[Sidecar], object]
) -> None:
    """By every worker that asks, soon, and as often as it is deleted."""
    site, key = start(), f"{key_prefix}a"
    site.store.put(key, b"abc")
    for _ in range(3):
        with visitors(site.server, f"/{key}") as connections:
            delete(site.server)
            until_asked(site, key, lambda: bodies(connections[:1], f"/{key}"))
            assert bodies(connections, f"/{key}") == {b"abc"}


@pytest.mark.parametrize("size", [10, 3 * MEBIBYTE], ids=["in memory", "out of its file"])
def test_an_altered_file_is_never_sent(start: StartSite, key_prefix: str, size: int) -> None:
    """Not a byte of it, neither in parts nor whole."""
    site, key, body = start(workers=1), f"{key_prefix}a", os.urandom(size)
    site.store.put(key, body)
    with Connection(site.server.port) as connection:
        part = {"Range": f"bytes={size - 9}-{size - 2}"}
        for _ in range(TIMES):
            assert connection.request("GET", f"/{key}").body == body
            assert connection.request("GET", f"/{key}", part).body == body[-9:-1]
        with Opened(site.server.cache_dir) as opened:
            assert connection.request("GET", f"/{key}", part).body == body[-9:-1]
            assert opened.count() == 0
        for path in bodies_of(site.server):
            with path.open("r+b") as file:
                content = file.read()
                file.seek(0)
                file.write(content.replace(body[-9:], bytes(9)))
        assert connection.request("GET", f"/{key}", part).body == body[-9:-1]
        assert connection.request("GET", f"/{key}").body == body


def test_what_a_sibling_fetches_takes_its_place(start: StartSite, key_prefix: str) -> None:
    """A client that wants it from the bucket gets the new version, and soon so does everybody of every worker."""
    site, key = start("--honor-client-cache-control", "true"), f"{key_prefix}a"
    site.store.put(key, b"old")
    with visitors(site.server, f"/{key}") as connections:
        site.store.put(key, b"new")
        asked = connections[0].request("GET", f"/{key}", {"Cache-Control": "no-cache"})
        assert asked.body == b"new"
        assert connections[0].request("GET", f"/{key}").body == b"new"


def test_what_is_evicted_leaves_memory_too(start: StartSite, key_prefix: str) -> None:
    """What is in memory lies on disk: there is never more than one of both bounds."""
    site, key = start("--cache-max-size", "4MiB", "--cache-min-free", "0"), f"{key_prefix}a"
    site.store.put(key, b"abc")
    with visitors(site.server, f"/{key}") as connections:
        for number in range(6):
            site.store.put(f"{key_prefix}{number}", bytes(MEBIBYTE))
            site.get(f"/{key_prefix}{number}")
        until_asked(site, key, lambda: bodies(connections, f"/{key}"))


# Bounds and order -----------------------------------------------------------------------------------------------------


def test_memory_is_bounded(start: StartSite, key_prefix: str) -> None:
    """Fifty mebibytes asked for again and again take no more than --hot-size, and what handling them takes."""
    site = start("--hot-size", "4MiB", workers=1)
    (worker,) = site.server.worker_pids()
    keys = [f"{key_prefix}{number}" for number in range(200)]
    for key in keys:
        site.store.put(key, os.urandom(MEBIBYTE // 4))
    with Connection(site.server.port) as connection:
        for key in keys[:10] * TIMES:
            connection.request("GET", f"/{key}")
        before = peak_bytes(worker)
        for _ in range(TIMES + 1):
            for key in keys:
                assert len(connection.request("GET", f"/{key}").body) == MEBIBYTE // 4
    assert peak_bytes(worker) - before < 12 * MEBIBYTE


def test_who_reads_slowly_holds_nothing(start: StartSite, key_prefix: str) -> None:
    """A hundred times a mebibyte is asked for at once: it is sent as it is taken, all of it, in its order."""
    site, key, body = start(workers=1), f"{key_prefix}a", os.urandom(MEBIBYTE)
    site.store.put(key, body)
    site.store.put(f"{key_prefix}b", b"short")
    (worker,) = site.server.worker_pids()
    with visitors(site.server, f"/{key}", 1), visitors(site.server, f"/{key_prefix}b", 1):
        before = peak_bytes(worker)
        # A part is a copy of its own, which a whole body in memory is not.
        part = f"GET /{key} HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n"
        pair = f"{part}GET /{key_prefix}b HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        with Connection(site.server.port) as connection:
            connection.send(pair * 100)
            assert request(site.server.port, "GET", f"/{key}").body == body  # others are served meanwhile
            for _ in range(100):
                assert connection.read_reply().body == body[1:]
                assert connection.read_reply().body == b"short"
        assert peak_bytes(worker) - before < 12 * MEBIBYTE


def test_who_leaves_in_the_middle_harms_nobody(start: StartSite, key_prefix: str) -> None:
    """With a reset, or with an end, while a lot is still to be sent."""
    site, key, body = start(workers=1), f"{key_prefix}a", os.urandom(MEBIBYTE)
    site.store.put(key, body)
    with visitors(site.server, f"/{key}", 1) as (other,):
        for number in range(20):
            leaving = Connection(site.server.port)
            leaving.send(f"GET /{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 50)
            leaving.read_head()
            leaving.read_body_bytes(1000 * number)
            (leaving.reset if number % 2 else leaving.close)()
            assert other.request("GET", f"/{key}").body == body
    assert "Traceback" not in site.server.log()
    assert "ERROR" not in site.server.log()


def test_ten_thousand_pipelined_requests(start: StartSite, key_prefix: str) -> None:
    """A hundred at once, for ten objects in turn: each answer is in its place."""
    site, keys = start(), [f"{key_prefix}{number}" for number in range(10)]
    for key in keys:
        site.store.put(key, key.encode() * 50)
    batch = b"".join(f"GET /{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for key in keys) * 10
    with Connection(site.server.port) as connection:
        for _ in range(100):
            connection.send(batch)
            assert [connection.read_reply().body for _ in range(100)] == [key.encode() * 50 for key in keys] * 10


def test_requests_may_be_cut_anywhere_for_ever(start: StartSite, key_prefix: str) -> None:
    """A client that always has a part of its next request on the way is not too slow: --request-timeout is for one."""
    site, key = start("--request-timeout", "2", workers=1), f"{key_prefix}a"
    site.store.put(key, b"abc")
    raw = f"GET /{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with visitors(site.server, f"/{key}", 1), Connection(site.server.port) as connection:
        connection.send(raw[:9])
        ends_at = time.monotonic() + 5
        while time.monotonic() < ends_at:
            connection.send(raw[9:] + raw[:9])
            assert connection.read_reply().status == 200


def test_who_has_read_slowly_may_ask_again(start: StartSite, key_prefix: str) -> None:
    """The time for the next request begins when the last answer was taken: nobody asks before that."""
    limits = ("--keep-alive-timeout", "4", "--send-timeout", "4")
    site, key, count = start(*limits, workers=1), f"{key_prefix}a", 60
    site.store.put(key, os.urandom(MEBIBYTE))
    with visitors(site.server, f"/{key}", 1), Connection(site.server.port) as connection:
        connection.send(f"GET /{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * count)
        for number in range(count):
            assert connection.read_head().status == 200
            connection.read_body_bytes()
            threading.Event().wait(0.1 if number < count - 1 else 0)
        assert not connection.is_closed_within(0.5)
        assert connection.request("GET", f"/{key}").status == 200


# The end of a server, and what is told --------------------------------------------------------------------------------


def ask_until_closed(port: int, target: str, body: bytes, pipelined: int, told: Callable[[int], object]) -> int:
    """Ask on one connection until it is closed; how many answers came, each of them whole, is `told` all the time."""
    raw = f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * pipelined
    answer = re.compile(rb"HTTP/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n" + re.escape(body))
    count, received = 0, bytearray()
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        try:
            while True:
                connection.sendall(raw)
                while received.count(b"HTTP/1.1 200") < pipelined or not received.endswith(body):
                    piece = connection.recv(65536)
                    if not piece:
                        raise ConnectionResetError
                    received += piece
                assert answer.sub(b"", received) == b""
                count += pipelined
                received.clear()
                told(count)
        except ConnectionError:
            pass
    assert answer.sub(b"", received) == b""
    return count + received.count(b"HTTP/1.1 200")


def test_it_stops_while_hot_answers_flow(start: StartSite, key_prefix: str) -> None:
    """Each request gets a whole answer or none, and the server ends with 0."""
    site, key, body = start(), f"{key_prefix}a", b"<" + b"x" * 2_000 + b">"
    site.store.put(key, body)
    with visitors(site.server, f"/{key}"):
        pass
    batches = (1, 1, 1, 1, 2, 5, 20, 50)
    answers = [0] * len(batches)
    with ThreadPoolExecutor(len(batches)) as threads:
        loads = [
            threads.submit(
                ask_until_closed, site.server.port, f"/{key}", body, pipelined, partial(answers.__setitem__, number)
            )
            for number, pipelined in enumerate(batches)
        ]
        try:
            until(lambda: min(answers) > 50)
        finally:
            site.server.process.send(signal.SIGTERM)
        assert site.server.process.wait() == 0
        assert all(load.result() > 50 for load in loads)
    assert "Traceback" not in site.server.log()


def test_every_answer_is_told_once(start: StartSite, key_prefix: str) -> None:
    """From memory or not, one line each: of pipelined ones, of parts, of what is held, and of HEAD."""
    site, key = start("-l", "debug"), f"{key_prefix}told"
    site.store.put(key, b"0123456789")
    etag = site.get(f"/{key}").header("etag") or ""
    kinds: list[tuple[str, dict[str, str], str]] = [
        ("GET", {}, "200 10B"),
        ("HEAD", {}, "200 0B"),
        ("GET", {"Range": "bytes=0-2"}, "206 3B"),
        ("GET", {"If-None-Match": etag}, "304 0B"),
        ("GET", {"Range": "bytes=99-"}, "416 26B"),
        ("GET", {"If-Match": '"x"'}, "412 24B"),
    ]
    with visitors(site.server, f"/{key}") as connections, Opened(site.server.cache_dir) as opened:
        asked = 1 + CONNECTIONS * (TIMES + 1)
        site.server.process.wait_until(lambda: len(re.findall(f"GET '/{key}' 200 10B", site.server.log())) == asked)
        before = {said: lines_of(site.server, method, key, said) for method, _, said in kinds}
        for connection in connections:
            for method, headers, _ in kinds:
                connection.send_request(method, f"/{key}", headers)
            for method, _, said in kinds:
                assert connection.read_reply(method).status == int(said[:3])
        assert opened.count() == 0
    for method, _, said in kinds:
        site.server.process.wait_until(
            lambda: lines_of(site.server, method, key, said) >= before[said] + len(connections),  # noqa: B023 - called in this round
        )
    assert [lines_of(site.server, method, key, said) - before[said] for method, _, said in kinds] == [
        len(connections)
    ] * len(kinds)


def lines_of(server: Sidecar, method: str, key: str, said: str) -> int:
    """How often the log tells of such an answer, out of the cache."""
    return len(re.findall(rf"{method} '/{key}' {said} [0-9.]+ms cache=hit from=127\.0\.0\.1", server.log()))
