"""The cache as its callers see it: playbooks of requests, what they get, and what the bucket was asked."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.scripted_origin import Barrier, Step, head, whole
from unit.cache.node import MANY, NOW, PLACE, TTL, Node, Reply, Worker, clients, read, running_node
from unit.store.limits import largest_file, no_more_files

from sidecar.cache.answer import Answer, Refusal, Want
from sidecar.cache.body import CHUNK
from sidecar.cache.engine import Engine
from sidecar.cache.key import CacheKey
from sidecar.cache.stored import StoredResponse
from sidecar.errors import (
    OriginError,
    OriginForbidden,
    OriginProtocolError,
    OriginRefusedCredentials,
    OriginTimeout,
    OriginUnavailable,
)
from sidecar.http.dates import format_http_date
from sidecar.store.bodies import FileBodies
from sidecar.store.metadata import Metadata
from sidecar.store.reader import FileReader

BODY = b"0123456789"
STORED = "fwd=uri-miss; fwd-status=200; stored"
COLLAPSED = "fwd=uri-miss; fwd-status=200; collapsed"
HIT = Reply(200, BODY, "hit; ttl=60")

NOT_STORABLE = {
    "rfc9111-5.2.2.5-no-store": {"cache-control": "no-store"},
    "rfc9111-5.2.2.7-private": {"cache-control": "private, max-age=60"},
}

NEVER_FRESH = {
    "rfc9111-5.2.2.4-no-cache": {"cache-control": "no-cache"},
    "rfc9111-5.2.2.1-max-age-zero": {"cache-control": "max-age=0"},
    "rfc9111-5.3-expires-zero": {"expires": "0"},
    "rfc9111-4.2.3-as-old-as-its-lifetime": {"cache-control": "max-age=60", "age": "60"},
    "rfc9111-4.2.3-made-long-ago": {"cache-control": "max-age=60", "date": format_http_date(NOW - 60)},
}

OUTAGES = [
    OriginUnavailable("503"),
    OriginTimeout("slow"),
    OriginForbidden("AccessDenied"),
    OriginRefusedCredentials("ExpiredToken"),
    OriginProtocolError("no length"),
]

BROKEN: dict[str, tuple[Step, ...]] = {
    "ends-early": (head(10), BODY[:9]),
    "has-no-bytes": (head(10),),
    "is-longer": (head(10), BODY + b"x"),
    "breaks": (head(10), BODY[:5], OriginUnavailable("gone")),
    "stops-coming": (head(10), BODY[:5], OriginTimeout("idle")),
    "has-bytes-but-no-length": (head(0), BODY),
}

WHOLE_BUT: dict[str, tuple[Step, ...]] = {
    "goes-on-after-the-end": (head(10), BODY, b"x"),
    "breaks-after-the-last-byte": (head(10), BODY, OriginUnavailable("gone")),
}


# A hit and a miss.


async def test_a_miss_is_stored_and_then_hit(node: Node, worker: Worker) -> None:
    """The bucket is asked once, and what is stored grows older."""
    node.origin.put("key", BODY)
    assert await worker.get_and_store("key") == Reply(200, BODY, STORED)
    assert await worker.get("key") == HIT
    node.clock.advance(59.5)
    assert await worker.get("key") == Reply(200, BODY, "hit; ttl=0")
    assert node.origin.calls == ["key"]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
async def test_bodies_of_every_size_are_kept(node: Node, worker: Worker, size: int) -> None:
    """Also none, and more than is read at once."""
    body = bytes(range(251)) * (size // 251 + 1)
    node.origin.put("key", body[:size])
    assert (await worker.get_and_store("key")).body == body[:size]
    assert (await worker.get("key")).body == body[:size]
    assert node.origin.calls == ["key"]


async def test_keys_are_kept_apart(node: Node, worker: Worker) -> None:
    """However alike they look."""
    keys = ["a", "A", "a/", "a//", "a%20b", "a b", "a+b", "é", "e\u0301", "../a", "a\0", "x" * 1024]
    for key in keys:
        node.origin.put(key, key.encode())
    for _ in range(2):
        assert [(await worker.get_and_store(key)).body for key in keys] == [key.encode() for key in keys]
    assert node.origin.calls == keys


async def test_a_stale_response_is_fetched_again(node: Node, worker: Worker) -> None:
    """And replaced by what the bucket has now."""
    node.origin.script("key", whole(BODY), whole(b"new"))
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    assert await worker.get_and_store("key") == Reply(200, b"new", "fwd=stale; fwd-status=200; stored")
    assert await worker.get("key") == Reply(200, b"new", "hit; ttl=60")
    assert node.origin.calls == ["key", "key"]


@pytest.mark.parametrize("headers", NEVER_FRESH.values(), ids=NEVER_FRESH)
async def test_what_is_never_fresh_is_always_fetched(node: Node, worker: Worker, headers: dict[str, str]) -> None:
    """Every request gets what the bucket has at that moment."""
    node.origin.script("key", whole(b"1", headers), whole(b"2", headers), whole(b"3", headers))
    assert [(await worker.get_and_store("key")).body for _ in range(3)] == [b"1", b"2", b"3"]


async def test_a_hit_never_says_that_it_is_stale(node: Node, worker: Worker) -> None:
    """It was fresh when that was decided, however long the disk takes (RFC 9211 2.4)."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    with node.gate:
        async with clients(worker.get("key")) as (client,):
            await node.gate.arrival()
            node.clock.advance(2 * TTL)
            node.gate.open()
    assert client.result() == Reply(200, BODY, "hit; ttl=0")


# What is not there, and what cannot be had.


async def test_a_missing_object_is_remembered_for_the_ttl(node: Node, worker: Worker) -> None:
    """The bucket is asked again afterwards, and may have it by then."""
    assert await worker.get("key") == Reply(404, b"", "fwd=uri-miss; fwd-status=404; stored")
    node.origin.put("key", BODY)
    node.clock.advance(59)
    assert await worker.get("key") == Reply(404, b"", "hit; ttl=1")
    node.clock.advance(1)
    assert (await worker.get("key")).body == BODY
    assert node.origin.calls == ["key", "key"]


async def test_an_object_that_was_removed_is_missing_once_it_is_stale(node: Node, worker: Worker) -> None:
    """The body that still lies on the disk does not bring it back, and a new object does."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    node.origin.remove("key")
    node.clock.advance(TTL)
    assert [(await worker.get_and_store("key")).status for _ in range(2)] == [404, 404]
    node.origin.put("key", b"back")
    node.clock.advance(TTL)
    assert (await worker.get("key")).body == b"back"


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
async def test_an_outage_is_told_and_not_remembered(node: Node, worker: Worker, error: OriginError) -> None:
    """It is not a missing object, and the next request asks again."""
    node.origin.script("key", (error,), whole(BODY))
    refusal = await worker.engine.answer("key")
    assert isinstance(refusal, Refusal)
    assert refusal.error is error
    assert refusal.status.render() == "s3-sidecar; fwd=uri-miss"
    assert (await worker.get("key")).body == BODY


async def test_an_outage_is_asked_about_once(node: Node, worker: Worker) -> None:
    """All who wait are refused by one answer."""
    barrier = Barrier()
    node.origin.script("key", (barrier, OriginUnavailable("503")))
    async with clients(*(worker.engine.answer("key") for _ in range(10))) as asking:
        await barrier.reached()
        barrier.release()
    refusals = [client.result() for client in asking]
    assert [refusal.status.collapsed for refusal in refusals] == [False] + [True] * 9
    assert all(isinstance(refusal, Refusal) for refusal in refusals)
    assert node.origin.calls == ["key"]


async def test_an_outage_does_not_forget_what_is_fresh(node: Node, worker: Worker) -> None:
    """Objects that are fresh need no bucket."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    node.origin.script("key", (OriginUnavailable("503"),))
    assert await worker.get("key") == HIT


# What may not be stored.


@pytest.mark.parametrize("headers", NOT_STORABLE.values(), ids=NOT_STORABLE)
async def test_what_may_not_be_stored_is_fetched_by_each(node: Node, worker: Worker, headers: dict[str, str]) -> None:
    """One of those who wait gets the answer that is there, the others ask for themselves."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(b"1", headers)), *(whole(b"%d" % number, headers) for number in (2, 3)))
    async with clients(*(worker.get("key") for _ in range(3))) as asking:
        await barrier.reached()
        barrier.release()
    assert sorted(client.result().body for client in asking) == [b"1", b"2", b"3"]
    assert [client.result().said for client in asking] == [
        "fwd=uri-miss; fwd-status=200",
        "fwd=bypass; fwd-status=200",
        "fwd=bypass; fwd-status=200",
    ]
    assert node.stored_files() == []


async def test_what_may_no_longer_be_stored_is_not_used(node: Node, worker: Worker) -> None:
    """The response of before does not come back."""
    node.origin.script("key", whole(BODY), whole(b"secret", {"cache-control": "no-store"}))
    await worker.get_and_store("key")
    node.clock.advance(TTL)
    assert [(await worker.get_and_store("key")).body for _ in range(2)] == [b"secret", b"secret"]


async def test_a_client_that_asks_for_itself_may_be_refused(node: Node, worker: Worker) -> None:
    """The bucket can fail between two answers."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *whole(b"1", {"cache-control": "no-store"})), (OriginUnavailable("503"),))
    async with clients(*(worker.engine.answer("key") for _ in range(2))) as asking:
        await barrier.reached()
        barrier.release()
    lucky, unlucky = (client.result() for client in asking)
    assert isinstance(lucky, Answer)
    assert (await read(lucky)).body == b"1"
    assert isinstance(unlucky, Refusal)


# One fill for many.


async def test_a_thousand_requests_are_one(node: Node, worker: Worker) -> None:
    """Exactly one GetObject for each key, and everybody gets every byte."""
    keys = [f"key-{number}" for number in range(20)]
    barrier = Barrier()
    for key in keys:
        node.origin.script(key, (barrier, *whole(key.encode())))
    async with clients(*(worker.get(key) for _ in range(50) for key in keys)) as asking:
        await barrier.reached()
        barrier.release()
    assert [client.result().body.decode() for client in asking] == keys * 50
    assert [client.result().said for client in asking] == [STORED] * 20 + [COLLAPSED] * 980
    assert sorted(node.origin.calls) == sorted(keys)


async def test_followers_stream_while_the_body_comes(node: Node, worker: Worker) -> None:
    """A follower's first byte is there before the leader's last, and one that comes late gets the start too."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    leader = await worker.ask("key")
    await middle.reached()
    follower = await worker.ask("key")
    first = [await anext(answer.body.chunks(0, 10)) for answer in (leader, follower)]
    assert first == [BODY[:5], BODY[:5]]
    assert follower.status.collapsed
    middle.release()
    assert [(await read(answer)).body for answer in (leader, follower)] == [BODY, BODY]
    assert node.origin.calls == ["key"]


async def test_a_follower_may_read_the_end_only(node: Node, worker: Worker) -> None:
    """It waits for its own bytes."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]))
    answer = await worker.ask("key")
    await middle.reached()
    async with clients(last_bytes(answer, 2)) as (reader,):
        assert not reader.done()
        middle.release()
    assert reader.result() == b"89"


async def last_bytes(answer: Answer, count: int) -> bytes:
    """The end of the body, as a suffix range asks for it."""
    length = answer.stored.content_length
    try:
        return b"".join([chunk async for chunk in answer.body.chunks(length - count, length)])
    finally:
        await answer.body.close()


async def test_a_client_that_does_not_read_holds_up_nobody(node: Node, worker: Worker) -> None:
    """The fill goes to its end without it."""
    node.origin.put("key", BODY)
    idle = await worker.ask("key")
    await worker.tasks.ended()
    assert await worker.get("key") == HIT
    assert (await read(idle)).body == BODY


@pytest.mark.parametrize("headers", [{}, {"cache-control": "no-store"}], ids=["stored", "passed"])
async def test_an_answer_may_be_closed_unread(node: Node, worker: Worker, headers: dict[str, str]) -> None:
    """HEAD needs no body."""
    node.origin.put("key", BODY, headers)
    answer = await worker.ask("key")
    await answer.body.close()
    await worker.tasks.ended()
    assert node.leftovers() == []


@pytest.mark.parametrize("steps", WHOLE_BUT.values(), ids=WHOLE_BUT)
async def test_what_comes_after_the_last_byte_does_not_matter(
    node: Node, worker: Worker, steps: tuple[Step, ...]
) -> None:
    """A body is stored before its last byte is given out, and whole by then."""
    node.origin.script("key", steps)
    assert await worker.get_and_store("key") == Reply(200, BODY, STORED)
    assert await worker.get("key") == HIT


@pytest.mark.parametrize("steps", BROKEN.values(), ids=BROKEN)
async def test_a_broken_body_is_not_stored(node: Node, worker: Worker, steps: tuple[Step, ...]) -> None:
    """The next request asks again, and finds no trace."""
    node.origin.script("key", steps, whole(b"whole"))
    answer = await worker.ask("key")
    await worker.tasks.ended()
    await answer.body.close()
    assert node.leftovers() == []
    assert node.stored_files() == []
    assert await worker.get("key") == Reply(200, b"whole", STORED)


@pytest.mark.parametrize("how", ["ends-early", "is-longer", "breaks", "stops-coming", "has-no-bytes"])
async def test_a_broken_body_is_told_to_everybody(node: Node, worker: Worker, how: str) -> None:
    """Leader and followers get the bytes that came and then the error, never a body that looks whole."""
    barrier = Barrier()
    node.origin.script("key", (barrier, *BROKEN[how]))
    async with clients(*(broken_off(worker) for _ in range(3))) as asking:
        await barrier.reached()
        barrier.release()
    bodies = [client.result() for client in asking]
    assert all(BODY.startswith(body) for body in bodies)
    assert all(len(body) < len(BODY) for body in bodies)
    assert node.origin.calls == ["key"]


async def broken_off(worker: Worker) -> bytes:
    """What a client gets before it is told that there will not be more."""
    answer = await worker.ask("key")
    received = b""
    try:
        async for chunk in answer.body.chunks(0, answer.stored.content_length):
            received += chunk
    except OriginError:
        return received
    finally:
        await answer.body.close()
    raise AssertionError("the body looked whole")


class ParkingMetadata(Metadata):
    """Metadata whose next look-up can be parked after it has looked."""

    def __init__(self) -> None:
        super().__init__(MANY)
        self.parked: Barrier | None = None

    async def get(self, key: CacheKey) -> StoredResponse | None:
        """Look, and stand at the barrier if there is one."""
        found = await super().get(key)
        barrier, self.parked = self.parked, None
        if barrier is not None:
            await barrier.stand()
        return found


@pytest.mark.parametrize("exists", [True, False], ids=["found", "missing"])
async def test_a_request_that_looked_too_early_looks_again(node: Node, exists: bool) -> None:
    """The schedule of `Fill._look_again`: B looks before the fill ends, and begins its own after that."""
    metadata, barrier = ParkingMetadata(), Barrier()
    worker = node.worker(metadata)
    if exists:
        node.origin.put("key", BODY)
    metadata.parked = barrier
    async with clients(worker.get("key")) as (late,):
        await barrier.reached()
        early = await worker.get_and_store("key")
        barrier.release()
    assert (late.result().status, late.result().body) == (early.status, early.body)
    assert late.result().said == "hit; ttl=60"
    assert node.origin.calls == ["key"]


class VanishingBodies(FileBodies):
    """Bodies of which the first that is opened has just been deleted."""

    def vanish(self, path: Path) -> None:
        """Let it be this one."""
        self._path_to_delete: Path | None = path

    async def open(self, key: CacheKey, stored: StoredResponse) -> FileReader | None:
        """Delete it, and look for it."""
        path, self._path_to_delete = self._path_to_delete, None
        if path is not None:
            path.unlink()
        return await super().open(key, stored)


async def test_what_was_found_and_vanishes_is_fetched(node: Node, worker: Worker) -> None:
    """A body deleted between the fill's look and its opening is asked for, by one fill for all, and stored."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    await worker.metadata.clear()
    bodies = VanishingBodies(node.directory, worker.room, node.clock)
    bodies.vanish(node.body_file("key"))
    engine = Engine(PLACE, replace(worker.tools, bodies=bodies), worker.tasks)
    async with clients(engine.answer("key"), engine.answer("key")) as asking:
        pass
    answers = [client.result() for client in asking]
    assert [(await read(answer)).body for answer in answers if isinstance(answer, Answer)] == [BODY, BODY]
    assert node.origin.calls == ["key", "key"]
    await worker.tasks.ended()
    assert await worker.get("key") == HIT
    bodies.close()


# Clearing.


async def test_a_clear_forgets_everything(node: Node, worker: Worker) -> None:
    """Objects, and that objects are missing."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    await worker.get("missing")
    await worker.engine.clear()
    node.origin.put("key", b"new")
    node.origin.put("missing", b"there")
    assert (await worker.get_and_store("key")) == Reply(200, b"new", STORED)
    assert (await worker.get_and_store("missing")).body == b"there"


async def test_a_clear_is_seen_by_all_workers(node: Node, worker: Worker) -> None:
    """At their next request: one of them was told, the others look at the epoch."""
    others = [node.worker() for _ in range(3)]
    node.origin.put("key", BODY)
    for each in (worker, *others):
        await each.get_and_store("key")
    node.origin.put("key", b"new")
    await worker.engine.clear()
    replies = [await other.get_and_store("key") for other in others]
    assert [reply.body for reply in replies] == [b"new"] * 3
    assert [reply.said for reply in replies] == ["fwd=miss; fwd-status=200; stored", "hit; ttl=60", "hit; ttl=60"]
    assert node.origin.calls == ["key", "key"]


@pytest.mark.parametrize("position", ["before-the-head", "mid-body", "before-the-end"])
async def test_a_clear_during_a_fill(node: Node, worker: Worker, position: str) -> None:
    """Who asked before gets the old object; who asks after does not join, and nothing old stays."""
    barrier = Barrier()
    old: dict[str, tuple[Step, ...]] = {
        "before-the-head": (barrier, *whole(b"old")),
        "mid-body": (head(3), b"ol", barrier, b"d"),
        "before-the-end": (head(3), b"old", barrier),
    }
    node.origin.script("key", old[position], whole(b"new"))
    async with clients(worker.get("key")) as (before,):
        await barrier.reached()
        await worker.engine.clear()
        assert await worker.get("key") == Reply(200, b"new", STORED)
        barrier.release()
    assert before.result().body == b"old"
    await worker.tasks.ended()
    assert await worker.get("key") == Reply(200, b"new", "hit; ttl=60")
    assert node.origin.calls == ["key", "key"]


async def test_a_clear_while_the_body_is_put_in_its_place(node: Node, worker: Worker) -> None:
    """What was begun before is stored too late, and not used."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]), whole(b"new"))
    async with clients(worker.get("key")) as (before,):
        await middle.reached()
        with node.gate:
            middle.release()
            await node.gate.arrival()
            await worker.engine.clear()
    await worker.tasks.ended()
    assert before.result().body == BODY
    assert (await worker.get("key")).body == b"new"


async def test_a_restart_uses_nothing_of_before(node: Node, worker: Worker, tmp_path: Path) -> None:
    """What lies on the disk is of another epoch."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    async with running_node(node.directory) as restarted:
        restarted.origin.put("key", b"new")
        again = restarted.worker()
        assert await again.get_and_store("key") == Reply(200, b"new", STORED)
        assert (await again.get("key")).body == b"new"


# Several workers.


async def test_a_worker_adopts_what_a_sibling_stored(node: Node, worker: Worker) -> None:
    """Without asking the bucket, and with the age it has."""
    node.origin.put("key", BODY, {"content-type": "text/css"})
    await worker.get_and_store("key")
    node.clock.advance(10)
    sibling = node.worker()
    for _ in range(2):
        answer = await sibling.ask("key")
        assert answer.stored.header("content-type") == "text/css"
        assert await read(answer) == Reply(200, BODY, "hit; ttl=50")
    assert node.origin.calls == ["key"]


async def test_a_stale_worker_adopts_what_a_sibling_fetched(node: Node, worker: Worker) -> None:
    """What a sibling has fetched again is as good as what it would fetch itself."""
    node.origin.script("key", whole(BODY), whole(b"new"))
    sibling = node.worker()
    await worker.get_and_store("key")
    await sibling.get_and_store("key")
    node.clock.advance(TTL)
    await sibling.get_and_store("key")
    assert await worker.get("key") == Reply(200, b"new", "hit; ttl=60")
    assert node.origin.calls == ["key", "key"]


async def test_metadata_that_was_forgotten_comes_from_the_disk(node: Node, worker: Worker) -> None:
    """The bound in memory does not cost a transfer."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    await worker.metadata.clear()
    assert await worker.get("key") == HIT
    assert node.origin.calls == ["key"]


# A directory that others touch.


def cut(size: int) -> Callable[[Path], None]:
    """Make the file so many bytes shorter, or longer."""
    return lambda path: os.truncate(path, path.stat().st_size - size)


def become(content: bytes) -> Callable[[Path], None]:
    """Be another file."""

    def write(path: Path) -> None:
        path.unlink()
        path.write_bytes(content)

    return write


def become_directory(path: Path) -> None:
    """Be an empty directory."""
    path.unlink()
    path.mkdir()


def become_link(path: Path) -> None:
    """Be a link to the very file."""
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def become_pipe(path: Path) -> None:
    """Be what blocks whoever opens it."""
    path.unlink()
    os.mkfifo(path)


def become_another_object(path: Path) -> None:
    """Be a good and fresh file of another key."""
    other = next(sibling for sibling in path.parent.iterdir() if sibling != path)
    shutil.copyfile(other, path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "deleted": Path.unlink,
    "emptied": lambda path: os.truncate(path, 0),
    "header-cut": lambda path: os.truncate(path, 100),
    "body-cut-off": cut(10),
    "one-byte-cut-off": cut(1),
    "one-byte-added": cut(-1),
    "foreign-text": become(b"not ours"),
    "foreign-zeroes": become(b"\0" * 4106),
    "foreign-program": become(Path("/bin/true").read_bytes()),
    "symbolic-link": become_link,
    "pipe": become_pipe,
    "another-object": become_another_object,
}


@pytest.mark.parametrize("remembers", [True, False], ids=["metadata-in-memory", "metadata-forgotten"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_file_is_a_miss(
    node: Node, worker: Worker, damage: Callable[[Path], None], remembers: bool
) -> None:
    """It is never served, and the next fill puts a good one in its place."""
    node.origin.put("key", BODY)
    node.origin.put("other", b"wrong body")
    await worker.get_and_store("key")
    await worker.get_and_store("other")
    damage(node.body_file("key"))
    if not remembers:
        await worker.metadata.clear()
    reply = await worker.get_and_store("key")
    assert (reply.body, reply.said) == (BODY, "fwd=miss; fwd-status=200; stored" if remembers else STORED)
    assert await worker.get("key") == HIT
    assert node.origin.calls == ["key", "other", "key"]


async def test_a_directory_in_a_body_files_place_is_served_around(node: Node, worker: Worker) -> None:
    """It cannot be replaced, so nothing is stored there; clients get their bytes."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    become_directory(node.body_file("key"))
    assert [(await worker.get_and_store("key")).body for _ in range(2)] == [BODY, BODY]
    assert node.unfinished_files() == []


async def test_a_body_deleted_while_it_is_read_is_read_to_its_end(node: Node, worker: Worker) -> None:
    """An open file outlives its name; `find -delete` breaks no answer."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    answer = await worker.ask("key")
    shutil.rmtree(node.directory)
    assert (await read(answer)).body == BODY


async def test_a_full_disk_passes_on(node: Node, worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is stored until there is room again; each client asks for itself."""
    body = b"x" * 100_000
    node.origin.put("key", body)
    with largest_file(50_000):
        async with clients(worker.get("key"), worker.get("key")) as asking:
            pass
        assert [client.result().body for client in asking] == [body, body]
        await worker.tasks.ended()
        assert node.leftovers() == []
        assert node.stored_files() == []
    assert "answers pass without being stored" in caplog.text
    assert (await worker.get_and_store("key")).said == "fwd=bypass; fwd-status=200"
    node.clock.advance(2)
    assert (await worker.get_and_store("key")).said == "fwd=stale; fwd-status=200; stored"
    assert (await worker.get("key")).said == "hit; ttl=60"


async def test_a_slice_without_room_is_stored_when_there_is_some(node: Node) -> None:
    """It does not age, but that there was no room for it does."""
    node.limits = replace(node.limits, slice_threshold_bytes=1000, slice_bytes=100_000)
    worker, body = node.worker(), os.urandom(300_000)
    node.origin.put("key", body, {"etag": '"a"'})

    async def slice_of_it() -> bytes:
        answer = await worker.ask("key", Want(is_whole=False))
        part = b"".join([chunk async for chunk in answer.body.chunks(0, 10)])
        await worker.tasks.ended()
        return part

    with largest_file(50_000):
        assert {await slice_of_it() for _ in range(3)} == {body[:10]}
    before = len(node.origin.calls)
    node.clock.advance(2)
    assert {await slice_of_it() for _ in range(3)} == {body[:10]}
    assert len(node.origin.calls) == before + 1


async def test_a_process_without_descriptors_serves_from_the_bucket(node: Node, worker: Worker) -> None:
    """What is stored cannot be opened: that is a miss, and what is fetched is passed on."""
    node.origin.put("key", BODY)
    await worker.get_and_store("key")
    with no_more_files():
        assert (await worker.get_and_store("key")).body == BODY
    node.clock.advance(2)
    assert await worker.get("key") == Reply(200, BODY, "hit; ttl=58")


async def test_a_directory_removed_during_a_fill(node: Node, worker: Worker) -> None:
    """The client gets its body; the next one is stored in a new directory."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]), whole(BODY))
    async with clients(worker.get("key")) as (client,):
        await middle.reached()
        shutil.rmtree(node.directory)
        middle.release()
    assert client.result().body == BODY
    await worker.tasks.ended()
    assert (await worker.get_and_store("key")).said == STORED
    assert await worker.get("key") == HIT


async def test_a_directory_removed_under_load(node: Node, worker: Worker) -> None:
    """Clients come and go while it is removed again and again; all bodies are right."""
    keys = [f"key-{number}" for number in range(8)]
    for key in keys:
        node.origin.put(key, key.encode() * 1000)
    for _ in range(5):
        async with clients(*(worker.get(key) for key in keys * 3)) as asking:
            shutil.rmtree(node.directory, ignore_errors=True)
        assert [client.result().body.decode() for client in asking] == [key * 1000 for key in keys * 3]
    await worker.tasks.ended()
    assert node.unfinished_files() == []


async def test_a_file_in_the_directorys_place_is_served_around(node: Node, worker: Worker) -> None:
    """Nothing can be stored, removed or found there, and nothing is held for it."""
    middle = Barrier()
    node.origin.script("key", (head(10), BODY[:5], middle, BODY[5:]), whole(BODY))
    async with clients(worker.get("key")) as (client,):
        await middle.reached()
        shutil.rmtree(node.directory)
        node.directory.write_text("a file")
        middle.release()
    assert client.result().body == BODY
    assert (await worker.get("key")).body == BODY
    await worker.tasks.ended()
    assert node.leftovers() == []


async def test_an_answer_in_the_middle_of_a_write_is_not_read(node: Node, worker: Worker) -> None:
    """A byte is counted when it is in the file, not when the bucket sent it."""
    first = Barrier()
    node.origin.script("key", (head(10), first, BODY))
    async with clients(worker.get("key")) as (client,):
        await first.reached()
        async with node.busy_disk(worker):
            first.release()
            async with clients():
                assert not client.done()
    assert client.result().body == BODY
