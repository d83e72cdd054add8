"""Connections to the bucket that are kept for the next request."""

import asyncio

from aiobotocore.session import AioSession
from support.until import PATIENCE_SECONDS
from support.wiretap import reply, tapped

from sidecar.origin.s3 import S3Origin
from sidecar.origin.s3_bucket import bucket_of
from sidecar.settings import load

IDLE_SECONDS = 1
BUFFERED = b"x" * (2 * 256 * 1024 + 1)
"""Whatever pieces it comes in, only the last one makes it more than aiohttp takes before somebody reads."""


async def test_who_waits_no_more_times_nobody_out() -> None:
    """A connection that nobody has used for --origin-idle-timeout serves the next request, or is not used.

    aiohttp 3.14 begins to wait for more after it had stopped reading, although it has met the end of the body as it
    went on, and fails whoever uses the connection after that time.
    """
    async with tapped(lambda _: reply("200 OK", body=BUFFERED)) as bucket:
        flags = {"bucket": "site", "endpoint_url": bucket.url, "key": "k", "secret": "s"}
        origin = S3Origin(bucket_of(load(flags | {"origin_idle_timeout": str(IDLE_SECONDS)}, {})), AioSession())
        try:
            for key in ("a", "b"):
                response = await origin.get(key)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while response._body.raw_stream.content.total_bytes < len(BUFFERED):  # noqa: ASYNC110, SLF001
                        await asyncio.sleep(0)
                assert b"".join([chunk async for chunk in response.chunks()]) == BUFFERED
                await response.close()
                await asyncio.sleep(1.2 * IDLE_SECONDS)  # the time that has to pass
        finally:
            await origin.close()
