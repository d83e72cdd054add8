"""A worker's part: nothing waits for it, and nothing is lost uncounted."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from support.until import PATIENCE_SECONDS, soon
from unit.ops.board import Board
from unit.ops.recording.requests import NOW_NS, a_request, as_record

from ops.metrics.numbers import Counts, place_of
from ops.metrics.observer import Metrics
from ops.recording.channel import Channel, open_channel
from ops.recording.handover import HAND_SECONDS, MOST_WAITING, Handover
from ops.recording.message import message_of, records_of, rows_of
from sidecar.observe import Summary, record_of_hit
from sidecar.server.head import read_head
from sidecar.tasks import Tasks

SINKS = ("file", "mongo")


@pytest.fixture
def channel() -> Iterator[Channel]:
    """A channel whose reader is the test."""
    channel = open_channel()
    yield channel
    for end in channel:
        end.close()


@pytest.fixture
def counts() -> Counts:
    """A worker's numbers."""
    return Board().begin(1)


def read(channel: Channel) -> list[str]:
    """The resources of all records that have arrived."""
    found: list[str] = []
    while True:
        try:
            data = channel.reading.recv(1024 * 1024)
        except BlockingIOError:
            return found
        found += [record.resource for record in records_of(rows_of(message_of(data, 0)), lambda _: None)]


def dropped(counts: Counts, sink: str, reason: str) -> tuple[int, int]:
    """How many were dropped for a reason, and how many were queued."""
    place = place_of("records_dropped_total", sink, reason)
    return counts.numbers[place], counts.numbers[place_of("records_queued_total", sink)]


async def test_it_hands_over_a_few_times_a_second(channel: Channel, counts: Counts) -> None:
    """Every record in the order in which it was told; whoever else is told hears of it too."""
    handover, tasks = Handover(Metrics(counts), channel.writing, counts, SINKS), Tasks()
    tasks.spawn(handover.run(), name="hand over")
    told = [f"/{number}" for number in range(1000)]
    for resource in told:
        handover.request_answered(a_request(resource))
    await soon(lambda: len(handover) == 0)
    await tasks.cancel_all()
    assert read(channel) == told
    assert counts.numbers[place_of("requests_total", "GET", "200", "hit")] == 1000
    assert dropped(counts, "file", "handover") == (0, 0)


async def test_hits_are_told_of_as_all_others_are(channel: Channel, counts: Counts) -> None:
    """In one message, with what each client has sent; that they share an answer is nobody's business."""
    handover = Handover(Metrics(counts), channel.writing, counts, SINKS)
    answers = [
        Summary("GET", HTTPStatus.OK, "hit", 10, "/a.css", "text/css", False),
        Summary("HEAD", HTTPStatus.NOT_MODIFIED, "hit", 0, "/b", None, True),
    ]
    fields = (
        "x-forwarded-for: 203.0.113.9 \t",
        "x-real-ip: 203.0.113.8",
        "x-forwarded-for: caf\xe9, 203.0.113.7",
        "a: b",
    )
    heads = [read_head(f"GET / HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode("latin-1")) for line in fields]
    expected = []
    for number in range(20):
        hit = (answers[number % 3 % 2], heads[number % 4], f"127.0.0.{number}", NOW_NS + number, number)
        handover.hit(*hit)
        handover.request_answered(a_request(str(number), timestamp_ns=number))
        expected += [as_record(record_of_hit(*hit)), as_record(a_request(str(number), timestamp_ns=number))]
    await handover.finish()
    found = records_of(rows_of(message_of(channel.reading.recv(1024 * 1024), 0)), lambda _: None)
    assert found == expected
    assert {record.address for record in found} >= {"203.0.113.9", "203.0.113.8", "203.1.113.9", "127.0.0.3"}
    assert counts.numbers[place_of("requests_total", "HEAD", "304", "hit")] == 7


async def test_what_nobody_takes_is_dropped(channel: Channel, counts: Counts) -> None:
    """The oldest go and are counted for every sink; what is left is handed over when somebody reads again."""
    handover, tasks = Handover(Metrics(counts), channel.writing, counts, SINKS), Tasks()
    told = MOST_WAITING * 3
    for number in range(told):
        handover.request_answered(a_request(str(number)))
    tasks.spawn(handover.run(), name="hand over")
    await soon(lambda: len(handover) == MOST_WAITING)
    lost, queued = dropped(counts, "file", "handover")
    assert lost == queued > 0
    assert dropped(counts, "mongo", "handover") == (lost, lost)
    arrived = read(channel)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(handover):
            await asyncio.sleep(HAND_SECONDS)
            arrived += read(channel)
    await tasks.cancel_all()
    assert len(arrived) + lost == told
    assert arrived == sorted(arrived, key=int)
    assert arrived[-1] == str(told - 1)


async def test_the_last(channel: Channel, counts: Counts) -> None:
    """At the end everything is handed over; without a reader it is dropped after a second."""
    handover = Handover(Metrics(counts), channel.writing, counts, SINKS)
    handover.request_answered(a_request("/last"))
    await handover.finish()
    assert read(channel) == ["/last"]
    channel.reading.close()
    handover.request_answered(a_request())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await handover.finish()
    assert dropped(counts, "file", "shutdown") == (1, 1)


async def test_long_targets(channel: Channel, counts: Counts) -> None:
    """Records that are too long together go in several messages."""
    handover, tasks = Handover(Metrics(counts), channel.writing, counts, SINKS), Tasks()
    told = [f"/{number}/{'x' * 8000}" for number in range(200)]
    for resource in told:
        handover.request_answered(a_request(resource))
    tasks.spawn(handover.run(), name="hand over")
    arrived: list[str] = []

    def has_all() -> bool:
        arrived.extend(read(channel))
        return len(arrived) == len(told)

    await soon(has_all)
    await tasks.cancel_all()
    assert arrived == told


async def test_what_cannot_be_packed(channel: Channel, counts: Counts, caplog: pytest.LogCaptureFixture) -> None:
    """It is given up with what is packed with it, counted and logged; what comes later is handed over."""
    handover = Handover(Metrics(counts), channel.writing, counts, SINKS)
    handover.request_answered(a_request()._replace(resource=object()))  # type: ignore[arg-type]  # what must not be
    await handover.finish()
    handover.request_answered(a_request("/next"))
    await handover.finish()
    assert read(channel) == ["/next"]
    assert dropped(counts, "file", "other") == (1, 1)
    assert "could not be packed" in caplog.text
