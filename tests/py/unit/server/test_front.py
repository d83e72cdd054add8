"""What is told of answers from memory: one record each, as of any other answer."""

import asyncio
import os
from http import HTTPStatus
from pathlib import Path

import pytest
from support.manual_clock import ManualClock
from support.told import Told
from unit.cache.responses import a_response
from unit.server.hot import NOW, a_head, a_hot_path, a_representation, an_entry

from sidecar.cache.stored import StoredResponse
from sidecar.observe import Client
from sidecar.server.finish import Finish
from sidecar.server.front import Front
from sidecar.server.hot_entry import FileBody
from sidecar.settings import load
from sidecar.store.disk import Disk
from sidecar.store.reader import FileReader

PEER = "192.0.2.7"


def a_front(told: Told, stored: StoredResponse | None = None) -> Front:
    """A front with one object in memory."""
    hot, representation = a_hot_path(), a_representation(stored or a_response())
    hot.put(b"/a.css", None, an_entry(representation.stored), representation)
    return Front(load({"bucket": "site"}, {}), hot, Finish(("*",)), ManualClock(NOW), told)


@pytest.mark.parametrize(
    ("fields", "method", "expected"),
    [
        ((), "GET", (200, 10, "text/css")),
        ((), "HEAD", (200, 0, "text/css")),
        (("range: bytes=1-3",), "GET", (206, 3, "text/css")),
        (('if-none-match: "a"',), "GET", (304, 0, None)),
        (('if-match: "b"',), "GET", (412, 24, "text/plain; charset=utf-8")),
        (("range: bytes=99-",), "GET", (416, 26, "text/plain; charset=utf-8")),
    ],
)
def test_one_record_for_each_answer(
    fields: tuple[str, ...], method: str, expected: tuple[int, int, str | None]
) -> None:
    """With the client's addresses, the bytes of the body that were sent, and a hit."""
    told = Told()
    head = a_head("/a.css?v=1", "x-real-ip: 192.0.2.1", "x-forwarded-for: 192.0.2.2, 192.0.2.3", *fields, method=method)
    front = a_front(told)
    answer = front.answer(head)
    assert answer is not None
    assert told.records == []
    front.tell(head, answer, PEER)
    (record,) = told.records
    assert (record.status, record.body_bytes, record.media_type) == expected
    assert (record.method, record.resource, record.outcome) == (method, "/a.css", "hit")
    assert record.client == Client("192.0.2.1", "192.0.2.2, 192.0.2.3", PEER)
    assert (record.timestamp_ns, record.duration_ns >= 0) == (int(NOW * 1e9), True)


@pytest.mark.parametrize(
    ("fields", "method", "is_compressed"),
    {
        "rfc9110-8.4": ((), "GET", True),
        "rfc9110-14.2-range": (("range: bytes=1-3",), "GET", True),
        "rfc9110-9.3.2-head": ((), "HEAD", False),
        "rfc9110-15.4.5": (('if-none-match: "a"',), "GET", False),
        "rfc9110-15.5.13": (('if-match: "b"',), "GET", False),
    }.values(),
)
def test_whether_a_body_was_compressed(fields: tuple[str, ...], method: str, is_compressed: bool) -> None:
    """That is told of bodies that were sent in a content coding, the first time and again."""
    told, stored = Told(), a_response(headers=(("etag", '"a"'), ("content-encoding", "gzip")))
    front = a_front(told, stored=stored)
    head = a_head("/a.css", *fields, method=method)
    for _ in range(2):
        answer = front.answer(head)
        assert answer is not None
        front.tell(head, answer, PEER)
    assert [record.is_compressed for record in told.records] == [is_compressed] * 2


@pytest.mark.parametrize("target", ["/none", "/a.css#top"])
def test_no_record_for_what_another_answers(target: str) -> None:
    """It is told when it is answered."""
    told = Told()
    assert a_front(told).answer(a_head(target)) is None
    assert told.records == []


def test_a_client_without_addresses_is_its_connection() -> None:
    """Bytes of a field that are no text go through."""
    told = Told()
    front = a_front(told)
    answer = front.answer(a_head())
    assert answer is not None
    front.tell(a_head(), answer, PEER, is_aborted=True)
    assert (told.records[0].client, told.records[0].is_aborted) == (Client(None, None, PEER), True)


async def test_what_is_not_right_any_more_is_not_answered_again(tmp_path: Path) -> None:
    """The cache forgets it too, once."""
    (tmp_path / "body").touch()
    disk = Disk()
    reader = FileReader(disk, os.open(tmp_path / "body", os.O_RDONLY), range(9))
    forgotten: list[str] = []

    async def forget() -> None:
        forgotten.append("a.css")

    front, body = a_front(Told()), FileBody(reader, forget)
    for _ in range(2):
        front.forget(b"/a.css?v=2", body)
    assert front.answer(a_head()) is None
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
    assert forgotten == ["a.css"]
    body.close()
    disk.close()


@pytest.mark.parametrize("is_head", [False, True])
def test_one_record_for_what_is_no_request(*, is_head: bool) -> None:
    """Of nobody knows what."""
    told = Told()
    assert b"\r\nconnection: close\r\n" in a_front(told).refuse(HTTPStatus.BAD_REQUEST, "No.", PEER, is_head=is_head)
    (record,) = told.records
    assert (record.method, record.status, record.outcome, record.body_bytes > 0) == ("-", 400, "none", not is_head)
