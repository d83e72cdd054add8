"""A loop over aiobotocore's get_object: what a miss cannot cost less than, as long as it is made that way.

Reads its task as JSON from standard input, and prints what it took as JSON; `bench.cases.misses` runs it.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import uvloop
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession


async def run(task: dict[str, Any]) -> dict[str, float]:
    """Get all keys, `concurrency` at a time; what starting and warming up cost is not counted."""
    config = AioConfig(
        max_pool_connections=task["concurrency"],
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        response_checksum_validation="when_required",
    )
    client = AioSession().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=task["endpoint_url"],
        aws_access_key_id=task["access_key"],
        aws_secret_access_key=task["secret_key"],
        config=config,
    )
    async with client as made:
        await get_all(made, task, task["warm_keys"])
        began, cpu_before = time.perf_counter(), time.process_time()
        await get_all(made, task, task["keys"])
        ended, cpu_after = time.perf_counter(), time.process_time()
    return {"count": len(task["keys"]), "seconds": ended - began, "cpu_seconds": cpu_after - cpu_before}


async def get_all(client: Any, task: dict[str, Any], keys: Iterable[str]) -> None:
    """Share the keys among as many loops as there may be requests at a time."""
    waiting = iter(keys)
    async with asyncio.TaskGroup() as group:
        for _ in range(task["concurrency"]):
            group.create_task(get_each(client, task["bucket"], waiting))


async def get_each(client: Any, bucket: str, keys: Iterator[str]) -> None:
    """Get and read one after the other."""
    for key in keys:
        answer = await client.get_object(Bucket=bucket, Key=key)
        async with answer["Body"] as body:
            await body.read()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
