"""Pre-compressed objects beside an object: `app.js.br` beside `app.js`."""

from dataclasses import replace

import pytest
from support.scripted_origin import Barrier, head, whole
from unit.cache.codings import CSS, OTHER_TEXT, RULES, TEXT, Coded, coded, coding_worker, headers, undone, work
from unit.cache.node import TTL, Node, Worker, clients

from sidecar.cache.answer import Want
from sidecar.cache.stored import Kind
from sidecar.errors import OriginTimeout, OriginUnavailable
from sidecar.http.encoding import CODINGS
from sidecar.store.codecs import CODECS

MISS = "fwd=uri-miss; fwd-status=200; stored"
HIT = "hit; ttl=60"
COMPANIONS = replace(RULES, looked_for=CODINGS)
ONLY_COMPANIONS = replace(COMPANIONS, offered=())
BR = CODECS["br"].apply(TEXT)
GZIP = CODECS["gzip"].apply(TEXT)
BR_HEADERS = {"content-type": "application/octet-stream", "etag": '"of the companion"', "cache-control": "max-age=9"}


@pytest.fixture
def worker(node: Node) -> Worker:
    """Start a worker that looks for companions."""
    return coding_worker(node, COMPANIONS)


async def test_a_companion_is_sent_in_place_of_the_object(node: Node, worker: Worker) -> None:
    """As what the object is, with its own ETag; the bucket is asked once for each."""
    node.origin.put("key", TEXT, CSS | {"cache-control": "max-age=60"})
    node.origin.put("key.br", BR, BR_HEADERS)
    assert await coded(worker) == Coded("br", TEXT, MISS)
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert await headers(worker) == {
        "content-type": "text/css",
        "content-encoding": "br",
        "cache-control": "max-age=60",
        "etag": '"of the companion"',
        "vary": "accept-encoding",
    }
    assert (work(worker), node.origin.calls) == ([], ["key", "key.br"])


FIRST = {
    "the-one-there-is": ("gzip, br", "gzip", []),
    "before-one-that-would-be-made": ("zstd, gzip;q=0.1", "gzip", []),
    "none-that-is-taken": ("zstd, br", "br", ["br"]),
}


@pytest.mark.parametrize(("accept", "coding", "made"), FIRST.values(), ids=FIRST)
async def test_the_first_that_is_there(node: Node, worker: Worker, accept: str, coding: str, made: list[str]) -> None:
    """In the client's order; where there is none, the object is compressed here. Nothing is asked for twice."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.gz", GZIP, CSS)
    assert await coded(worker, accept) == Coded(coding, TEXT, MISS)
    before = list(node.origin.calls)
    assert await coded(worker, accept) == Coded(coding, TEXT, HIT)
    assert node.origin.calls == before
    assert (len(set(before)), work(worker)) == (len(before), made)


async def test_companions_that_are_not_there_cost_one_request_each(node: Node) -> None:
    """For as long as a missing object is remembered."""
    worker = coding_worker(node, ONLY_COMPANIONS)
    node.origin.put("key", TEXT, CSS)
    for said in (MISS, HIT, HIT):
        assert await coded(worker, "*") == Coded(None, TEXT, said)
    assert node.origin.calls == ["key", "key.br", "key.zst", "key.gz"]
    assert await headers(worker, None) == CSS | {"vary": "accept-encoding"}


async def test_who_takes_no_coding_asks_for_no_companion(node: Node, worker: Worker) -> None:
    """But is told that others may be sent something else."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR)
    for accept in (None, "", "br;q=0", "identity"):
        assert (await coded(worker, accept)).coding is None
    assert (await headers(worker, None))["vary"] == "accept-encoding"
    assert node.origin.calls == ["key"]


async def test_a_companion_alone_is_nothing(node: Node, worker: Worker) -> None:
    """An object that is not there is missing, and nothing else is looked for."""
    node.origin.put("key.br", BR)
    answer = await worker.ask("key", Want(accept_encoding="br"))
    assert answer.stored.kind is Kind.MISSING
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("size", [10, 2_000_000], ids=["small", "large"])
async def test_companions_of_what_is_not_compressed_here(node: Node, worker: Worker, size: int) -> None:
    """Whoever has compressed it beforehand thought it worth it."""
    node.origin.put("key", TEXT * (size // len(TEXT)) or TEXT[:10], CSS)
    node.origin.put("key.br", BR)
    assert (await coded(worker)).coding == "br"
    assert work(worker) == []


@pytest.mark.parametrize(
    ("told", "is_sent"),
    [("br", True), ("BR", True), ("aws-chunked", True), ("gzip", False), ("br, gzip", False), ("utf-8", False)],
)
async def test_the_content_encoding_of_a_companion(node: Node, worker: Worker, told: str, is_sent: bool) -> None:
    """It may say what its name says; one that says something else is not what it seems to be."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR, {"content-encoding": told})
    assert (await coded(worker)).text == TEXT
    assert (work(worker) == []) is is_sent


async def test_an_empty_companion_is_none(node: Node, worker: Worker) -> None:
    """No bytes are no text in any coding."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", b"")
    assert await coded(worker) == Coded("br", TEXT, MISS)
    assert work(worker) == ["br"]


@pytest.mark.parametrize(
    "told",
    [
        {"content-type": "image/png"},
        {"content-type": "text/css", "cache-control": "no-transform"},
        {"content-type": "text/css", "content-encoding": "gzip"},
    ],
    ids=["picture", "no-transform", "coded-already"],
)
async def test_objects_without_companions(node: Node, worker: Worker, told: dict[str, str]) -> None:
    """What is sent as it is costs no request for anything else."""
    node.origin.put("key", GZIP, told)
    await worker.get_and_store("key", Want(accept_encoding="gzip, br"))
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("error", [OriginUnavailable("503"), OriginTimeout("slow")], ids=["unavailable", "timeout"])
async def test_a_bucket_that_fails_for_a_companion(node: Node, worker: Worker, error: Exception) -> None:
    """Is no error for who wants the object: that is there."""
    node.origin.put("key", TEXT, CSS)
    node.origin.script("key.br", (error,), whole(BR))
    assert (await coded(worker)).text == TEXT
    assert (await coded(worker)).coding == "br"


async def test_a_bucket_that_hangs_for_a_companion(node: Node) -> None:
    """The object is sent without it."""
    worker, barrier = coding_worker(node, replace(COMPANIONS, patience_seconds=0.05)), Barrier()
    node.origin.put("key", TEXT, CSS)
    node.origin.script("key.br", (barrier, *whole(BR)))
    answer = await worker.ask("key", Want(accept_encoding="br"))
    barrier.release()
    assert (await undone(answer, worker)).text == TEXT
    assert await coded(worker) == Coded("br", TEXT, HIT)


async def test_a_companion_streams(node: Node, worker: Worker) -> None:
    """It is sent as it comes; the object itself need not have come."""
    object_barrier, companion_barrier = Barrier(), Barrier()
    node.origin.script("key", (head(len(TEXT), CSS), TEXT[:100], object_barrier, TEXT[100:]))
    node.origin.script("key.br", (head(len(BR)), BR[:10], companion_barrier, BR[10:]))
    answer = await worker.ask("key", Want(accept_encoding="br"))
    assert await anext(answer.body.chunks(0, 10)) == BR[:10]
    companion_barrier.release()
    object_barrier.release()
    assert await undone(answer, worker) == Coded("br", TEXT, MISS)


async def test_a_companion_that_may_not_be_stored(node: Node, worker: Worker) -> None:
    """Is passed on, each time anew."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR, {"cache-control": "no-store"})
    assert {(await coded(worker)).coding for _ in range(3)} == {"br"}
    assert node.origin.calls.count("key.br") == 3


async def test_a_companion_that_is_replaced(node: Node, worker: Worker) -> None:
    """Is fetched anew when it is stale."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR, {"etag": '"1"'})
    await coded(worker)
    node.origin.put("key", OTHER_TEXT, CSS | {"etag": '"b"'})
    node.origin.put("key.br", CODECS["br"].apply(OTHER_TEXT), {"etag": '"2"'})
    node.clock.advance(TTL)
    assert (await coded(worker)).text == OTHER_TEXT
    assert (await headers(worker))["etag"] == '"2"'


async def test_a_companion_that_is_removed(node: Node, worker: Worker) -> None:
    """From then on the object is compressed here."""
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR, {"etag": '"1"'})
    await coded(worker)
    node.origin.remove("key.br")
    node.clock.advance(TTL)
    assert (await coded(worker)).text == TEXT
    assert work(worker) == ["br"]


async def test_many_clients_ask_for_a_companion_once(node: Node, worker: Worker) -> None:
    """In all workers."""
    others = [coding_worker(node, COMPANIONS) for _ in range(2)]
    node.origin.put("key", TEXT, CSS)
    node.origin.put("key.br", BR)
    async with clients(*(coded(each) for _ in range(5) for each in (worker, *others))) as waiting:
        pass
    assert {(client.result().coding, client.result().text) for client in waiting} == {("br", TEXT)}
    assert sorted(node.origin.calls) == ["key", "key.br"]


async def test_a_key_that_leaves_no_room_for_an_extension(node: Node, worker: Worker) -> None:
    """S3 has no longer ones: it is not asked for what cannot be there."""
    key = "k" * 1022
    node.origin.put(key, TEXT, CSS)
    assert (await coded(worker, key=key)).coding == "br"
    assert node.origin.calls == [key]
