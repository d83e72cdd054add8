"""Credentials that run out, from an endpoint such as that of EKS Pod Identity, served on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.both_ways import OK, both_ways, compare
from support.until import PATIENCE_SECONDS
from support.wiretap import Wiretap, reply, tapped

from sidecar.errors import OriginRefusedCredentials
from sidecar.origin.s3 import S3Origin, new_session
from sidecar.origin.s3_bucket import bucket_of
from sidecar.settings import load

# botocore renews what has less than 15 minutes left, and lets requests wait for it only in the last ten.
SOON = timedelta(minutes=14)
LATER = timedelta(hours=6)


class Container:
    """An endpoint that gives a new key with each answer; the first ones run out soon."""

    def __init__(self, *lives: timedelta) -> None:
        self._lives = lives
        self.given = 0
        self.long_ways = 0
        self.has_renewed = asyncio.Event()

    def count(self, **_: object) -> None:
        """Count a call of botocore's `get_object`."""
        self.long_ways += 1

    def answer(self, _: bytes) -> bytes:
        """Write the next credentials."""
        life = self._lives[min(self.given, len(self._lives) - 1)]
        self.given += 1
        if self.given > 1:
            self.has_renewed.set()
        until = datetime.now(UTC) + life
        given = {
            "AccessKeyId": f"id-{self.given}",
            "SecretAccessKey": "a-secret",
            "Token": f"token-{self.given}",
            "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return reply("200 OK", "Content-Type: application/json", body=json.dumps(given).encode())


def environment(wire: Wiretap) -> dict[str, str]:
    """Make the default chain ask there and nowhere else."""
    nowhere = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    return nowhere | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{wire.url}/credentials"}


@asynccontextmanager
async def served(
    monkeypatch: pytest.MonkeyPatch, container: Container, sources: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[S3Origin, Wiretap]]:
    """Make an origin that has its credentials from this container, or from `sources`, and the bucket that it asks."""
    async with tapped(container.answer) as credentials, tapped(lambda _: OK) as bucket:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "http_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in (environment(credentials) if sources is None else sources).items():
            monkeypatch.setenv(name, value)
        session = new_session()
        session.register("before-call.s3.GetObject", container.count)
        origin = S3Origin(bucket_of(load({"bucket": "site", "endpoint_url": bucket.url}, {})), session)
        await origin.connect()
        try:
            yield origin, bucket
        finally:
            await origin.close()


async def get(origin: S3Origin, key: str) -> None:
    """Get an object whole."""
    response = await origin.get(key)
    assert [chunk async for chunk in response.chunks()] == [b"abc"]
    await response.close()


def signers(bucket: Wiretap) -> list[bytes]:
    """The key IDs that requests were signed with, in order."""
    return [head.partition(b"Credential=")[2].partition(b"/")[0] for head in bucket.heads]


async def test_renewal_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs out is renewed while nobody asks; requests never ask for it, and sign with what is new."""
    container = Container(SOON, LATER)
    async with served(monkeypatch, container) as (origin, bucket):
        assert container.given == 1
        keeping = asyncio.get_running_loop().create_task(origin.keep_credentials(every_seconds=0.001))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await container.has_renewed.wait()
            # It may still be on its way; until it is there, requests go on with what they have.
            while not bucket.heads or signers(bucket)[-1] == b"id-1":
                await get(origin, "a")
        await get(origin, "b")
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert signers(bucket)[-2:] == [b"id-2", b"id-2"]
        assert b"X-Amz-Security-Token: token-2" in bucket.heads[-1]
        assert container.given == 2


async def test_renewal_by_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request signs with the credentials of its time, and not with those of the first."""
    container = Container(SOON)
    async with served(monkeypatch, container) as (origin, bucket):
        for key in "abc":
            await get(origin, key)
        assert signers(bucket) == [b"id-2", b"id-3", b"id-4"]
        assert container.long_ways == 1


async def test_credentials_that_come_late(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that found none when it started signs with those that are found later, without a restart."""
    shared = tmp_path / "credentials"
    nothing = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": str(shared)}
    async with served(monkeypatch, Container(LATER), nothing) as (origin, bucket):
        with pytest.raises(OriginRefusedCredentials):
            await get(origin, "a")
        shared.write_text("[default]\naws_access_key_id = id-late\naws_secret_access_key = a-secret\n")
        keeping = asyncio.get_running_loop().create_task(origin.keep_credentials(every_seconds=0.001))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while origin.reach.are_credentials_missing:  # noqa: ASYNC110 - it has nobody to tell
                await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await get(origin, "a")
        assert signers(bucket) == [b"id-late"]


async def test_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With such credentials too, the short way sends what botocore sends."""
    async with tapped(Container(LATER).answer) as credentials:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        place = {"endpoint_url": "http://store.example"}
        async with both_ways(monkeypatch, place, environment(credentials)) as both:
            await compare(both, "a b", {})
            assert b"X-Amz-Security-Token: token-1" in both.wire.heads[-1]
