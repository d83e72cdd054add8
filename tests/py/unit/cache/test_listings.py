"""Pages of folders: asked for once, remembered for a while, forgotten with everything else."""

from dataclasses import replace

import pytest
from support.scripted_origin import Barrier
from unit.cache.node import TTL, Node, Worker, clients, settle

from sidecar.cache.answer import Refusal
from sidecar.cache.listings import Listed, Listings
from sidecar.cache.ports import PageOf
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.errors import OriginError, OriginNotAsked, OriginUnavailable
from sidecar.http.cache_control import CacheControl

DOCS = PageOf("docs/", "", 200)
NOTHING = CacheControl.parse(None)

# The request's directives → whether a page of thirty seconds of age, fresh for thirty more, does.
DIRECTIVES = {
    "rfc9111-5.2.1.1-max-age-reached": ("max-age=29", False),
    "rfc9111-5.2.1.1-max-age": ("max-age=30", True),
    "rfc9111-5.2.1.3-min-fresh-reached": ("min-fresh=31", False),
    "rfc9111-5.2.1.3-min-fresh": ("min-fresh=30", True),
    "rfc9111-5.2.1.4-no-cache": ("no-cache", False),
    "rfc9111-5.2.1.5-no-store": ("no-store", False),
    "rfc9111-5.2.1.7-only-if-cached": ("only-if-cached", True),
    "none": ("", True),
}


@pytest.fixture(autouse=True)
def bucket(node: Node) -> None:
    """Put two objects below one folder."""
    node.origin.put("docs/a", b"")
    node.origin.put("docs/sub/b", b"")


async def page(worker: Worker, wanted: PageOf = DOCS, asked: CacheControl = NOTHING) -> tuple[list[str], str]:
    """The names of the page, and the Cache-Status without the cache's name; raises what it is refused with."""
    listed = await worker.engine.listings.page(wanted, asked)
    if isinstance(listed, Refusal):
        raise listed.error
    return [entry.name for entry in listed.page.entries], listed.status.render().removeprefix("s3-sidecar; ")


async def test_a_page_is_remembered(node: Node, worker: Worker) -> None:
    """The second request for it asks the bucket nothing, for as long as the TTL."""
    assert await page(worker) == (["a", "sub/"], "fwd=uri-miss; fwd-status=200; stored")
    node.clock.advance(TTL - 1)
    assert await page(worker) == (["a", "sub/"], "hit; ttl=1")
    node.clock.advance(1)
    assert await page(worker) == (["a", "sub/"], "fwd=stale; fwd-status=200; stored")
    assert node.origin.folders == [DOCS, DOCS]


async def test_an_empty_page_is_remembered_as_missing_objects_are(node: Node) -> None:
    """Its lifetime is the negative TTL."""
    node.limits = replace(node.limits, negative_ttl=5)
    worker = node.worker()
    nothing = PageOf("none/", "", 200)
    assert await page(worker, nothing) == ([], "fwd=uri-miss; fwd-status=200; stored")
    node.clock.advance(4)
    assert await page(worker, nothing) == ([], "hit; ttl=1")
    node.clock.advance(1)
    await page(worker, nothing)
    assert len(node.origin.folders) == 2


async def test_pages_are_told_apart(node: Node, worker: Worker) -> None:
    """By their folder, their beginning and their length."""
    wanted = [DOCS, PageOf("docs/", "a", 200), PageOf("docs/", "", 1), PageOf("", "", 200)]
    names = [(await page(worker, each))[0] for each in wanted]
    assert names == [["a", "sub/"], ["sub/"], ["a"], ["docs/"]]
    assert node.origin.folders == wanted


async def test_who_comes_meanwhile_shares_the_request(node: Node, worker: Worker) -> None:
    """One ListObjectsV2 for all of them; one of them is told that the others waited."""
    barrier = Barrier()
    node.origin.script_folder("docs/", (barrier,))
    async with clients(*(page(worker) for _ in range(10))) as asking:
        await barrier.reached()
        await settle()
        barrier.release()
    said = sorted(client.result()[1] for client in asking)
    assert said == sorted(["fwd=uri-miss; fwd-status=200; stored", *["fwd=uri-miss; fwd-status=200; collapsed"] * 9])
    assert node.origin.folders == [DOCS]


async def test_a_client_that_leaves_harms_nobody(node: Node, worker: Worker) -> None:
    """The first one goes; the other one gets its page."""
    barrier = Barrier()
    node.origin.script_folder("docs/", (barrier,))
    async with clients(page(worker), page(worker)) as (leaving, staying):
        await barrier.reached()
        leaving.cancel()
        await settle()
        barrier.release()
    assert leaving.cancelled()
    assert staying.result()[0] == ["a", "sub/"]
    assert node.origin.folders == [DOCS]


async def test_an_outage_is_told_and_not_remembered(node: Node, worker: Worker) -> None:
    """To all who wait; the next one asks again."""
    barrier = Barrier()
    node.origin.script_folder("docs/", (barrier, OriginUnavailable("it is down")), ())
    async with clients(*(worker.engine.listings.page(DOCS) for _ in range(3))) as asking:
        await barrier.reached()
        barrier.release()
    refusals = [client.result() for client in asking]
    assert [type(each.error) for each in refusals if isinstance(each, Refusal)] == [OriginUnavailable] * 3
    assert sorted(each.status.render() for each in refusals) == [
        "s3-sidecar; fwd=uri-miss",
        *["s3-sidecar; fwd=uri-miss; collapsed"] * 2,
    ]
    assert (await page(worker))[0] == ["a", "sub/"]


async def test_an_outage_hides_what_has_grown_stale(node: Node, worker: Worker) -> None:
    """A listing that may be wrong is no listing: there is no stale one."""
    await page(worker)
    node.clock.advance(TTL)
    node.origin.script_folder("docs/", (OriginUnavailable("it is down"),))
    with pytest.raises(OriginUnavailable):
        await page(worker)


@pytest.mark.parametrize("how", ["clear", "purge of a key", "purge of a prefix"])
async def test_a_clear_or_purge_makes_it_unknown(node: Node, worker: Worker, how: str) -> None:
    """In every worker, whichever of them was told."""
    await page(worker)
    other = node.worker()
    match how:
        case "clear":
            await other.engine.clear()
        case "purge of a key":
            await other.engine.purge(PurgeRule(Scope.KEY, "docs/a"))
        case _:
            await other.engine.purge(PurgeRule(Scope.PREFIX, "docs/"))
    node.origin.remove("docs/a")
    assert await page(worker) == (["sub/"], "fwd=miss; fwd-status=200; stored")


async def test_nobody_joins_a_request_from_before_a_clear(node: Node, worker: Worker) -> None:
    """And what that brings is not remembered as new."""
    barrier = Barrier()
    node.origin.script_folder("docs/", (barrier,), ())
    async with clients(page(worker)) as (early,):
        await barrier.reached()
        await worker.engine.clear()
        node.origin.remove("docs/a")
        late = await page(worker)
        barrier.release()
    assert late[0] == ["sub/"]
    assert early.result()[0] == ["sub/"]
    assert (await page(worker))[1].startswith("hit")
    assert len(node.origin.folders) == 2


@pytest.mark.parametrize(("directives", "is_enough"), DIRECTIVES.values(), ids=DIRECTIVES)
async def test_the_requests_directives(node: Node, worker: Worker, directives: str, is_enough: bool) -> None:
    """They send a request forward, or not, as they do for objects."""
    await page(worker)
    node.clock.advance(TTL / 2)
    _, said = await page(worker, DOCS, CacheControl.parse(directives))
    assert said == ("hit; ttl=30" if is_enough else "fwd=request; fwd-status=200; stored")


async def test_only_if_cached_asks_nobody(node: Node, worker: Worker) -> None:
    """What is not there is refused (RFC 9111 5.2.1.7)."""
    with pytest.raises(OriginNotAsked):
        await page(worker, DOCS, CacheControl.parse("only-if-cached"))
    assert node.origin.folders == []


async def test_what_is_remembered_is_bounded(node: Node, worker: Worker) -> None:
    """By entries, over all pages; what was used longest ago leaves first."""
    listings = Listings(worker.tools, worker.tasks, max_entries=9)
    wanted = [PageOf("docs/", "", limit) for limit in (10, 11, 12)]  # each weighs three: itself and two entries
    for each in (*wanted, wanted[0], DOCS):
        await listings.page(each)
    node.origin.folders.clear()
    for each in (wanted[0], wanted[2], DOCS):
        await listings.page(each)
    assert node.origin.folders == []
    await listings.page(wanted[1])
    assert node.origin.folders == [wanted[1]]


async def test_a_page_beyond_the_bound_is_given_out_all_the_same(node: Node, worker: Worker) -> None:
    """It is only not remembered."""
    listings = Listings(worker.tools, worker.tasks, max_entries=2)
    for _ in range(2):
        listed = await listings.page(DOCS)
        assert isinstance(listed, Listed)
        assert len(listed.page.entries) == 2
    assert len(node.origin.folders) == 2


async def test_a_worker_that_ends_tells_those_who_wait(node: Node, worker: Worker) -> None:
    """Nobody waits for ever."""
    barrier = Barrier()
    node.origin.script_folder("docs/", (barrier,))
    async with clients(worker.engine.listings.page(DOCS)) as (waiting,):
        await barrier.reached()
        await worker.close()
    refusal = waiting.result()
    assert not isinstance(refusal, Listed)
    assert isinstance(refusal.error, OriginError)
