"""Addresses of a host, asked for aside."""

import asyncio
import threading

import pytest

from ops.sinks.resolver import Resolver

LITERALS = {"v4": ("192.0.2.1", "192.0.2.1"), "v6": ("2001:DB8::1", "2001:db8::1")}


def looking_up() -> set[threading.Thread]:
    """The threads that ask; one of an earlier test may be about to end."""
    return {thread for thread in threading.enumerate() if thread.name == "resolver"}


@pytest.mark.parametrize(("host", "expected"), LITERALS.values(), ids=LITERALS)
async def test_an_address_is_its_own(host: str, expected: str) -> None:
    """Nobody is asked."""
    before = looking_up()
    assert await Resolver(host).addresses() == [expected]
    assert looking_up() <= before


async def test_a_name() -> None:
    """Again and again: an answer is not kept."""
    resolver = Resolver("localhost")
    for _ in range(2):
        assert "127.0.0.1" in await resolver.addresses()


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64, "a..b"])
async def test_no_name(host: str) -> None:
    """Is an error each time, and none that nobody fetches."""
    resolver = Resolver(host)
    for _ in range(2):
        with pytest.raises(OSError, match=r".+"):
            await resolver.addresses()


async def test_who_gives_up_waiting_does_not_start_another() -> None:
    """One look-up runs, however many wait for it or have ceased to."""
    before, resolver = looking_up(), Resolver("localhost")
    waiting = [asyncio.ensure_future(resolver.addresses()) for _ in range(5)]  # noqa: TID251 - a test's own
    await asyncio.sleep(0)
    assert len(looking_up() - before) <= 1
    waiting[0].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(result == results[1] for result in results[1:])
