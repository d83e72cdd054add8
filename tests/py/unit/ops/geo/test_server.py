"""Locations of mmdb-ws, over a real WebSocket, and what goes wrong there."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from support.locations import MUNICH, NOT_PUBLIC, UNKNOWN, location
from support.mmdb_ws import MmdbWs, answer
from support.until import PATIENCE_SECONDS, soon

from ops.geo.server import ANSWER_SECONDS, MmdbServer
from sidecar.tasks import Tasks

MANY = [f"203.1.113.{number}" for number in range(1, 255)]


@pytest.fixture
def server() -> Iterator[MmdbWs]:
    """A server that answers."""
    with MmdbWs() as server:
        yield server


@asynccontextmanager
async def asking(server: MmdbWs, told: Counter[str] | None = None) -> AsyncIterator[MmdbServer]:
    """A client at work."""
    outcomes: Counter[str] = Counter() if told is None else told
    client, tasks = MmdbServer(f"ws://127.0.0.1:{server.port}/", lambda outcome: outcomes.update([outcome])), Tasks()
    tasks.spawn(client.run(), name="look up")
    try:
        yield client
    finally:
        await tasks.cancel_all()
        await client.close()


def is_known(client: MmdbServer) -> bool:
    """Whether it knows where Munich is; asks again if not, as the next record does."""
    client.expect([MUNICH])
    return client.find(MUNICH) is not None


async def test_it_asks_once(server: MmdbWs) -> None:
    """Known and unknown ones are remembered; those that are not public are never asked about."""
    told: Counter[str] = Counter()
    async with asking(server, told) as client:
        for _ in range(3):
            client.expect([MUNICH, UNKNOWN, NOT_PUBLIC, f"::ffff:{MUNICH}", "-"])
        await soon(lambda: told.total() == 2)
        client.expect([MUNICH, UNKNOWN])
        assert client.find(MUNICH) == client.find(f"::ffff:{MUNICH}") == location(MUNICH)
        assert client.find(UNKNOWN) is client.find(NOT_PUBLIC) is None
        assert sorted(server.questions) == sorted([f"f:{MUNICH}", f"f:{UNKNOWN}"])
        assert told == {"found": 1, "unknown": 1}


async def test_many_in_flight(server: MmdbWs) -> None:
    """On one connection, each answer to its own question; nothing is known before it has come."""
    async with asking(server) as client:
        client.expect(MANY)
        assert client.find(MANY[0]) is None
        await soon(lambda: all(client.find(address) for address in MANY))
        assert [client.find(address) for address in MANY] == [location(address) for address in MANY]
        assert server.connections == 1


async def test_a_connection_that_was_idle_too_long(server: MmdbWs) -> None:
    """The server closes it; the next question goes over another."""
    server.closes_after = 1
    async with asking(server) as client:
        for number, address in enumerate(MANY[:3], start=1):
            client.expect([address])
            await soon(lambda: client.find(address) is not None)  # noqa: B023 - awaited in this round
            assert server.connections == number


async def test_a_server_that_is_down(server: MmdbWs, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it, it is told once, and asked again when it is back."""
    caplog.set_level("INFO", logger="ops")
    server.stop()
    told: Counter[str] = Counter()
    async with asking(server, told) as client:
        client.expect([MUNICH])
        await soon(lambda: told["failed"] == 1)
        await soon(lambda: "does not answer, records go without location" in caplog.text)
        client.expect([MUNICH])
        assert told == {"failed": 1, "skipped": 1}
        server.start()
        await soon(lambda: is_known(client), 40)
    assert caplog.text.count("does not answer") == caplog.text.count("answers again") == 1


@pytest.mark.parametrize(
    "script",
    {
        "nothing": lambda _: None,
        "garbage": lambda _: "what?",
        "another": lambda _: answer("f:203.1.113.99"),
        "too-long": lambda _: "x" * 1_000_000,
    }.values(),
    ids=["nothing", "garbage", "another", "too-long"],
)
async def test_a_server_that_talks_nonsense(
    server: MmdbWs, caplog: pytest.LogCaptureFixture, script: Callable[[str], str | None]
) -> None:
    """Its answers are not believed, the connection is given up, and another one is made later on."""
    server.script = script
    told: Counter[str] = Counter()
    async with asking(server, told) as client:
        client.expect([MUNICH, UNKNOWN])
        await soon(lambda: told["failed"] == 2, ANSWER_SECONDS + PATIENCE_SECONDS)
        await soon(lambda: "does not answer" in caplog.text)
        assert client.find(MUNICH) is None
        server.script = answer
        await soon(lambda: server.connections > 1)
        await soon(lambda: is_known(client), 40)
    assert caplog.text.count("does not answer") == 1


async def test_the_number_in_flight_is_bounded(server: MmdbWs) -> None:
    """A flood of addresses is not asked about, and does not take memory."""
    server.script = lambda _: None
    told: Counter[str] = Counter()
    async with asking(server, told) as client:
        client.expect(f"203.1.{number // 256}.{number % 256}" for number in range(5000))
        assert told == {"skipped": 5000 - 4096}
