"""Workers that are killed while they fetch for the whole node."""

import os
import signal
from contextlib import ExitStack

import pytest
from support.cache_folder import holders_of_parts, leaders_of_parts
from support.http_client import Connection
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS

WORKERS = 3
BODY = os.urandom(4 * 1024 * 1024)
MOST_CLIENTS = 200


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the faults are the server's own."""
    return seaweedfs


@pytest.fixture
def node(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> Site:
    """Serve with three workers."""
    return Site(store, relay, start_sidecar(relay, workers=WORKERS))


def crowd(site: Site, target: str, clients: ExitStack) -> list[Connection]:
    """Ask for the same object until every worker has it open."""
    asking: list[Connection] = []
    while len(holders_of_parts(site.server)) < WORKERS:
        assert len(asking) < MOST_CLIENTS
        asking.append(clients.enter_context(Connection(site.server.port, timeout=PATIENCE_SECONDS)))
        asking[-1].send_request("GET", target)
    return asking


def kill_leader(site: Site) -> int:
    """SIGKILL the worker that fetches."""
    (leader,) = leaders_of_parts(site.server)
    os.kill(leader, signal.SIGKILL)
    return leader


def received(connection: Connection) -> bytes | None:
    """The whole body of a 200; None when the connection broke."""
    try:
        reply = connection.read_reply()
    except ConnectionError:
        return None
    assert reply.status == 200
    return reply.body


def the_rest(connection: Connection) -> bytes | None:
    """What follows of a body; None when the connection broke."""
    try:
        return connection.read_body_bytes()
    except ConnectionError:
        return None


def test_followers_go_on_where_a_killed_leader_stopped(node: Site, key_prefix: str) -> None:
    """Clients of the other workers get all of the body; the store is asked for the rest of that very version."""
    key = f"{key_prefix}a.bin"
    etag = node.store.put(key, BODY)
    stop = len(BODY) * 6 // 10
    with ExitStack() as clients, node.relay.pause_after(key, stop) as barrier:
        connections = crowd(node, f"/{key}", clients)
        assert {connection.read_head().status for connection in connections} == {200}
        assert {connection.read_body_bytes(stop) == BODY[:stop] for connection in connections} == {True}
        assert barrier.reached.wait(PATIENCE_SECONDS)
        kill_leader(node)
        rests = [the_rest(connection) for connection in connections]
    assert {rest == BODY[stop:] for rest in rests if rest is not None} == {True}
    assert None in rests
    first, second = (seen for seen in node.relay.exchanges if seen.key == key)
    assert first.header("range") is None
    assert (second.header("if-match"), second.status) == (etag, 206)
    assert second.header("range") == f"bytes={stop}-"
    assert node.get(f"/{key}").body == BODY
    assert node.fetches(key) == 2


def test_followers_ask_anew_when_a_leader_is_killed_before_its_answer(node: Site, key_prefix: str) -> None:
    """Nothing had come: another worker asks for all of it, once."""
    key = f"{key_prefix}a.bin"
    node.store.put(key, BODY)
    with ExitStack() as clients, node.relay.hold(key) as barrier:
        connections = crowd(node, f"/{key}", clients)
        assert barrier.reached.wait(PATIENCE_SECONDS)
        kill_leader(node)
        node.server.process.wait_until(lambda: node.fetches(key) == 2)
        barrier.release()
        bodies = [received(connection) for connection in connections]
    assert {body == BODY for body in bodies if body is not None} == {True}
    assert None in bodies
    assert node.fetches(key) == 2


def test_every_leader_may_be_killed(node: Site, key_prefix: str) -> None:
    """The next one goes on where the last one stopped, as long as there is one."""
    key = f"{key_prefix}a.bin"
    node.store.put(key, BODY)
    with ExitStack() as clients, node.relay.pause_after(key, len(BODY) // 4) as barrier:
        connections = crowd(node, f"/{key}", clients)
        killed = set[int]()
        assert barrier.reached.wait(PATIENCE_SECONDS)
        for round_number in range(1, WORKERS):
            half_way = node.relay.exchanges[round_number - 1]
            node.server.process.wait_until(lambda seen=half_way: seen.body_bytes == len(BODY) // 4)  # type: ignore[misc]  # it has a default
            killed.add(kill_leader(node))
            node.server.process.wait_until(lambda n=round_number: node.fetches(key) == n + 1)  # type: ignore[misc]  # likewise
        barrier.release()
        bodies = [received(connection) for connection in connections]
    assert len(killed) == WORKERS - 1
    assert {body == BODY for body in bodies if body is not None} == {True}
    assert node.fetches(key) == WORKERS


def test_two_versions_are_never_mixed(node: Site, key_prefix: str) -> None:
    """The object is replaced, then its leader killed: who reads along is cut off; the next gets the new version."""
    key, other = f"{key_prefix}a.bin", os.urandom(len(BODY))
    node.store.put(key, BODY)
    stop = len(BODY) * 6 // 10
    with ExitStack() as clients, node.relay.pause_after(key, stop) as barrier:
        connections = crowd(node, f"/{key}", clients)
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert {connection.read_head().status for connection in connections} == {200}
        assert {connection.read_body_bytes(stop // 2) == BODY[: stop // 2] for connection in connections} == {True}
        node.store.put(key, other)
        kill_leader(node)
        for connection in connections:
            with pytest.raises(ConnectionError):
                connection.read_body_bytes()
        barrier.release()
    assert {node.get(f"/{key}").body == other for _ in range(6)} == {True}


def test_what_a_killed_leader_left_is_gone_on_with_later(node: Site, key_prefix: str) -> None:
    """Nobody reads along: the next client, of another worker, gets all of it, and only the rest is fetched."""
    key = f"{key_prefix}a.bin"
    node.store.put(key, BODY)
    leave_unfinished(node, key)
    assert node.get(f"/{key}").body == BODY
    assert [seen.status for seen in node.relay.exchanges if seen.key == key] == [200, 206]


def test_what_a_killed_leader_left_of_another_version_is_forgotten(node: Site, key_prefix: str) -> None:
    """Nobody reads along, and the object is replaced: the next client gets the new version, and no error."""
    key, other = f"{key_prefix}a.bin", os.urandom(len(BODY))
    node.store.put(key, BODY)
    leave_unfinished(node, key)
    node.store.put(key, other)
    reply = node.get(f"/{key}")
    assert (reply.status, reply.body == other) == (200, True)
    assert {node.get(f"/{key}").body == other for _ in range(6)} == {True}


def leave_unfinished(site: Site, key: str) -> None:
    """Kill the only worker that fetches an object when it has more than half of it."""
    with site.relay.pause_after(key, len(BODY) * 6 // 10) as barrier, Connection(site.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert connection.read_head().status == 200
        connection.read_body_bytes(len(BODY) // 2)
        kill_leader(site)


def test_a_silent_follower_is_no_leader(node: Site, key_prefix: str) -> None:
    """A worker that only reads along is killed: nobody else notices."""
    key = f"{key_prefix}a.bin"
    node.store.put(key, BODY)
    with ExitStack() as clients, node.relay.pause_after(key, len(BODY) // 2) as barrier:
        connections = crowd(node, f"/{key}", clients)
        follower = min(holders_of_parts(node.server) - leaders_of_parts(node.server))
        os.kill(follower, signal.SIGKILL)
        barrier.release()
        bodies = [received(connection) for connection in connections]
    assert {body == BODY for body in bodies if body is not None} == {True}
    assert node.fetches(key) == 1
