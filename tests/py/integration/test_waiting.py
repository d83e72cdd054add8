"""Many ask at once for something that is not in memory: they wait for one answer, and for nothing else."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

import pytest
from support.http_client import Connection, request
from support.ports import free_ports
from support.relay import Relay
from support.scrape import scrape, total
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, StartSidecar
from support.site import Site
from support.until import until

CLIENTS = 20
BODY = b"0123456789"
MEBIBYTE = 1024 * 1024

Start: TypeAlias = Callable[..., "Door"]


class Door:
    """A server with one worker, and what it counts."""

    def __init__(self, site: Site, ops_port: int) -> None:
        self.site = site
        self._ops_port = ops_port

    def count(self, name: str, **labels: str) -> float:
        """A number of its metrics."""
        return total(scrape(self._ops_port), f"s3_sidecar_{name}", **labels)

    @contextmanager
    def clients(self, target: str, count: int = CLIENTS, **headers: str) -> Iterator[list[Connection]]:
        """So many connections that have asked, and whose requests are there."""
        before = self.count("requests_in_flight")
        with ExitStack() as stack:
            connections = [stack.enter_context(Connection(self.site.server.port)) for _ in range(count)]
            for connection in connections:
                connection.send_request("GET", target, headers)
            until(lambda: self.count("requests_in_flight") == before + count)
            yield connections


def answers(port: int) -> bool:
    """Whether new connections are taken."""
    try:
        Connection(port).close()
    except ConnectionError:
        return False
    return True


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: who waits for whom is the server's own."""
    return seaweedfs


@pytest.fixture
def start(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> Start:
    """Start a server behind the test's relay."""

    def begin(*options: str) -> Door:
        (port,) = free_ports(1)
        server = start_sidecar(relay, "--ops-port", str(port), "--ops-host", "127.0.0.1", *options, workers=1)
        return Door(Site(store, relay, server), port)

    return begin


def test_one_answer_is_made_for_all(start: Start, key_prefix: str) -> None:
    """The first is a miss; all others are hits, and the bucket is asked once."""
    door, key = start(), f"{key_prefix}a"
    door.site.store.put(key, BODY)
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        assert door.count("fill_waiters") == CLIENTS
        barrier.release()
        replies = [connection.read_reply() for connection in connections]
    assert {(reply.status, reply.body) for reply in replies} == {(200, BODY)}
    statuses = [reply.header("cache-status") or "" for reply in replies]
    assert sum("fwd=uri-miss" in status for status in statuses) == 1
    assert sum("; hit" in status for status in statuses) == CLIENTS - 1
    assert door.site.fetches(key) == 1
    until(lambda: door.count("requests_in_flight") == 0)
    assert door.count("requests_total", outcome="hit") == CLIENTS - 1


def test_what_was_purged_meanwhile_is_served_to_nobody(start: Start, key_prefix: str) -> None:
    """Who waits for an answer that was cleared before it came gets a newer one."""
    door, key = start(), f"{key_prefix}a"
    door.site.store.put(key, b"old")
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        assert barrier.reached.wait(5)
        clear = request(
            door.site.server.port, "GET", "/_proxy/_private/_cache/clear", {"Authorization": f"Bearer {AUTH_KEY}"}
        )
        assert clear.status == 304
        door.site.store.put(key, b"new")
        barrier.release()
        bodies = [connection.read_reply().body for connection in connections]
    assert set(bodies[1:]) == {b"new"}
    assert bodies[0] in {b"old", b"new"}


def test_who_leaves_is_told_and_keeps_nobody(start: Start, key_prefix: str) -> None:
    """The leader and some of those behind it: the others are served, and each request is told of once."""
    door, key = start(), f"{key_prefix}a"
    door.site.store.put(key, BODY)
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        assert barrier.reached.wait(5)
        for connection in connections[:5]:
            connection.reset()
        until(lambda: door.count("requests_total", code="499") == 5)
        barrier.release()
        replies = [connection.read_reply() for connection in connections[5:]]
    assert {(reply.status, reply.body) for reply in replies} == {(200, BODY)}
    assert door.site.fetches(key) == 1
    until(lambda: door.count("requests_total", code="200") == CLIENTS - 5)
    assert door.count("requests_in_flight") == 0
    assert door.count("client_aborts_total") == 5


def test_a_client_that_does_not_read_keeps_nobody(start: Start, key_prefix: str) -> None:
    """It leads with a large object: the others have all of theirs before it takes a byte."""
    door, key, body = start(), f"{key_prefix}large", os.urandom(30 * MEBIBYTE)
    door.site.store.put(key, body)
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}", 4) as connections:
        barrier.release()
        for connection in connections[1:]:
            assert connection.read_reply().body == body
        assert connections[0].read_reply().body == body
    assert door.site.fetches(key) == 1


def test_a_missing_object_is_waited_for_once(start: Start, key_prefix: str) -> None:
    """All are told that there is none, by the one answer of the bucket."""
    door, key = start(), f"{key_prefix}missing"
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        barrier.release()
        assert {connection.read_reply().status for connection in connections} == {404}
    assert door.site.fetches(key) == 1


def test_an_outage_is_told_to_all(start: Start, key_prefix: str) -> None:
    """Nobody waits for one failure after the other."""
    door, key = start(), f"{key_prefix}a"
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        assert barrier.reached.wait(5)
        door.site.relay.refuse()
        assert {connection.read_reply().status for connection in connections} == {503}


def test_requests_behind_one_that_waits_keep_their_order(start: Start, key_prefix: str) -> None:
    """Pipelined ones, on a connection that closes after the last."""
    door, key = start(), f"{key_prefix}a"
    door.site.store.put(key, BODY)
    door.site.store.put(f"{key_prefix}b", b"second")
    with (
        door.site.relay.hold(key) as barrier,
        door.clients(f"/{key}", 2) as connections,
        Connection(door.site.server.port) as pipelining,
    ):
        pipelining.send_request("GET", f"/{key}")
        pipelining.send_request("GET", f"/{key_prefix}b")
        pipelining.send_request("GET", f"/{key}", {"Connection": "close"})
        until(lambda: door.count("requests_in_flight") == 3)
        barrier.release()
        assert [pipelining.read_reply().body for _ in range(3)] == [BODY, b"second", BODY]
        assert pipelining.is_closed_within(5)
        assert {connection.read_reply().body for connection in connections} == {BODY}


def test_who_waits_when_the_server_ends_is_answered(start: Start, key_prefix: str) -> None:
    """A stop waits for them, as for every request."""
    door, key = start(), f"{key_prefix}a"
    door.site.store.put(key, BODY)
    with door.site.relay.hold(key) as barrier, door.clients(f"/{key}") as connections:
        door.site.server.process.send(signal.SIGTERM)
        until(lambda: not answers(door.site.server.port))
        barrier.release()
        assert {connection.read_reply().body for connection in connections} == {BODY}
        assert all(connection.is_closed_within(5) for connection in connections)
    assert door.site.server.stop() == 0
