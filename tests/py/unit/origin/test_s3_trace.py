"""The bucket is told of the trace that its request is made for, and of nothing that is none."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiobotocore.session import AioSession
from support.both_ways import OK
from support.sanic_request import a_request
from support.wiretap import Wiretap, reply, tapped

from sidecar.cache.ports import PageOf
from sidecar.origin.s3 import S3Origin
from sidecar.origin.s3_bucket import bucket_of
from sidecar.server.exchange import Exchange
from sidecar.settings import load
from sidecar.tasks import Tasks
from sidecar.trace import CURRENT, passed_on

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"
LISTING = b'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'

Ask = Callable[[S3Origin], Awaitable[Any]]

REQUESTS: dict[str, Ask] = {
    "get": lambda origin: origin.get("a"),
    "list": lambda origin: origin.folder(PageOf("", "", 10)),
}


def answer(head: bytes) -> bytes:
    """An object, or a listing."""
    return reply("200 OK", "Content-Type: application/xml", body=LISTING) if b"list-type=2" in head else OK


def fields(head: bytes) -> dict[str, list[str]]:
    """A head's fields by lower-case name."""
    found: dict[str, list[str]] = {}
    for line in head.decode().split("\r\n")[1:-2]:
        name, _, value = line.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return found


async def asked(wire: Wiretap, ask: Ask, **sent: str) -> list[dict[str, list[str]]]:
    """What the bucket was asked for a request with these fields, before it and after it: three times in all."""
    origin = S3Origin(
        bucket_of(load({"bucket": "site", "endpoint_url": wire.url, "key": "k", "secret": "s"}, {})), AioSession()
    )
    try:
        await ask(origin)
        token = CURRENT.set(passed_on(Exchange(a_request(**sent))))
        try:
            await ask(origin)
        finally:
            CURRENT.reset(token)
        await ask(origin)
    finally:
        await origin.close()
    return [fields(head) for head in wire.heads]


@pytest.mark.parametrize("ask", REQUESTS.values(), ids=REQUESTS)
async def test_passed_on(ask: Ask) -> None:
    """By every way to the bucket, as a span of its own, beside what is signed, and only while the request lasts."""
    async with tapped(answer) as wire:
        before, within, after = await asked(wire, ask, traceparent=TRACEPARENT, tracestate="rojo=1, congo=2")
    (traceparent,) = within["traceparent"]
    version, trace_id, span_id, flags = traceparent.split("-")
    assert (version, trace_id, flags) == ("00", TRACE_ID, "01")
    assert span_id not in {PARENT_ID, "0" * 16}
    assert within["tracestate"] == ["rojo=1,congo=2"]
    assert "trace" not in within["authorization"][0]
    assert not {"traceparent", "tracestate"} & (before.keys() | after.keys())


async def test_the_way_is_not_that_of_one_trace() -> None:
    """What the first request of all was made for is not told for those that go the way it showed."""
    async with tapped(answer) as wire:
        origin = S3Origin(
            bucket_of(load({"bucket": "site", "endpoint_url": wire.url, "key": "k", "secret": "s"}, {})), AioSession()
        )
        token = CURRENT.set(passed_on(Exchange(a_request(traceparent=TRACEPARENT, tracestate="rojo=1"))))
        await origin.get("a")
        CURRENT.reset(token)
        await origin.get("b")
        await origin.close()
    first, second = map(fields, wire.heads)
    assert "traceparent" in first
    assert not {"traceparent", "tracestate"} & second.keys()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00-0-0-01",
        TRACEPARENT.upper(),
        f"ff{TRACEPARENT[2:]}",
        f"{TRACEPARENT}\r\nx-evil: 1",
        f"{TRACEPARENT}-x",
        f"{TRACEPARENT}, {TRACEPARENT}",
    ],
)
async def test_malformed(value: str) -> None:
    """What is no trace is not passed on, nor is a tracestate beside it."""
    async with tapped(answer) as wire:
        for sent in await asked(wire, REQUESTS["get"], traceparent=value, tracestate="rojo=1"):
            assert not {"traceparent", "tracestate", "x-evil"} & sent.keys()


async def test_a_malformed_state() -> None:
    """It is left, and the trace goes on."""
    async with tapped(answer) as wire:
        _, within, _ = await asked(wire, REQUESTS["get"], traceparent=TRACEPARENT, tracestate="a=1\r\nx-evil: 1")
    assert "traceparent" in within
    assert not {"tracestate", "x-evil"} & within.keys()


async def test_each_request_has_a_span_of_its_own() -> None:
    """Two requests to the bucket for one client's are two."""
    async with tapped(answer) as wire:
        await asked(wire, _twice, traceparent=TRACEPARENT)
    spans = [sent["traceparent"][0] for sent in map(fields, wire.heads) if "traceparent" in sent]
    assert len(set(spans)) == len(spans) == 2


async def test_a_task_takes_it_over() -> None:
    """A fill has a task of its own, and is made for the request that begins it, also when that is over."""
    tasks, seen = Tasks(), []

    async def fill() -> None:
        seen.append(CURRENT.get())

    trace = passed_on(Exchange(a_request(traceparent=TRACEPARENT)))
    token = CURRENT.set(trace)
    task = tasks.spawn(fill(), name="fill")
    CURRENT.reset(token)
    await task
    assert trace is not None
    assert seen == [trace]


async def _twice(origin: S3Origin) -> None:
    await origin.get("a")
    await origin.get("b")
