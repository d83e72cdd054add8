"""Objects in another coding: made once on the node, stored beside the object, and never an error."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.scripted_origin import Barrier, Step, head, whole
from unit.cache.codings import (
    CSS,
    KEY,
    OTHER_TEXT,
    RULES,
    TEXT,
    VARIANT,
    Coded,
    coded,
    coding_worker,
    headers,
    undone,
    variant_key,
    work,
)
from unit.cache.node import TTL, Node, Worker, clients, running_node
from unit.store.limits import largest_file, no_more_files

from sidecar.cache.answer import Refusal, Want
from sidecar.cache.coded_origin import CodedOrigin
from sidecar.cache.ports import Turn
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.cache.representation import of_variant
from sidecar.cache.stored import Kind
from sidecar.errors import BodyLost, OriginError, OriginUnavailable
from sidecar.http.cache_control import CacheControl
from sidecar.http.encoding import CODINGS
from sidecar.shared import Shared
from sidecar.store.codecs import CODECS
from sidecar.store.metadata import Metadata
from sidecar.store.paths import body_name

MISS = "fwd=uri-miss; fwd-status=200; stored"
HIT = "hit; ttl=60"
NOISE = os.urandom(20_000)
BR = Want(accept_encoding="br")
_BEYOND_THE_KERNELS_CLOCK = 3e8


@pytest.fixture
def worker(node: Node) -> Worker:
    """Start a worker that applies codings."""
    return coding_worker(node)


@pytest.fixture
def sibling(node: Node, worker: Worker) -> Worker:
    """Start a second one."""
    return coding_worker(node)


# Made once.


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_variant_is_made_once_and_then_hit(node: Node, worker: Worker, coding: str) -> None:
    """The first client waits for it; what is said of the cache is what became of the object."""
    node.origin.put("key", TEXT, CSS)
    assert await coded(worker, coding) == Coded(coding, TEXT, MISS)
    assert await coded(worker, coding) == Coded(coding, TEXT, HIT)
    assert (work(worker), node.origin.calls) == ([coding], ["key"])


async def test_every_client_gets_what_it_takes(node: Node, worker: Worker) -> None:
    """One object, four representations, each made of the one that is stored."""
    node.origin.put("key", TEXT, CSS)
    accepted = [None, "gzip", "br, gzip", "zstd", "identity", "*", "gzip;q=0"]
    found = [await coded(worker, accept) for accept in accepted]
    assert [each.coding for each in found] == [None, "gzip", "br", "zstd", None, "br", None]
    assert {each.text for each in found} == {TEXT}
    assert (sorted(work(worker)), node.origin.calls) == (["br", "gzip", "zstd"], ["key"])


async def test_many_clients_in_many_workers_are_one_compression(node: Node, worker: Worker, sibling: Worker) -> None:
    """All ask while the object is still on its way."""
    third, barrier = coding_worker(node), Barrier()
    node.origin.script("key", (head(len(TEXT), CSS), TEXT[:1000], barrier, TEXT[1000:]))
    asking = [coded(each) for _ in range(10) for each in (worker, sibling, third)]
    async with clients(*asking) as waiting:
        await barrier.reached()
        barrier.release()
    assert {(client.result().coding, client.result().text) for client in waiting} == {("br", TEXT)}
    assert (work(worker, sibling, third), node.origin.calls) == (["br"], ["key"])


async def test_a_hot_object_is_one_compression_for_all(node: Node, worker: Worker, sibling: Worker) -> None:
    """Also when the object was stored long before anybody wanted it compressed."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    await coded(sibling, None)
    async with clients(*(coded(each) for _ in range(10) for each in (worker, sibling))) as waiting:
        pass
    assert {client.result() for client in waiting} == {Coded("br", TEXT, HIT)}
    assert work(worker, sibling) == ["br"]


async def test_a_hit_opens_nothing_of_the_original(node: Node, worker: Worker) -> None:
    """Its metadata suffice: the file may be gone."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    node.body_file("key").unlink()
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize(("length", "coding"), [(99, None), (100, "br"), (1_048_576, "br"), (1_048_577, None)])
async def test_bounds(node: Node, worker: Worker, length: int, coding: str | None) -> None:
    """What is too small gains nothing, what is too large would take the worker's memory."""
    node.origin.put("key", (b"text" * 300_000)[:length], CSS)
    assert (await coded(worker)).coding == coding


@pytest.mark.parametrize(
    "told",
    [
        {"content-type": "image/png"},
        {"content-type": "text/css", "cache-control": "max-age=60, no-transform"},
        {"content-type": "text/css", "content-encoding": "compress"},
    ],
    ids=["type", "rfc9111-5.2.2.6-no-transform", "unknown-coding"],
)
async def test_what_is_sent_as_it_is(node: Node, worker: Worker, told: dict[str, str]) -> None:
    """To everybody, so nobody has to be told that it depends on anything."""
    node.origin.put("key", TEXT, told)
    assert await headers(worker) == told
    assert work(worker) == []


# What the answers say.


async def test_each_representation_has_its_own_tag(node: Node, worker: Worker) -> None:
    """And says what it depends on; type and freshness are the object's."""
    node.origin.put("key", TEXT, CSS | {"cache-control": "max-age=60"})
    plain, br, gzip = [await headers(worker, accept) for accept in (None, "br", "gzip")]
    assert plain == CSS | {"cache-control": "max-age=60", "vary": "accept-encoding"}
    assert br == plain | {"content-encoding": "br", "etag": f'"a-br-{CODECS["br"].recipe}"'}
    assert gzip == plain | {"content-encoding": "gzip", "etag": f'"a-gzip-{CODECS["gzip"].recipe}"'}


async def test_headers_are_the_same_for_miss_hit_and_sibling(node: Node, worker: Worker, sibling: Worker) -> None:
    """However the variant was come by."""
    node.origin.put("key", TEXT, CSS)
    found = [await headers(each) for each in (worker, worker, sibling, sibling)]
    assert found == [found[0]] * 4


async def test_age_is_the_originals(node: Node, worker: Worker) -> None:
    """A variant that is made late is as old as what it was made of, and as stale."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    node.clock.advance(TTL - 1)
    answer = await worker.ask("key", BR)
    await answer.body.close()
    assert (answer.stored.age_at(node.clock.now()), answer.status.ttl) == (TTL - 1, 1)


async def test_what_a_304_brings_is_told_of_the_variant(node: Node, worker: Worker) -> None:
    """The body stays, its metadata are the object's new ones."""
    node.origin.script("key", whole(TEXT, CSS), whole(b"", CSS | {"cache-control": "max-age=7"}))
    await coded(worker)
    node.clock.advance(TTL)
    assert await coded(worker) == Coded("br", TEXT, "fwd=stale; fwd-status=304")
    assert (await headers(worker))["cache-control"] == "max-age=7"
    assert work(worker) == ["br"]


# Not worth it.


async def test_what_does_not_shrink_is_tried_once(node: Node, worker: Worker, sibling: Worker) -> None:
    """By one worker, for all; it is remembered on disk, so also after a restart."""
    node.origin.put("key", NOISE, CSS)
    for each in (worker, worker, sibling, sibling):
        found = await coded(each)
        assert (found.coding, found.text) == (None, NOISE)
    node.shared = Shared()
    restarted = coding_worker(node)
    assert await coded(restarted) == Coded(None, NOISE, "fwd=stale; fwd-status=304")
    assert work(worker, sibling, restarted) == ["br"]


async def test_what_does_not_shrink_still_depends_on_the_request(node: Node, worker: Worker) -> None:
    """Another version of it may shrink."""
    node.origin.put("key", NOISE, CSS)
    assert await headers(worker) == CSS | {"vary": "accept-encoding"}


async def test_clients_that_wait_for_what_does_not_shrink(node: Node, worker: Worker, sibling: Worker) -> None:
    """All get the object as it is."""
    node.origin.put("key", NOISE, CSS)
    async with clients(*(coded(each) for _ in range(5) for each in (worker, sibling))) as waiting:
        pass
    assert {(client.result().coding, client.result().text) for client in waiting} == {(None, NOISE)}
    assert work(worker, sibling) == ["br"]


# Versions.


@pytest.mark.parametrize(
    ("before", "after"),
    [('"a"', '"b"'), ('W/"a"', 'W/"a"'), (None, None), ('"a"', None), (None, '"a"')],
    ids=["strong", "weak", "none", "strong-to-none", "none-to-strong"],
)
async def test_no_old_variant_with_a_new_object(
    node: Node, worker: Worker, sibling: Worker, before: str | None, after: str | None
) -> None:
    """Nor the reverse, in whichever worker, whatever validators there are."""
    told = [{"content-type": "text/css"} | ({} if etag is None else {"etag": etag}) for etag in (before, after)]
    node.origin.put("key", TEXT, told[0])
    for each in (worker, sibling):
        assert {(await coded(each, accept)).text for accept in (None, *CODINGS)} == {TEXT}
    node.clock.advance(TTL)
    node.body_file("key").unlink()  # else the bucket would be asked whether it is the same, by validators that are
    node.origin.put("key", OTHER_TEXT, told[1])
    for each in (sibling, worker):
        assert {(await coded(each, accept)).text for accept in (None, *CODINGS)} == {OTHER_TEXT}


async def test_an_object_replaced_while_its_variant_is_made(node: Node, worker: Worker, sibling: Worker) -> None:
    """Whoever waits for the old one gets a whole version, old or new, and never one under the other's name."""
    node.origin.script("key", whole(TEXT, CSS), whole(OTHER_TEXT, CSS | {"etag": '"b"'}))
    await coded(worker, None)
    await worker.coders.places.acquire()
    async with clients(worker.ask("key", BR)) as (old,):
        node.clock.advance(TTL)
        new = await sibling.ask("key", BR)
        assert (new.stored.etag or "").startswith('"b-br')
        assert (await undone(new, sibling)).text == OTHER_TEXT
        worker.coders.places.release()
    answer = old.result()
    is_old = (answer.stored.etag or "").startswith('"a')
    assert (await undone(answer, worker)).text == (TEXT if is_old else OTHER_TEXT)


async def test_a_variant_outlives_its_original(node: Node, worker: Worker) -> None:
    """The same version is fetched again for who wants it as it is; its variant is not made again."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    node.body_file("key").unlink()
    assert (await coded(worker, None)).text == TEXT
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert (work(worker), node.origin.calls) == (["br"], ["key", "key"])


async def test_an_original_is_in_use_while_its_variants_are(node: Node, worker: Worker) -> None:
    """Otherwise it would be the first to leave, and then be fetched again when it could have been revalidated."""
    node.clock.advance(_BEYOND_THE_KERNELS_CLOCK)  # which would tell by itself that a file was read
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    for path in node.directory.iterdir():
        os.utime(path, (node.clock.now() - 1000, node.clock.now() - 1000))
    node.clock.advance(TTL)
    assert await coded(worker) == Coded("br", TEXT, "fwd=stale; fwd-status=304")
    assert {path.stat().st_atime for path in node.directory.iterdir()} == {node.clock.now()}


async def test_a_variant_that_was_deleted_is_made_again(node: Node, worker: Worker) -> None:
    """Any file may be deleted at any time."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    (node.directory / body_name(variant_key())).unlink()
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert (work(worker), node.origin.calls) == (["br", "br"], ["key"])


async def test_after_a_restart(node: Node, worker: Worker) -> None:
    """The object is revalidated, and its variant is there."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    node.shared = Shared()
    restarted = coding_worker(node)
    assert await coded(restarted) == Coded("br", TEXT, "fwd=stale; fwd-status=304")
    assert await coded(restarted) == Coded("br", TEXT, HIT)
    assert work(restarted) == []


# Clear, purge, evict.


async def test_a_clear_removes_variants(node: Node, worker: Worker, sibling: Worker) -> None:
    """From the disk, and from what every worker knows."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    await coded(sibling)
    await worker.engine.clear()
    await worker.tasks.ended()
    assert node.stored_files() == []
    assert await coded(sibling) == Coded("br", TEXT, "fwd=miss; fwd-status=200; stored")
    assert work(worker, sibling) == ["br", "br"]


PURGES = {
    "key": PurgeRule(Scope.KEY, "key"),
    "prefix": PurgeRule(Scope.PREFIX, "k"),
    "tag": PurgeRule(Scope.TAG, "t"),
}


@pytest.mark.parametrize("rule", PURGES.values(), ids=PURGES)
async def test_a_purge_hits_variants(node: Node, worker: Worker, sibling: Worker, rule: PurgeRule) -> None:
    """Though the bucket has the same version still, they are made anew."""
    node.origin.put("key", TEXT, CSS | {"surrogate-key": "t"})
    await coded(worker)
    await coded(sibling)
    await worker.engine.purge(rule)
    assert (await coded(sibling)).text == TEXT
    assert (await coded(worker)).text == TEXT
    assert (work(worker, sibling), node.origin.calls) == (["br", "br"], ["key", "key"])


@pytest.mark.parametrize("scope", [Scope.PREFIX, Scope.TAG])
async def test_a_purge_removes_the_files_of_variants(node: Node, worker: Worker, scope: Scope) -> None:
    """Of a prefix and of a tag, as those of objects."""
    node.origin.put("key", TEXT, CSS | {"surrogate-key": "k"})
    await coded(worker)
    assert await worker.engine.purge(PurgeRule(scope, "k")) == 2
    assert node.stored_files() == []


async def test_a_soft_purge_keeps_the_variant(node: Node, worker: Worker) -> None:
    """The object is revalidated; where it has not changed, neither has its variant."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    await worker.engine.purge(PurgeRule(Scope.KEY, "key", is_soft=True))
    assert await coded(worker) == Coded("br", TEXT, "fwd=stale; fwd-status=304")
    assert work(worker) == ["br"]


async def test_a_purge_while_a_variant_is_made(node: Node, worker: Worker) -> None:
    """What is made of what was purged is not kept."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    await worker.coders.places.acquire()
    async with clients(worker.ask("key", BR)) as (client,):
        await worker.bodies.claimed(2)
        await worker.engine.purge(PurgeRule(Scope.KEY, "key"))
        worker.coders.places.release()
    assert (await undone(client.result(), worker)).text == TEXT
    assert (await coded(worker)).text == TEXT
    assert node.origin.calls == ["key", "key"]


async def test_variants_leave_for_others(tmp_path: Path) -> None:
    """They are of the room that the cache has; what was driven out is made again."""
    async with running_node(tmp_path / "small") as node:
        node.directory.mkdir()
        node.bounds = replace(node.bounds, max_files=4)
        worker = coding_worker(node)
        for number in range(6):
            node.origin.put(f"key{number}", TEXT, CSS)
            assert (await coded(worker, key=f"key{number}")).text == TEXT
            node.clock.advance(1)
        assert len(node.stored_files()) == 4
        assert await coded(worker, key="key0") == Coded("br", TEXT, "fwd=miss; fwd-status=200; stored")


# Whatever goes wrong.


async def test_a_full_disk_sends_the_object_as_it_is(
    node: Node, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so once; after a while it is tried again."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    with largest_file(4096):
        assert {await coded(worker) for _ in range(5)} == {Coded(None, TEXT, HIT)}
    assert work(worker) == ["br"]
    assert caplog.text.count("answers pass without being stored") == 1
    node.clock.advance(2)
    assert await coded(worker) == Coded("br", TEXT, "hit; ttl=58")


async def test_all_who_wait_when_there_is_no_room(node: Node, worker: Worker, sibling: Worker) -> None:
    """Get the object as it is, in whichever worker."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    await coded(sibling, None)
    with largest_file(4096):
        async with clients(*(coded(each) for _ in range(5) for each in (worker, sibling))) as waiting:
            pass
    assert {client.result() for client in waiting} == {Coded(None, TEXT, HIT)}


async def test_no_descriptor_for_a_variant(node: Node, worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """Neither for the object then: that is passed on, and nobody sees an error."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    with no_more_files():
        assert (await coded(worker)).text == TEXT
    caplog.clear()
    node.clock.advance(2)
    assert (await coded(worker)).coding == "br"


def _cut(path: Path) -> None:
    os.truncate(path, 4096 + 100)


def _alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 + 50] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("damage", [_cut, _alter, Path.unlink], ids=["cut", "altered", "deleted"])
async def test_an_original_that_cannot_be_read(node: Node, worker: Worker, damage: Callable[[Path], None]) -> None:
    """No variant is made of it; it is fetched anew, at the latest when it was found to be altered."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    damage(node.body_file("key"))
    try:
        found = await coded(worker)
    except BodyLost:
        await worker.engine.forget("key")
        found = await coded(worker)
    assert found.text == TEXT
    assert node.origin.calls == ["key", "key"]


@pytest.mark.parametrize("damage", [_cut, _alter], ids=["cut", "altered"])
async def test_a_variant_that_cannot_be_read(node: Node, worker: Worker, damage: Callable[[Path], None]) -> None:
    """No altered byte is sent."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    damage(node.directory / body_name(variant_key()))
    try:
        found = await coded(worker)
    except BodyLost:
        await worker.engine.forget("key")
        found = await coded(worker)
    assert found.text == TEXT
    assert work(worker) == ["br", "br"]


async def test_a_client_that_leaves_harms_nobody(node: Node, worker: Worker) -> None:
    """The variant is made all the same."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    await worker.coders.places.acquire()
    async with clients(coded(worker)) as (other,):
        leaving = asyncio.ensure_future(worker.ask("key", BR))  # noqa: TID251 - a test
        await worker.bodies.claimed(2)
        leaving.cancel()
        worker.coders.places.release()
    assert other.result() == Coded("br", TEXT, HIT)
    assert work(worker) == ["br"]


async def test_all_clients_leave_a_miss(node: Node, worker: Worker) -> None:
    """While the object is on its way; nothing is left open, and the object is stored."""
    barrier = Barrier()
    node.origin.script("key", (head(len(TEXT), CSS), TEXT[:1000], barrier, TEXT[1000:]))
    async with clients(worker.engine.answer("key", BR), worker.engine.answer("key", BR)) as asking:
        await barrier.reached()
        for client in asking:
            client.cancel()
    barrier.release()
    await worker.tasks.ended()
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert node.origin.calls == ["key"]


async def test_nobody_waits_long_for_a_variant(node: Node) -> None:
    """While too many others are made, the object is sent as it is; the variant comes for the next."""
    worker = coding_worker(node, replace(RULES, patience_seconds=0.05))
    node.origin.put("key", TEXT, CSS)
    await worker.get_and_store("key")
    await worker.coders.places.acquire()
    answer = await worker.ask("key", BR)
    worker.coders.places.release()
    assert await undone(answer, worker) == Coded(None, TEXT, HIT)
    assert await coded(worker) == Coded("br", TEXT, HIT)
    assert work(worker) == ["br"]


async def test_nobody_waits_long_for_an_object(node: Node) -> None:
    """Of a bucket that is slow the first bytes are sent as they come."""
    worker, barrier = coding_worker(node, replace(RULES, patience_seconds=0.05)), Barrier()
    node.origin.script("key", (head(len(TEXT), CSS), TEXT[:1000], barrier, TEXT[1000:]))
    answer = await worker.ask("key", BR)
    assert await anext(answer.body.chunks(0, 1000)) == TEXT[:1000]
    barrier.release()
    assert await undone(answer, worker) == Coded(None, TEXT, MISS)


BROKEN: dict[str, tuple[Step, ...]] = {
    "ends-early": (head(len(TEXT), CSS), TEXT[:1000]),
    "breaks": (head(len(TEXT), CSS), TEXT[:1000], OriginUnavailable("gone")),
}


@pytest.mark.parametrize("steps", BROKEN.values(), ids=BROKEN)
async def test_an_object_that_breaks_off_is_an_error_and_not_half_a_body(
    node: Node, worker: Worker, steps: tuple[Step, ...]
) -> None:
    """Nothing was sent yet, so the status can tell."""
    node.origin.script("key", steps, whole(TEXT, CSS))
    refusal = await worker.engine.answer("key", BR)
    assert isinstance(refusal, Refusal)
    assert isinstance(refusal.error, OriginError)
    assert await coded(worker) == Coded("br", TEXT, MISS)


async def test_when_the_bucket_fails_the_variant_stands_in(node: Node) -> None:
    """Stale, as the object is (RFC 5861 4)."""
    node.limits = replace(node.limits, stale_if_error=600)
    worker = coding_worker(node)
    node.origin.put("key", TEXT, CSS)
    await coded(worker)
    node.clock.advance(TTL)
    node.origin.script("key", (OriginUnavailable("503"),))
    assert await coded(worker) == Coded("br", TEXT, "fwd=stale; ttl=-1; detail=stale-if-error")


async def test_a_variant_of_what_is_stored_needs_no_bucket(node: Node, worker: Worker) -> None:
    """Only-if-cached is about the bucket (RFC 9111 5.2.1.7)."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    want = Want(CacheControl.parse("only-if-cached"), accept_encoding="br")
    assert await undone(await worker.ask("key", want), worker) == Coded("br", TEXT, HIT)


async def test_stopping_ends_what_is_made(node: Node, worker: Worker) -> None:
    """Whoever waits gets the object as it is, or is gone; nothing is left open."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    await worker.coders.places.acquire()
    async with clients(worker.ask("key", BR)) as (client,):
        await worker.bodies.claimed(2)
        await worker.tasks.cancel_all()
    assert client.result().stored.header("content-encoding") is None
    await client.result().body.close()


async def test_a_follower_goes_on_where_a_dead_leader_stood(node: Node, worker: Worker) -> None:
    """The same recipe gives the same bytes: the rest of them is appended."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    original = await worker.metadata.get(KEY)
    assert original is not None
    bytes_of_it = CODECS["br"].apply(TEXT)
    stored = of_variant(original, VARIANT, len(bytes_of_it))
    part, is_leader = await worker.bodies.claim(variant_key(), Turn(worker.epoch.current, 0))
    assert is_leader
    await part.begin(replace(stored, identity="of the leader that died"))
    await part.write(bytes_of_it[:10])
    part.close()
    assert len(node.unfinished_files()) == 1
    assert await coded(worker) == Coded("br", TEXT, HIT)
    found = await worker.metadata.get(variant_key())
    assert found is not None
    assert found.identity == "of the leader that died"


async def test_what_is_made_keeps_its_place_until_it_is_stored(node: Node, worker: Worker) -> None:
    """It is in memory so long, beside what it was made of."""
    node.origin.put("key", TEXT, CSS)
    await coded(worker, None)
    original = await worker.metadata.get(KEY)
    assert original is not None
    response = await CodedOrigin(worker.tools, (KEY, original), VARIANT).get("key")
    assert worker.coders.places.locked()
    await response.close()
    await response.close()
    assert not worker.coders.places.locked()


# What is not stored whole.


async def test_slices_are_sent_as_they_are(node: Node) -> None:
    """And say that all of it may be sent otherwise."""
    node.limits = replace(node.limits, slice_threshold_bytes=1000, slice_bytes=4096)
    worker = coding_worker(node)
    node.origin.put("key", TEXT, CSS)
    answer = await worker.ask("key", replace(BR, is_whole=False))
    assert (answer.stored.kind, answer.stored.header("vary")) == (Kind.SLICED, "accept-encoding")
    assert (await undone(answer, worker)).coding is None
    assert (await coded(worker)).coding == "br"
    answer = await worker.ask("key", replace(BR, is_whole=False))
    assert (await undone(answer, worker)).coding == "br"


async def test_what_is_passed_on_is_sent_as_it_is(node: Node, worker: Worker) -> None:
    """It is in nobody's hand as a whole."""
    node.origin.put("key", TEXT, CSS | {"cache-control": "no-store"})
    for _ in range(2):
        answer = await worker.ask("key", BR)
        assert answer.stored.header("vary") == "accept-encoding"
        assert (await undone(answer, worker)).coding is None
    assert work(worker) == []


async def test_a_missing_object_has_no_variants(node: Node, worker: Worker) -> None:
    """Nor does it depend on anything."""
    answer = await worker.ask("key", BR)
    assert (answer.stored.kind, answer.stored.headers) == (Kind.MISSING, ())


async def test_an_empty_object_has_no_variants(node: Node, worker: Worker) -> None:
    """No bytes cannot shrink."""
    node.origin.put("key", b"", CSS)
    assert await coded(worker) == Coded(None, b"", MISS)


# Undoing a coding.

GZIPPED = CSS | {"content-encoding": "gzip"}


@pytest.mark.parametrize("coding", CODINGS)
async def test_what_is_stored_coded_stays_so(node: Node, worker: Worker, coding: str) -> None:
    """Byte for byte, for all but those who refuse it."""
    stored = CODECS[coding].apply(TEXT)
    node.origin.put("key", stored, CSS | {"content-encoding": coding})
    for accept in (None, coding, "*", f"identity, {coding};q=0.1"):
        answer = await worker.ask("key", Want(accept_encoding=accept))
        assert dict(answer.stored.headers) == CSS | {"content-encoding": coding, "vary": "accept-encoding"}
        assert await undone(answer, worker) == Coded(coding, TEXT, answer.status.render().partition("; ")[2])
    assert work(worker) == []


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_coding_is_undone_once_for_those_who_refuse_it(
    node: Node, worker: Worker, sibling: Worker, coding: str
) -> None:
    """With a tag of its own, made once for all workers."""
    node.origin.put("key", CODECS[coding].apply(TEXT), CSS | {"content-encoding": coding})
    for each in (worker, worker, sibling):
        answer = await each.ask("key", Want(accept_encoding=f"{coding};q=0"))
        assert dict(answer.stored.headers) == CSS | {"etag": f'"a-identity-{coding}"', "vary": "accept-encoding"}
        assert (await undone(answer, each)).text == TEXT
    assert (work(worker, sibling), node.origin.calls) == ([f"un-{coding}"], ["key"])


async def test_an_empty_text_is_undone_too(node: Node, worker: Worker) -> None:
    """Twenty bytes of gzip that stand for none."""
    node.origin.put("key", CODECS["gzip"].apply(b""), GZIPPED)
    for _ in range(3):
        found = await coded(worker, "")
        assert (found.coding, found.text) == (None, b"")
    assert work(worker) == ["un-gzip"]


@pytest.mark.parametrize(
    "body",
    [CODECS["gzip"].apply(bytes(2 * 1024 * 1024)), CODECS["gzip"].apply(TEXT)[:-9], TEXT],
    ids=["bomb", "cut-short", "no-gzip"],
)
async def test_what_cannot_be_undone_is_sent_as_it_is(node: Node, worker: Worker, body: bytes) -> None:
    """Nothing better is to be had; it is tried once."""
    node.origin.put("key", body, GZIPPED)
    for _ in range(3):
        answer = await worker.ask("key", Want(accept_encoding="br"))
        assert answer.stored.header("content-encoding") == "gzip"
        assert b"".join([chunk async for chunk in answer.body.chunks(0, len(body))]) == body
        await answer.body.close()
        await worker.tasks.ended()
    assert work(worker) == ["un-gzip"]


async def test_a_corrected_coding_is_tried_again(node: Node, worker: Worker) -> None:
    """The same bytes under another Content-Encoding are not what could not be undone before."""
    body = CODECS["gzip"].apply(TEXT)
    node.origin.script(
        "key", whole(body, CSS | {"content-encoding": "br"}), whole(b"", CSS | {"content-encoding": "gzip"})
    )
    answer = await worker.ask("key", Want(accept_encoding="identity"))
    await answer.body.close()
    node.clock.advance(TTL)
    assert (await coded(worker, "identity")).text == TEXT
    assert work(worker) == ["un-br", "un-gzip"]


async def test_metadata_may_be_forgotten(node: Node) -> None:
    """What lies on disk is found again, and nothing is made twice."""
    node.coding = RULES
    worker = node.worker(Metadata(1))
    node.origin.put("key", TEXT, CSS)
    for accept in ("br", "gzip", "br", "gzip", None, "br"):
        assert (await coded(worker, accept)).text == TEXT
    assert (work(worker), node.origin.calls) == (["br", "gzip"], ["key"])
