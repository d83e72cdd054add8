"""One bucket, asked by botocore's `get_object` and the short way, with a proxy in front that keeps what it is asked."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from sidecar.origin.s3 import new_session
from sidecar.origin.s3_bucket import bucket_of
from sidecar.origin.s3_get import ObjectGetter
from sidecar.origin.s3_route import watch
from sidecar.settings import load
from support.wiretap import Wiretap, reply, tapped

OK = reply("200 OK", "Content-Type: text/plain", 'ETag: "1"', "Expires: never", body=b"abc")
"""What the proxy answers, unless told otherwise."""

_FLAGS = {"key": "an-id", "secret": "a-secret"}


class BothWays:
    """One client, the short way beside it, and the proxy in front of both."""

    def __init__(self, wire: Wiretap, client: Any, arguments: Mapping[str, Any]) -> None:
        self.wire = wire
        self.client = client
        self.getter = ObjectGetter(arguments)
        self.long_ways = 0
        self._arguments = arguments
        client.meta.events.register("before-call.s3.GetObject", self._count)

    async def short(self, key: str, how: Mapping[str, Any]) -> bytes:
        """Get an object the short way if there is one; what was sent."""
        response = await self.getter.get(self.client, key, how)
        assert [chunk async for chunk in response.chunks()] == [b"abc"]
        return self.wire.heads[-1]

    async def long(self, key: str, how: Mapping[str, Any]) -> bytes:
        """Get it by botocore; what was sent."""
        answer = await self.client.get_object(Key=key, **self._arguments, **how)
        assert await answer["Body"].read() == b"abc"
        return self.wire.heads[-1]

    def _count(self, **_: Any) -> None:
        self.long_ways += 1


@asynccontextmanager
async def both_ways(
    monkeypatch: pytest.MonkeyPatch,
    flags: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
    signature_version: Any = None,
) -> AsyncIterator[BothWays]:
    """Make a client of the bucket that the flags name, behind a proxy; who asks is in the environment or in flags."""
    for name in ("NO_PROXY", "no_proxy", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (environment or {}).items():
        monkeypatch.setenv(name, value)
    bucket = bucket_of(load({"bucket": "site"} | ({} if environment else _FLAGS) | dict(flags), {}))
    config = AioConfig(signature_version=signature_version) if signature_version else AioConfig()
    arguments = bucket.client_arguments | {"config": bucket.client_arguments["config"].merge(config)}
    async with tapped(lambda _: OK) as wire:
        monkeypatch.setenv("http_proxy", wire.url)
        session = new_session() if environment else _session()
        async with session.create_client("s3", **arguments) as client:
            watch(client)
            yield BothWays(wire, client, {"Bucket": bucket.name} | bucket.get_arguments)


@cache
def _session() -> AioSession:
    """Make the session once, for those who need no credentials of it: it takes longer than most tests."""
    return new_session()


def lines(head: bytes) -> list[bytes]:
    """A request without what differs from one to the next, its fields in the order of the alphabet."""
    head = re.sub(rb"(?<=X-Amz-Date: )\d{8}T\d{6}Z", b"<time>", head)
    head = re.sub(rb"(?<=Signature=)[0-9a-f]{64}", b"<signature>", head)
    head = re.sub(rb"(?<=invocation-id: )[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"<uuid>", head)
    head = re.sub(rb" m/[^ ]*", b" m/<a set in any order>", head)
    first, *fields = head.split(b"\r\n")
    return [first, *sorted(fields)]


async def compare(both: BothWays, key: str, how: Mapping[str, Any]) -> None:
    """Assert that the short way sends what `get_object` does, also after other requests."""
    expected = await both.long(key, how)
    await both.short("another", {"IfNoneMatch": '"another"'})
    before = both.long_ways
    sent = await both.short(key, how)
    assert both.long_ways == before, "this went the long way"
    assert b"AWS4-HMAC-SHA256" in sent
    assert lines(sent) == lines(expected)
