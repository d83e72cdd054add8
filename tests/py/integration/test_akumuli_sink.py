"""Records in Akumuli: each once, whatever the server refuses and however connections end."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from support.akumuli import Akumuli
from support.points import Request, requests
from support.ports import free_ports
from support.records import BERLIN, SECOND_NS, record, records
from support.until import PATIENCE_SECONDS

from ops.records import Record
from ops.sinks.akumuli import AkumuliSink
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.exchange import exchange

HOUR_NS = 3600 * SECOND_NS
HOST = "127.0.0.1"


@pytest.fixture
def akumuli() -> Iterator[Akumuli]:
    """Run the stand-in."""
    with Akumuli() as server:
        yield server


def sink_of(server: Akumuli, patience_seconds: float = PATIENCE_SECONDS) -> AkumuliSink:
    """One with the prefix that is the default."""
    return AkumuliSink(HOST, server.port, "request", patience_seconds=patience_seconds)


async def deliver(sink: AkumuliSink, batch: tuple[Record, ...], tries: int = 20) -> tuple[Delivery, int]:
    """Write a batch as the pipeline does, and tell how often that had to be tried again."""
    for number in range(tries):
        try:
            await sink.start()
            return await sink.write(batch), number
        except SinkUnavailableError:
            pass
    raise AssertionError(f"not delivered in {tries} tries")


def told(found: list[Request]) -> list[tuple[str, float]]:
    """What tells records apart."""
    return [(request.tags["resource"], request.size) for request in found]


def expected(batch: tuple[Record, ...]) -> list[tuple[str, float]]:
    """The same of records that were written."""
    return [(record.resource, record.size_bytes) for record in batch]


def sizes(server: Akumuli) -> set[float]:
    """Which records are there at all: each has a size of its own."""
    return {float(point.value) for points in server.points("request.size").values() for point in points}


async def test_a_batch(akumuli: Akumuli) -> None:
    """All of it, once, at its own time; with its place where that is known."""
    batch = (
        *records(1000),
        *(one._replace(timestamp_ns=one.timestamp_ns + HOUR_NS) for one in records(9, location=BERLIN)),
    )
    sink = sink_of(akumuli)
    await sink.start()
    assert await sink.write(batch) == Delivery(1009)
    await sink.close()
    found = requests(akumuli.series)
    assert told(found) == expected(batch)
    assert [request.timestamp_ns for request in found] == [record.timestamp_ns for record in batch]
    assert [request.place is not None for request in found] == [False] * 1000 + [True] * 9
    assert (akumuli.errors, akumuli.has_crashed) == ([], False)


async def test_nothing_to_write(akumuli: Akumuli) -> None:
    """Is no connection."""
    assert await sink_of(akumuli).write(()) == Delivery(0)
    assert akumuli.connections == 0


async def test_a_quote_does_not_crash_the_server(akumuli: Akumuli) -> None:
    """Wherever a client puts it."""
    evil = record(resource="/it's", location=BERLIN | {"city": "L'Aquila"})
    sink = sink_of(akumuli)
    assert await sink.write((evil._replace(method="'", media_type="a'b", address="'"),)) == Delivery(1)
    assert not akumuli.has_crashed
    (found,) = requests(akumuli.series)
    assert found.tags | {"status": ""} == {
        "method": "'",
        "resource": "/it's",
        "ipaddress": "'",
        "status": "",
        "mimeType": "a'b",
    }


async def test_a_clock_that_was_set_back(akumuli: Akumuli) -> None:
    """Nothing is late, over any number of batches and connections; events are never at the same instant."""
    sink = sink_of(akumuli)
    batch = records(30, location=BERLIN)
    assert await sink.write(batch) == Delivery(30)
    await sink.start()
    earlier = tuple(one._replace(timestamp_ns=one.timestamp_ns - HOUR_NS) for one in batch)
    assert await sink.write(earlier) == Delivery(30)
    assert await sink.write((record(location=BERLIN),) * 30) == Delivery(30)
    assert akumuli.errors == []
    found = requests(akumuli.series)
    assert len(found) == 90
    assert all(request.place is not None for request in found)


async def test_another_writer(akumuli: Akumuli, caplog: pytest.LogCaptureFixture) -> None:
    """What is late because of it is dropped and counted, told of once, and everything else is written once."""
    batch = records(700, series=70)
    sink = sink_of(akumuli)
    assert await sink.write(batch) == Delivery(700)
    for name, points in list(akumuli.series.points.items()):
        if "resource=/7.html" in name or "resource=/50.html" in name:
            akumuli.store(name, points[-1].timestamp_ns + HOUR_NS)
    later = tuple(one._replace(timestamp_ns=one.timestamp_ns + SECOND_NS) for one in batch)
    assert await sink.write(later) == Delivery(680, {"late_write": 20})
    late = {"/7.html", "/50.html"}
    found = [request for request in requests(akumuli.series) if request.tags["resource"] not in late]
    good = tuple(one for one in (*batch, *later) if one.resource not in late)
    assert sorted(told(found)) == sorted(expected(good))
    assert set(akumuli.errors) == {"-DB late write"}
    (line,) = caplog.records
    assert line.getMessage() == (
        f"Akumuli at 127.0.0.1:{akumuli.port} refuses points (late_write), told once: '-DB late write'"
    )


async def test_a_predecessor_with_another_clock(akumuli: Akumuli) -> None:
    """What it has written for the future makes points late until then, and nothing worse."""
    ahead = tuple(one._replace(timestamp_ns=one.timestamp_ns + HOUR_NS) for one in records(20, location=BERLIN))
    assert await sink_of(akumuli).write(ahead) == Delivery(20)
    sink = sink_of(akumuli)
    other = tuple(one._replace(resource="/new") for one in records(20))
    assert await sink.write(records(20, location=BERLIN)) == Delivery(0, {"late_write": 20})
    assert await sink.write(other) == Delivery(20)
    assert len(requests(akumuli.series)) == 40


@pytest.mark.parametrize("n_bytes", [1, 100, 5_000, 60_000])
async def test_a_connection_that_breaks(akumuli: Akumuli, n_bytes: int, caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of a batch: what was stored is not stored again, and what was not is."""
    sink, first, batch = sink_of(akumuli), records(1000), records(1300)[1000:]
    assert await sink.write(first) == Delivery(1000)
    akumuli.cut_after(n_bytes)
    assert await deliver(sink, batch) == (Delivery(300), 1)
    assert told(requests(akumuli.series)) == expected((*first, *batch))
    assert caplog.records == []


async def test_connections_that_break_again_and_again(akumuli: Akumuli) -> None:
    """Also those on which points are sent alone."""
    sink, batch, tries = sink_of(akumuli), records(40, location=BERLIN), 0
    delivery = None
    while delivery is None:
        akumuli.cut_after(150 + 97 * tries)
        tries += 1
        try:
            delivery = await sink.write(batch)
        except SinkUnavailableError:
            continue
    assert delivery == Delivery(40)
    assert told(requests(akumuli.series)) == expected(batch)
    assert tries > 3


async def test_down_and_back_again(akumuli: Akumuli) -> None:
    """At the start, and later; nothing is lost, and nothing is stored twice."""
    akumuli.stop()
    sink, batch = sink_of(akumuli), records(50)
    with pytest.raises(SinkUnavailableError, match=rf"^Akumuli at 127.0.0.1:{akumuli.port}: .*refused"):
        await sink.start()
    with pytest.raises(SinkUnavailableError):
        await sink.write(batch)
    akumuli.start()
    assert (await deliver(sink, batch[:20]))[0] == Delivery(20)
    akumuli.stop()
    for _ in range(3):
        with pytest.raises(SinkUnavailableError):
            await sink.write(batch[20:])
    akumuli.start()
    assert (await deliver(sink, batch[20:]))[0] == Delivery(30)
    assert told(requests(akumuli.series)) == expected(batch)


async def test_a_batch_that_was_given_up(akumuli: Akumuli) -> None:
    """The next one does not care what became of it."""
    sink, batch = sink_of(akumuli), records(60)
    assert await sink.write(batch[:20]) == Delivery(20)
    akumuli.cut_after(500)
    with pytest.raises(SinkUnavailableError):
        await sink.write(batch[20:40])
    assert (await deliver(sink, batch[40:]))[0] == Delivery(20)
    assert sizes(akumuli) >= {*range(2950, 2970), *range(2990, 3010)}
    assert akumuli.errors == []


async def test_a_slow_server(akumuli: Akumuli) -> None:
    """One byte a second: the wait has an end, and afterwards everything is there."""
    sink, batch = sink_of(akumuli, patience_seconds=1), records(30)
    await sink.start()
    akumuli.drip()
    for _ in range(2):
        with pytest.raises(SinkUnavailableError, match="does not answer in time"):
            await sink.write(batch)
    akumuli.hurry()
    assert (await deliver(sink, batch))[0] == Delivery(30)
    assert sizes(akumuli) == set(range(2950, 2980))


async def test_a_cancelled_write(akumuli: Akumuli) -> None:
    """Resets its connection, and the batch can be written afterwards."""
    sink, batch = sink_of(akumuli), records(30)
    await sink.start()
    akumuli.drip()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await sink.write(batch)
    akumuli.hurry()
    assert (await deliver(sink, batch))[0] == Delivery(30)
    assert sizes(akumuli) == set(range(2950, 2980))


async def test_an_error_that_nobody_knows(akumuli: Akumuli, caplog: pytest.LogCaptureFixture) -> None:
    """May pass; a point that is refused with it again and again is given up."""
    sink, batch = sink_of(akumuli), records(20)
    akumuli.refusal = "-ERR it's\x1b[31m a bad day"
    for _ in range(2):
        with pytest.raises(
            SinkUnavailableError, match=r"says '-ERR it\\'s\\x1b\[31m a bad day'|says \"-ERR it's"
        ) as caught:
            await sink.write(batch)
        assert str(caught.value).isprintable()
    akumuli.refusal = None
    assert await sink.write(batch) == Delivery(20)
    akumuli.refusal = "-ERR never"
    unwanted = records(21)[20:]
    for _ in range(9):
        with pytest.raises(SinkUnavailableError):
            await sink.write(unwanted)
    assert await sink.write(unwanted) == Delivery(0, {"other": 1})
    assert [line.levelno for line in caplog.records] == [logging.WARNING]
    assert len(requests(akumuli.series)) == 20


HOSTS = {"nobody": "akumuli.invalid", "no-name": "a" * 64 + ".example"}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
async def test_a_host_that_is_not_there(host: str) -> None:
    """Is an outage like any other."""
    sink = AkumuliSink(host, 8282, "request")
    for _ in range(2):
        with pytest.raises(SinkUnavailableError, match=f"^Akumuli at {host}:8282: "):
            await sink.start()
    await sink.close()


async def test_a_host_by_its_name(akumuli: Akumuli) -> None:
    """Every address of it is tried: the stand-in listens on one only."""
    sink = AkumuliSink("localhost", akumuli.port, "request")
    await sink.start()
    assert await sink.write(records(3)) == Delivery(3)
    await sink.close()


EARLY = {"having-read-nothing": (False, 50_000_000), "having-read-it-all": (True, 1000)}


@pytest.mark.parametrize(("has_read", "size"), EARLY.values(), ids=EARLY)
async def test_a_server_that_closes_unasked(size: int, *, has_read: bool) -> None:
    """Is not taken for one that is done, though it says nothing."""
    with socket.create_server((HOST, 0)) as listener:
        done = threading.Event()

        def close_early() -> None:
            connection, _ = listener.accept()
            with connection:
                if has_read:
                    connection.recv(size, socket.MSG_WAITALL)
                connection.shutdown(socket.SHUT_WR)
                done.wait(PATIENCE_SECONDS)

        thread = threading.Thread(target=close_early)
        thread.start()
        with pytest.raises(ConnectionResetError, match="closed early"):
            await exchange([HOST], listener.getsockname()[1], b"x" * size, 5, settle_seconds=5)
        done.set()
        thread.join()


async def test_a_server_that_closes_with_bytes_under_way() -> None:
    """Though it was asked to: what its kernel has not taken, it has not read."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind((HOST, 0))
        listener.listen()
        sending = asyncio.gather(exchange([HOST], listener.getsockname()[1], b"x" * 100_000, 5, settle_seconds=0))
        connection, _ = await asyncio.to_thread(listener.accept)
        with connection:
            for _ in range(100):  # until it has half-closed
                await asyncio.sleep(0)
            connection.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionResetError, match="closed early"):
                await sending


async def test_what_was_given_up_does_not_arrive_later() -> None:
    """When it is sent again, in another connection."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind((HOST, 0))
        listener.listen()
        with pytest.raises(TimeoutError):
            await exchange([HOST], listener.getsockname()[1], b"x" * 100_000, 0.1)
        connection, _ = listener.accept()
        with connection:
            assert await asyncio.to_thread(_received, connection) < 100_000


def _received(connection: socket.socket) -> int:
    total = 0
    try:
        while block := connection.recv(65536):
            total += len(block)
    except ConnectionResetError:
        pass
    return total


async def test_a_server_that_talks_without_end() -> None:
    """Costs a bounded time and memory: it is not Akumuli."""
    with socket.create_server((HOST, 0)) as listener:

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                for _ in range(1000):
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 1000)

        thread = threading.Thread(target=talk)
        thread.start()
        assert len(await exchange([HOST], listener.getsockname()[1], b"", 10)) == 4096
        thread.join()


async def test_the_second_address_is_tried(akumuli: Akumuli) -> None:
    """When nobody listens on the first."""
    (unused,) = free_ports(1)
    assert unused != akumuli.port
    assert await exchange(["127.0.0.2", HOST], akumuli.port, b"", 5) == b""
    with pytest.raises(OSError, match="Connect call failed"):
        await exchange([HOST], unused, b"", 5)
    with pytest.raises(OSError, match="no address"):
        await exchange([], unused, b"", 5)
