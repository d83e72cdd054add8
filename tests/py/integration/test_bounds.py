"""Nothing grows without a bound: the bytes and files that the cache takes, whatever is asked for."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from support.cache_folder import bodies_of, bytes_in, files_of
from support.http_client import fetch_many
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.site import Site

MEBIBYTE = 1024 * 1024
BOUND = 8 * MEBIBYTE
NOTE = 4096
"""What a leader writes to tell its siblings that there is nothing to read along, for a moment and uncounted."""
AN_HOUR_NS = 3600 * 10**9

StartSite: TypeAlias = Callable[..., Site]


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the bounds are the server's own."""
    return seaweedfs


@pytest.fixture
def start(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> StartSite:
    """Start a server behind the test's relay, with a cache of eight mebibytes."""

    def begin(*options: str, workers: int = 2) -> Site:
        bounds = ("--cache-max-size", "8MiB", "--cache-min-free", "0")
        return Site(store, relay, start_sidecar(relay, *bounds, *options, workers=workers))

    return begin


def put_many(site: Site, key_prefix: str, count: int, size: int = MEBIBYTE) -> dict[str, bytes]:
    """Put objects of one size."""
    bodies = {f"{key_prefix}{number}": os.urandom(size) for number in range(count)}
    for key, body in bodies.items():
        site.store.put(key, body)
    return bodies


@contextmanager
def standing_still(server: Sidecar) -> Iterator[None]:
    """Let no process of a server do anything: only then can all of its files be seen at one moment."""
    server.process.pause()
    try:
        while any(" (stopped)" not in Path(f"/proc/{pid}/status").read_text() for pid in server.worker_pids()):
            pass
        yield
    finally:
        server.process.resume()


@contextmanager
def most_bytes(server: Sidecar) -> Iterator[list[int]]:
    """Stop the server again and again to look at its files; the list has the most bytes, once the block has ended."""
    seen, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.02):
            with standing_still(server):
                seen[0] = max(seen[0], bytes_in(server.cache_dir))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def is_hit(site: Site, key: str) -> bool:
    """Whether asking for an object leaves the store alone."""
    before = site.fetches(key)
    site.get(f"/{key}")
    return site.fetches(key) == before


def test_the_bytes_stay_below_their_bound(start: StartSite, key_prefix: str) -> None:
    """Three times as many bytes as there is room for: never more on disk, and every body is right."""
    site = start()
    bodies = put_many(site, key_prefix, 24)
    for key, body in bodies.items():
        assert site.get(f"/{key}").body == body
        assert bytes_in(site.server.cache_dir) <= BOUND
    assert len(bodies_of(site.server)) == 7


async def test_the_bytes_stay_below_their_bound_with_many_at_once(start: StartSite, key_prefix: str) -> None:
    """Four workers store forty objects at the same time: never more on disk, at whichever moment one looks."""
    site = start(workers=4)
    bodies = put_many(site, key_prefix, 40)
    with most_bytes(site.server) as seen:
        for _ in range(3):
            replies = await fetch_many(site.server.url, [f"/{key}" for key in bodies], len(bodies))
            assert [reply.body for reply in replies] == list(bodies.values())
    assert MEBIBYTE < seen[0] <= BOUND + len(bodies) * NOTE


def test_the_count_is_right_after_a_killed_server(start: StartSite, key_prefix: str) -> None:
    """What an earlier run has left counts, and leaves when room is needed."""
    site = start()
    for key in put_many(site, f"{key_prefix}old", 7):
        site.get(f"/{key}")
    site.server.kill()
    site.server.start()
    for key in put_many(site, f"{key_prefix}new", 7):
        site.get(f"/{key}")
        assert bytes_in(site.server.cache_dir) <= BOUND


def test_the_least_recently_used_leaves(start: StartSite, key_prefix: str) -> None:
    """Of bodies that lie there for an hour the one that was asked for since stays."""
    site = start(workers=1)
    first = put_many(site, f"{key_prefix}first", 6)
    for key in first:
        site.get(f"/{key}")
    for path in bodies_of(site.server):
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns - AN_HOUR_NS, found.st_mtime_ns))
    used = next(iter(first))
    assert is_hit(site, used)
    for key in put_many(site, f"{key_prefix}second", 6):
        site.get(f"/{key}")
    assert is_hit(site, used)
    assert not any(is_hit(site, key) for key in list(first)[1:3])


def test_an_object_larger_than_the_cache_passes(start: StartSite, key_prefix: str) -> None:
    """It is served, and drives nothing out."""
    site = start()
    small = list(put_many(site, f"{key_prefix}small", 5))
    for key in small:
        site.get(f"/{key}")
    ((large, body),) = put_many(site, f"{key_prefix}large", 1, BOUND + 1).items()
    assert {site.get(f"/{large}").body == body for _ in range(6)} == {True}
    assert site.fetches(large) == 6
    assert all(is_hit(site, key) for key in small)


async def test_an_object_larger_than_the_cache_passes_to_many(start: StartSite, key_prefix: str) -> None:
    """Twenty clients at once get all of it."""
    site = start()
    ((large, body),) = put_many(site, key_prefix, 1, BOUND + 1).items()
    replies = await fetch_many(site.server.url, [f"/{large}"] * 20, 20)
    assert {(reply.status, reply.body == body) for reply in replies} == {(200, True)}


async def test_the_files_stay_below_their_bound(start: StartSite, key_prefix: str) -> None:
    """--cache-max-entries bounds the files on disk, of all workers together."""
    site = start("--cache-max-entries", "5")
    bodies = put_many(site, key_prefix, 20, 1000)
    for key, body in bodies.items():
        assert site.get(f"/{key}").body == body
        assert len(files_of(site.server)) <= 5
    replies = await fetch_many(site.server.url, [f"/{key}" for key in bodies], len(bodies))
    assert [reply.body for reply in replies] == list(bodies.values())
    site.server.process.wait_until(lambda: len(files_of(site.server)) <= 5)


async def test_missing_objects_take_no_room(start: StartSite, key_prefix: str) -> None:
    """A flood of keys that do not exist drives nothing out, and leaves no file."""
    site = start("--cache-max-entries", "50")
    bodies = put_many(site, key_prefix, 5)
    for key in bodies:
        site.get(f"/{key}")
    replies = await fetch_many(site.server.url, [f"/{key_prefix}gone/{number}" for number in range(300)], 20)
    assert {reply.status for reply in replies} == {404}
    await asyncio.to_thread(site.server.process.wait_until, lambda: len(files_of(site.server)) == 5, 5)
    assert all(is_hit(site, key) for key in bodies)


def test_deleted_files_give_their_room_back(start: StartSite, key_prefix: str) -> None:
    """After `find -delete` of a full cache the next objects are stored at once, and all of the room is used."""
    site = start()
    for key in put_many(site, f"{key_prefix}old", 7):
        site.get(f"/{key}")
    for path in bodies_of(site.server):
        path.unlink()
    fresh = put_many(site, f"{key_prefix}new", 7)
    assert {site.get(f"/{key}").body == body for key, body in fresh.items()} == {True}
    assert all(is_hit(site, key) for key in fresh)
