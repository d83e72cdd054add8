"""A store whose answers break off, lie or fall silent: nothing wrong is stored, and the next request is right."""

import os
from collections.abc import Iterator

import pytest
from support.cache_folder import files_of
from support.http_body import ClosedEarlyError
from support.http_client import Connection, fetch_many
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.site import Site
from support.until import PATIENCE_SECONDS

BODY = os.urandom(2 * 1024 * 1024)
HALF = len(BODY) // 2
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the faults are the relay's."""
    return seaweedfs


@pytest.fixture(scope="module")
def node(store: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with two workers that do not wait long for the rest of a body."""
    folder = tmp_path_factory.mktemp("node")
    with Relay(store) as relay, Sidecar(relay, "--origin-idle-timeout", "3", workers=2, folder=folder) as server:
        yield Site(store, relay, server)


@pytest.fixture
def key(node: Site, key_prefix: str) -> Iterator[str]:
    """Put an object; what the relay was told is forgotten after the test."""
    node.store.put(f"{key_prefix}a.bin", BODY)
    yield f"{key_prefix}a.bin"
    node.relay.heal()
    node.relay.accept()


def read_until_cut(site: Site, key: str, *, may_refuse: bool = False) -> bytes:
    """Ask for an object and read until the connection ends, too early; what came.

    A reset makes the kernel drop what the server has not read yet: before the first byte that can be told, by a 503.
    """
    with Connection(site.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        status = connection.read_head().status
        if may_refuse and status == 503:
            return b""
        assert status == 200
        with pytest.raises(ClosedEarlyError) as closed:
            connection.read_body_bytes()
    return closed.value.received


def assert_nothing_is_left(site: Site, key: str, stored_before: int) -> None:
    """No file remains of what broke off, and soon the next requests are right, fetched anew."""
    site.server.process.wait_until(lambda: len(files_of(site.server)) == stored_before)
    asked = site.fetches(key)
    site.relay.heal()
    assert {site.get(f"/{key}").body == BODY for _ in range(6)} == {True}
    assert site.fetches(key) == asked + 1


@pytest.mark.parametrize("is_reset", [False, True], ids=["fin", "reset"])
@pytest.mark.parametrize("position", [HALF, len(BODY) - 1], ids=["half", "last byte"])
def test_an_answer_that_breaks_off(node: Site, key: str, position: int, *, is_reset: bool) -> None:
    """The client has a connection that ends early, and a right beginning; nothing is stored."""
    before = len(files_of(node.server))
    node.relay.cut_after(key, position, is_reset=is_reset, times=1)
    assert BODY.startswith(read_until_cut(node, key, may_refuse=is_reset))
    assert_nothing_is_left(node, key, before)


async def test_an_answer_that_breaks_off_for_many(node: Site, key: str) -> None:
    """Whoever reads along is cut off too; who comes later is served."""
    node.relay.cut_after(key, HALF, times=1)
    with pytest.raises(ExceptionGroup) as group:
        await fetch_many(node.server.url, [f"/{key}"] * 30, 30)
    assert group.group_contains(ClosedEarlyError)
    replies = await fetch_many(node.server.url, [f"/{key}"] * 30, 30)
    assert {reply.body == BODY for reply in replies} == {True}


def test_a_length_that_is_too_large(node: Site, key: str) -> None:
    """Fewer bytes come than were promised: the client is not left waiting, and nothing is stored."""
    before = len(files_of(node.server))
    lying = {"Content-Length": str(len(BODY) + 1), "ETag": '"x"'}
    node.relay.answer(key, 200, BODY, headers=lying, has_length=False, times=1)
    assert read_until_cut(node, key) == BODY
    assert_nothing_is_left(node, key, before)


def test_bytes_after_the_promised_length(node: Site, key: str) -> None:
    """More bytes come than were promised: they are nobody's, and the next answer is right."""
    lying = {"Content-Length": "5", "ETag": '"x"', "Cache-Control": "no-store"}
    node.relay.answer(key, 200, b"hello" + BODY[:5000], headers=lying, has_length=False, times=1)
    reply = node.get(f"/{key}")
    assert reply.status >= 500 or reply.body in {b"hello", BODY}
    node.relay.heal()
    assert {node.get(f"/{key}").status for _ in range(4)} == {200}
    assert node.get(f"/{key}").body == BODY


def test_an_answer_without_a_length(node: Site, key: str) -> None:
    """What has no length cannot be checked: a 502, and nothing is stored."""
    before = len(files_of(node.server))
    chunked = {"Transfer-Encoding": "chunked"}
    node.relay.answer(key, 200, b"5\r\nhello\r\n0\r\n\r\n", headers=chunked, has_length=False)
    assert node.get(f"/{key}").status == 502
    assert_nothing_is_left(node, key, before)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_is_busy_is_asked_again(node: Site, key: str, status: int, times: int) -> None:
    """Within the time there is for an answer the client sees nothing of it."""
    node.relay.answer(key, status, SLOW_DOWN, times=times)
    reply = node.get(f"/{key}")
    assert (reply.status, reply.body == BODY) == (200, True)
    assert node.fetches(key) == times + 1


@pytest.mark.parametrize("is_reset", [False, True], ids=["fin", "reset"])
def test_a_connection_that_is_lost_before_the_answer(node: Site, key: str, *, is_reset: bool) -> None:
    """It is asked for again."""
    node.relay.cut_after(key, -1, is_reset=is_reset, times=1)
    assert node.get(f"/{key}").body == BODY
    assert node.fetches(key) == 2


def test_silence_within_a_body(node: Site, key: str) -> None:
    """After --origin-idle-timeout the client is cut off instead of left waiting; nothing is stored."""
    before = len(files_of(node.server))
    with node.relay.pause_after(key, HALF):
        assert read_until_cut(node, key) == BODY[:HALF]
    assert_nothing_is_left(node, key, before)


def test_silence_within_a_body_costs_others_nothing(node: Site, key: str, key_prefix: str) -> None:
    """Meanwhile other objects are fetched and served."""
    node.store.put(f"{key_prefix}other", b"other")
    with node.relay.pause_after(key, HALF), Connection(node.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        assert connection.read_head().status == 200
        assert {node.get(f"/{key_prefix}other").body for _ in range(10)} == {b"other"}


def test_a_store_that_dies_within_a_body(node: Site, key: str) -> None:
    """The client is cut off with a right beginning; when the store is back, the object is served."""
    before = len(files_of(node.server))
    with node.relay.pause_after(key, HALF) as barrier, Connection(node.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert connection.read_head().status == 200
        with node.store.stopped():
            with pytest.raises(ClosedEarlyError) as closed:
                connection.read_body_bytes()
            assert BODY.startswith(closed.value.received)
            assert node.get(f"/{key}").status == 503
    # Started again, it takes a moment to answer: until then the circuit sends a probe now and then.
    node.server.process.wait_until(lambda: node.get(f"/{key}").body == BODY)
    asked = node.fetches(key)
    assert {node.get(f"/{key}").body == BODY for _ in range(6)} == {True}
    assert (node.fetches(key), len(files_of(node.server))) == (asked, before + 1)
