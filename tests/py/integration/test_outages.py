"""A store that fails: every answer is truthful, and no failure is remembered."""

import pytest
from support.http_body import ClosedEarlyError
from support.http_client import Connection
from support.relay import Relay
from support.s3_store import S3Store
from support.sidecar import StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

FAILED = b'<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>'


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (500, b"InternalError", 503),
        (503, b"SlowDown", 503),
        (403, b"InvalidAccessKeyId", 502),
        (403, b"SignatureDoesNotMatch", 502),
        (404, b"NoSuchBucket", 502),
        (400, b"InvalidArgument", 502),
    ],
)
def test_a_failing_store_is_no_missing_object(
    site: Site, key_prefix: str, status: int, code: bytes, expected: int
) -> None:
    """An error of the store is a 5xx, never a 404, and is over when the store is well again."""
    key = f"{key_prefix}a"
    site.store.put(key, b"abc", content_type="text/plain")
    site.relay.answer(key, status, FAILED % code)
    reply = site.get(f"/{key}")
    assert (reply.status, reply.header("cache-control")) == (expected, "no-store")
    site.relay.heal()
    assert {site.get(f"/{key}").body for _ in range(4)} == {b"abc"}


def test_an_unreachable_store_is_a_503(site: Site, key_prefix: str) -> None:
    """A refused connection is a 503 with Retry-After; the object is there as soon as the store is."""
    key = f"{key_prefix}a"
    site.store.put(key, b"abc", content_type="text/plain")
    site.relay.refuse()
    reply = site.get(f"/{key}")
    site.relay.accept()
    assert reply.status == 503
    assert int(reply.header("retry-after") or "0") > 0
    assert site.get(f"/{key}").body == b"abc"


def test_a_silent_store_is_a_504(store: S3Store, relay: Relay, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """A store that takes the request and says nothing is a 504."""
    site = Site(store, relay, start_sidecar(relay, "--origin-first-byte-timeout", "1.5"))
    key = f"{key_prefix}a"
    site.store.put(key, b"abc", content_type="text/plain")
    with site.relay.hold(key):
        assert site.get(f"/{key}").status == 504
    assert site.get(f"/{key}").body == b"abc"


def test_what_is_stored_is_served_without_the_store(site: Site, key_prefix: str) -> None:
    """A fresh object does not need the store."""
    key = f"{key_prefix}a"
    site.store.put(key, b"abc", content_type="text/plain")
    site.get(f"/{key}")
    site.relay.refuse()
    bodies = {site.get(f"/{key}").body for _ in range(10)}
    site.relay.accept()
    assert bodies == {b"abc"}


def test_a_body_that_ends_early_is_not_stored(site: Site, key_prefix: str) -> None:
    """A client that has begun to read sees a body that is too short, and the next one gets it all."""
    key, body = f"{key_prefix}a.bin", bytes(range(256)) * 4000
    site.store.put(key, body, content_type="application/octet-stream")
    with site.relay.pause_after(key, 500_000) as barrier, Connection(site.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        assert barrier.reached.wait(PATIENCE_SECONDS)
        head = connection.read_head()
        assert (head.status, head.content_length) == (200, len(body))
        first = connection.read_body_bytes(100_000)
        site.relay.refuse()
        with pytest.raises(ClosedEarlyError) as closed:
            connection.read_body_bytes()
    site.relay.accept()
    assert body.startswith(first + closed.value.received)
    assert {site.get(f"/{key}").body for _ in range(4)} == {body}


@pytest.mark.parametrize("is_reset", [False, True], ids=["fin", "reset"])
def test_a_body_that_never_begins_is_a_failure(site: Site, key_prefix: str, *, is_reset: bool) -> None:
    """An answer that breaks off before the client has had a byte of it is a 5xx, not an empty 200."""
    key, body = f"{key_prefix}a.bin", bytes(range(256)) * 4000
    site.store.put(key, body, content_type="application/octet-stream")
    site.relay.cut_after(key, 0, is_reset=is_reset, times=1)
    assert site.get(f"/{key}").status in {502, 503}
    assert {site.get(f"/{key}").body for _ in range(4)} == {body}


def test_refused_credentials_are_told_once(site: Site, start_sidecar: StartSidecar) -> None:
    """A wrong secret is a 502 for everybody and one line in the log that names the source and not the secret."""
    wrong = site.store.endpoint.as_identity(site.store.access_key, "a-wrong-secret")
    server = start_sidecar(wrong)
    statuses = {Site(site.store, site.relay, server).get(f"/{number}").status for number in range(5)}
    assert statuses == {502}
    until(lambda: "credentials" in server.log())
    told = [line for line in server.log().splitlines() if "credentials" in line]
    assert len(told) == 1
    assert "--key and --secret" in told[0]
    assert "a-wrong-secret" not in server.log()


def test_a_bucket_that_does_not_exist_is_a_502(site: Site, start_sidecar: StartSidecar) -> None:
    """A missing bucket is a mistake of the operator's and no missing object."""
    server = start_sidecar(site.store, "--bucket", "no-such-bucket")
    assert Site(site.store, site.relay, server).get("/a").status == 502
