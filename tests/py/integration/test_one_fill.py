"""One fill per object and node: whoever wants an object while it is fetched reads along, in whichever worker."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.cache_folder import holders_of_parts
from support.http_client import Connection, fetch_many
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

CLIENTS = 500
WORKERS = 4
MEBIBYTE = 1024 * 1024
MOST_CLIENTS = 200
PASSING = [("no-store", MEBIBYTE), ("private", MEBIBYTE), ("max-age=60", 5 * MEBIBYTE)]


@pytest.fixture(scope="module")
def node(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with four workers; what is larger than 4 MiB is not stored."""
    folder = tmp_path_factory.mktemp("node")
    options = ("--max-object-size", "4MiB", "-l", "debug")
    with Relay(seaweedfs) as relay, Sidecar(relay, *options, workers=WORKERS, folder=folder) as server:
        yield Site(seaweedfs, relay, server)


def crowd(site: Site, target: str, clients: ExitStack) -> list[Connection]:
    """Ask for the same object until every worker has it open."""
    asking: list[Connection] = []
    while len(holders_of_parts(site.server)) < WORKERS:
        assert len(asking) < MOST_CLIENTS
        asking.append(clients.enter_context(Connection(site.server.port)))
        asking[-1].send_request("GET", target)
    return asking


def answerers(site: Site, key: str) -> set[int]:
    """The workers that have told of an answer for an object."""
    told = [json.loads(line) for line in site.server.log().splitlines() if f"'/{key}'" in line]
    return {line["pid"] for line in told}


async def test_a_cold_object_is_fetched_once(node: Site, key_prefix: str) -> None:
    """Five hundred clients at once, four workers: one GetObject, and every body is right."""
    key, body = f"{key_prefix}cold.bin", os.urandom(100_000)
    node.store.put(key, body)
    replies = await fetch_many(node.server.url, [f"/{key}"] * CLIENTS, CLIENTS)
    assert {(reply.status, reply.body == body) for reply in replies} == {(200, True)}
    assert node.fetches(key) == 1


async def test_a_missing_object_is_asked_for_once_by_each_worker(node: Site, key_prefix: str) -> None:
    """Five hundred clients at once: everybody is told 404, and no worker asks twice; each keeps it in its memory."""
    replies = await fetch_many(node.server.url, [f"/{key_prefix}missing"] * CLIENTS, CLIENTS)
    assert {reply.status for reply in replies} == {404}
    assert 1 <= node.fetches(f"{key_prefix}missing") <= WORKERS


def test_who_waits_for_a_missing_object_is_told_by_its_leader(node: Site, key_prefix: str) -> None:
    """Clients of every worker wait while the store says nothing: one GetObject is the 404 of them all."""
    key = f"{key_prefix}missing"
    with ExitStack() as clients, node.relay.hold(key) as barrier:
        connections = crowd(node, f"/{key}", clients)
        barrier.release()
        assert {connection.read_reply().status for connection in connections} == {404}
    assert node.fetches(key) == 1


async def test_an_empty_object_is_fetched_once(node: Site, key_prefix: str) -> None:
    """An object without a byte is stored, too."""
    node.store.put(f"{key_prefix}empty", b"")
    replies = await fetch_many(node.server.url, [f"/{key_prefix}empty"] * 100, 100)
    assert {(reply.status, reply.body) for reply in replies} == {(200, b"")}
    assert node.fetches(f"{key_prefix}empty") == 1


async def test_many_cold_objects_are_fetched_once_each(node: Site, key_prefix: str) -> None:
    """Fifty objects, ten clients each, in a jumble: one GetObject for each object."""
    bodies = {f"{key_prefix}{number}": os.urandom(20_000 + number) for number in range(50)}
    for key, body in bodies.items():
        node.store.put(key, body)
    targets = [f"/{key}" for key in bodies] * 10
    replies = await fetch_many(node.server.url, targets, CLIENTS)
    assert all(reply.body == bodies[target[1:]] for target, reply in zip(targets, replies, strict=True))
    assert {node.fetches(key) for key in bodies} == {1}


def test_followers_in_all_workers_stream(node: Site, key_prefix: str) -> None:
    """With half of the body held back, clients of every worker have the first half; then they get the rest."""
    key, body = f"{key_prefix}half.bin", os.urandom(2 * MEBIBYTE)
    node.store.put(key, body)
    half = len(body) // 2
    with ExitStack() as clients, node.relay.pause_after(key, half) as barrier:
        connections = crowd(node, f"/{key}", clients)
        assert {connection.read_head().status for connection in connections} == {200}
        assert {connection.read_body_bytes(half) == body[:half] for connection in connections} == {True}
        barrier.release()
        assert {connection.read_body_bytes() == body[half:] for connection in connections} == {True}
    assert node.fetches(key) == 1


def test_a_fill_outlives_the_client_that_began_it(node: Site, key_prefix: str) -> None:
    """Its only client resets the connection in mid-body: the object is stored all the same, by one GetObject."""
    key, body = f"{key_prefix}left.bin", os.urandom(2 * MEBIBYTE)
    node.store.put(key, body)
    with node.relay.pause_after(key, MEBIBYTE) as barrier:
        connection = Connection(node.server.port)
        connection.send_request("GET", f"/{key}")
        connection.read_head()
        connection.reset()
        assert barrier.reached.wait(PATIENCE_SECONDS)
        barrier.release()
        assert node.relay.exchanges[-1].completed.wait(PATIENCE_SECONDS)
    replies = [node.get(f"/{key}") for _ in range(2 * WORKERS)]
    assert {reply.body == body for reply in replies} == {True}
    assert "; hit" in (replies[-1].header("cache-status") or "")
    assert node.fetches(key) == 1


@pytest.mark.parametrize(("cache_control", "size"), PASSING, ids=["no-store", "private", "too large"])
def test_what_may_not_be_stored_is_served_to_many_at_once(
    node: Site, key_prefix: str, cache_control: str, size: int
) -> None:
    """Nobody waits for another's body, neither on the first requests nor when it is remembered what it is."""
    key, body = f"{key_prefix}passing.bin", os.urandom(size)
    node.store.put(key, body, cache_control=cache_control)
    for many in (8, 16):
        with ExitStack() as clients, node.relay.pause_after(key, size // 2) as barrier:
            connections = [clients.enter_context(Connection(node.server.port)) for _ in range(8)]
            for connection in connections:
                connection.send_request("GET", f"/{key}")
            for connection in connections:
                assert connection.read_head().status == 200
            assert node.fetches(key) == many
            barrier.release()
            assert {connection.read_body_bytes() == body for connection in connections} == {True}


@pytest.mark.parametrize(("cache_control", "size"), PASSING, ids=["no-store", "private", "too large"])
def test_what_may_not_be_stored_is_remembered(node: Site, key_prefix: str, cache_control: str, size: int) -> None:
    """Later requests do not wait for each other's heads: all of them reach the store while it says nothing."""
    key, body = f"{key_prefix}remembered.bin", os.urandom(size)
    node.store.put(key, body, cache_control=cache_control)

    def is_known_to_all() -> bool:
        node.get(f"/{key}")  # the kernel chooses who answers
        return len(answerers(node, key)) == WORKERS

    until(is_known_to_all)
    node.relay.reset()
    with ExitStack() as clients, node.relay.hold(key) as barrier:
        connections = [clients.enter_context(Connection(node.server.port)) for _ in range(8)]
        for connection in connections:
            connection.send_request("GET", f"/{key}")
        node.server.process.wait_until(lambda: node.fetches(key) == 8)
        barrier.release()
        replies = [connection.read_reply() for connection in connections]
    assert {reply.body == body for reply in replies} == {True}
    assert {"fwd=bypass" in (reply.header("cache-status") or "") for reply in replies} == {True}


def test_the_very_next_request_is_a_hit(node: Site, key_prefix: str) -> None:
    """Whoever has all of a body can rely on its being stored, for every worker."""
    for number in range(30):
        key = f"{key_prefix}{number}"
        node.store.put(key, os.urandom(50_000))
        bodies = [node.get(f"/{key}").body for _ in range(4)]
        assert len(set(bodies)) == 1
        assert node.fetches(key) == 1
