"""The relay shows what passes, changes nothing that it was not told to, and forces interleavings without a sleep."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from support.relay import Relay
from support.s3_client import get, read, s3_client, status
from support.s3_store import S3Store
from support.until import PATIENCE_SECONDS

BODY = bytes(range(256)) * 4096


@pytest.fixture
def through(relay: Relay) -> Iterator[Any]:
    """Make a client that goes through the relay and does not try again."""
    with closing(s3_client(relay, attempts=1)) as client:
        yield client


def test_the_relay_counts(store: S3Store, relay: Relay, through: Any, key_prefix: str) -> None:
    """Keys are decoded, targets are as sent."""
    key = f"{key_prefix}ä b"
    store.put(key, b"hello")
    assert get(through, key, IfNoneMatch='"x"')["Body"].read() == b"hello"
    through.head_object(Bucket="site", Key=key)
    target = f"/site/{key_prefix}%C3%A4%20b"
    assert relay.requests == [("GET", target), ("HEAD", target)]
    assert (relay.count(), relay.count(method="GET", key=key), relay.count(key="other")) == (2, 1, 0)
    first = relay.exchanges[0]
    assert (first.status, first.body_bytes, first.header("if-none-match")) == (200, 5, '"x"')
    relay.reset()
    assert relay.requests == []


def test_the_relay_passes_uploads_listings_and_refusals(store: S3Store, relay: Relay, through: Any) -> None:
    """Bytes pass unchanged, so signatures and Expect: 100-continue work."""
    through.put_object(Bucket="site", Key="through-the-relay", Body=BODY)
    assert read(through, "through-the-relay") == BODY
    assert status(lambda: get(through, "through-the-relay", Range="bytes=9999999-")) == 416
    assert status(lambda: get(through, "missing")) == 404
    assert through.list_objects_v2(Bucket="site", Prefix="through-the-relay")["KeyCount"] == 1
    through.delete_object(Bucket="site", Key="through-the-relay")
    assert [seen.status for seen in relay.exchanges] == [200, 200, 416, 404, 200, 204]
    with closing(s3_client(relay.endpoint.as_identity(store.access_key, "wrong-secret"))) as stranger:
        assert status(lambda: get(stranger, "missing")) == 403


def test_the_relay_holds_an_answer(store: S3Store, relay: Relay, through: Any, key_prefix: str) -> None:
    """The store has answered when the barrier is reached: what is put later is not in the answer."""
    key, other = f"{key_prefix}held", f"{key_prefix}other"
    store.put(key, b"before")
    store.put(other, b"other")
    with ThreadPoolExecutor() as pool, relay.hold(key) as barrier:
        answer = pool.submit(read, through, key)
        assert barrier.arrived.wait(PATIENCE_SECONDS)
        assert barrier.reached.wait(PATIENCE_SECONDS)
        store.put(key, b"after!")
        assert read(through, other) == b"other"
        assert not answer.done()
        barrier.release()
        assert answer.result(PATIENCE_SECONDS) == b"before"
    assert read(through, key) == b"after!"


def test_the_relay_pauses_within_a_body(store: S3Store, relay: Relay, through: Any, key_prefix: str) -> None:
    """A half-delivered body can be looked at."""
    key = f"{key_prefix}paused"
    store.put(key, BODY)
    with relay.pause_after(key, 100_000) as barrier:
        body = get(through, key)["Body"]
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert body.read(100_000) == BODY[:100_000]
        assert relay.exchanges[0].body_bytes == 100_000
        barrier.release()
        assert body.read() == BODY[100_000:]
    assert relay.exchanges[0].completed.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("is_reset", [False, True])
@pytest.mark.parametrize("n_bytes", [0, 100_000])
def test_the_relay_cuts(
    store: S3Store, relay: Relay, through: Any, key_prefix: str, n_bytes: int, *, is_reset: bool
) -> None:
    """What came before the cut arrives."""
    key = f"{key_prefix}cut"
    store.put(key, BODY)
    relay.cut_after(key, n_bytes, is_reset=is_reset, times=1)
    body = get(through, key)["Body"]
    assert body.read(n_bytes) == BODY[:n_bytes]
    with pytest.raises(HTTPClientError):
        body.read()
    assert read(through, key) == BODY


def test_the_relay_answers_in_the_stores_place(relay: Relay, through: Any) -> None:
    """Without a key every request is meant; after so many times the store answers again."""
    slow_down = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    relay.answer(None, 503, slow_down, times=2)
    with pytest.raises(ClientError, match="SlowDown"):
        get(through, "missing")
    assert status(lambda: through.head_object(Bucket="site", Key="missing")) == 503
    assert status(lambda: get(through, "missing")) == 404


def test_the_relay_refuses_and_accepts(store: S3Store, relay: Relay, through: Any, key_prefix: str) -> None:
    """Open connections are dropped too, so that a client with a pool notices."""
    key = f"{key_prefix}object"
    store.put(key, b"x")
    read(through, key)
    relay.refuse()
    with pytest.raises(EndpointConnectionError):
        get(through, key)
    relay.accept()
    assert read(through, key) == b"x"


def test_healing_the_relay_releases_what_is_parked(store: S3Store, relay: Relay, through: Any, key_prefix: str) -> None:
    """No barrier outlives it."""
    store.put(f"{key_prefix}object", b"x")
    barrier = relay.hold(None)
    done = threading.Event()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(read, through, f"{key_prefix}object")
        answer.add_done_callback(lambda _: done.set())
        assert barrier.reached.wait(PATIENCE_SECONDS)
        relay.heal()
        assert done.wait(PATIENCE_SECONDS)
    assert answer.result() == b"x"
