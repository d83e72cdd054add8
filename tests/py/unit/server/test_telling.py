"""Every request that Sanic answers is told once, however it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sanic import HTTPResponse, Request
from support.manual_clock import ManualClock
from support.sanic_request import a_request
from support.told import Told

from sidecar.server.exchange import Exchange
from sidecar.server.telling import Telling

NOW = 1_780_000_000.0


async def _whole(_: Request) -> HTTPResponse:
    return HTTPResponse(b"12345", status=202, content_type="x/y")


async def _empty(_: Request) -> HTTPResponse:
    return HTTPResponse(status=304)


async def _streamed(request: Request) -> None:
    request.ctx.sent_bytes = 7


@pytest.mark.parametrize(
    ("handler", "expected"),
    [(_whole, (202, 5, "x/y")), (_empty, (304, 0, None)), (_streamed, (200, 7, None))],
    ids=["whole", "empty", "streamed"],
)
async def test_what_a_handler_answers(
    handler: Callable[[Request], Coroutine[Any, Any, HTTPResponse | None]], expected: tuple[int, int, str | None]
) -> None:
    """Status, bytes of the body and media type, with the path for a resource; the cache was not asked."""
    told = Told()
    request = a_request("/_proxy/a%20b?c=d", "POST", x_real_ip="203.1.113.9")
    await Telling(told, ManualClock(NOW)).watched(handler)(request)
    (record,) = told.records
    assert (record.status, record.body_bytes, record.media_type) == expected
    assert (record.method, record.resource, record.outcome) == ("POST", "/_proxy/a b", "none")
    assert (record.client.address, record.timestamp_ns) == ("203.1.113.9", int(NOW * 1e9))


@pytest.mark.parametrize(
    ("error", "status", "is_aborted"),
    [(ZeroDivisionError(), 500, False), (asyncio.CancelledError(), 499, True)],
    ids=["failed", "left"],
)
async def test_what_a_handler_does_not_answer(error: BaseException, status: int, is_aborted: bool) -> None:
    """A handler that fails, and a client that leaves, are told too; the error goes on."""

    async def fail() -> None:
        raise error

    told = Told()
    with pytest.raises(type(error)):
        await Telling(told, ManualClock(NOW)).answer(Exchange(a_request()), fail())
    (record,) = told.records
    assert (record.status, record.is_aborted) == (status, is_aborted)
