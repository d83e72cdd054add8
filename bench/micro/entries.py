"""Bytes of memory for each stored response: `python -m bench.micro.entries [COUNT]`."""

import asyncio
import gc
import json
import os
import sys

from bench import measure
from sidecar.cache.freshness import Limits
from sidecar.cache.key import CacheKey
from sidecar.cache.ports import OriginHead
from sidecar.cache.storing import Received, store_object
from sidecar.store.metadata import Metadata

_MIB = 1024 * 1024
_SHARE_ABOVE_BOUND = 10


def main(bound: int) -> None:
    """Fill a cache with a tenth more than its bound, and print what is in it and what it takes."""
    print(json.dumps(asyncio.run(fill(bound))))


async def fill(bound: int) -> dict[str, float]:
    """Each object with headers of its own, as they come from a bucket."""
    gc.disable()  # as little garbage as possible between the two looks at memory
    metadata = Metadata(bound)
    before = measure.memory(os.getpid()).rss
    for number in range(bound):
        await put(metadata, number)
    taken = measure.memory(os.getpid()).rss - before
    for number in range(bound, bound + max(1, bound // _SHARE_ABOVE_BOUND)):
        await put(metadata, number)
    kept = [await metadata.get(key_of(number)) is not None for number in range(bound + bound // _SHARE_ABOVE_BOUND)]
    return {"bound": bound, "entries": sum(kept), "rss_mib": taken, "bytes_per_entry": taken * _MIB / bound}


def key_of(number: int) -> CacheKey:
    """The key of one of many objects."""
    return CacheKey("https://s3.eu-central-1.amazonaws.com", "my-site", f"articles/2026/{number}/index.html")


async def put(metadata: Metadata, number: int) -> None:
    """Store what AWS says of a small object."""
    headers = tuple((unshared(name).lower(), unshared(value)) for name, value in fields(number))
    received_at = 1.8e9 + number
    received = Received(received_at - 0.02, received_at, epoch=7, purge_count=0, identity=f"{number:032x}")
    head = OriginHead(headers=headers, content_length=2_950)
    await metadata.put(key_of(number), store_object(head, received, Limits()))


def fields(number: int) -> list[tuple[str, str]]:
    """The header of an answer of S3."""
    return [
        ("x-amz-id-2", f"{number:076x}"),
        ("x-amz-request-id", f"{number:016X}"),
        ("Date", f"Tue, 25 Aug 2026 10:11:{number % 60:02} GMT"),
        ("Last-Modified", f"Tue, 25 Aug 2026 09:08:{number % 60:02} GMT"),
        ("ETag", f'"{number:032x}"'),
        ("x-amz-server-side-encryption", "AES256"),
        ("Cache-Control", "public, max-age=86400"),
        ("Accept-Ranges", "bytes"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "2950"),
        ("Server", "AmazonS3"),
    ]


def unshared(text: str) -> str:
    """A text of its own in memory: nothing is shared between answers that were parsed one by one."""
    return text.encode().decode()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
