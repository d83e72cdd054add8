"""Ranges of a large object that is not in the cache: fetched in slices, bound to one version."""

import os
from collections.abc import Iterator

import pytest
from support.relay import Relay
from support.s3_store import S3Store
from support.sidecar import Sidecar
from support.site import Site
from support.until import PATIENCE_SECONDS

MEBIBYTE = 1024 * 1024
LENGTH = 9 * MEBIBYTE + 500_000


@pytest.fixture(scope="module")
def site(store: S3Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with two workers, slices of a mebibyte, and small objects counting as large."""
    options = ("--slice-size", "1MiB", "--slice-threshold", "4MiB")
    folder = tmp_path_factory.mktemp("slices")
    with Relay(store) as relay, Sidecar(relay, *options, workers=2, folder=folder) as server:
        yield Site(store, relay, server)


@pytest.fixture
def large(site: Site, key_prefix: str) -> tuple[str, bytes]:
    """Put a large object; its key and its body."""
    key, body = f"{key_prefix}film.mp4", os.urandom(LENGTH)
    site.store.put(key, body, content_type="video/mp4")
    return key, body


def ask(site: Site, key: str, start: int, stop: int) -> tuple[int, bytes, str]:
    """Ask for bytes; status, body and how they were come by."""
    reply = site.get(f"/{key}", range=f"bytes={start}-{stop - 1}")
    return reply.status, reply.body, reply.header("cache-status") or ""


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 100),
        (5 * MEBIBYTE + 7, 5 * MEBIBYTE + 107),
        (MEBIBYTE - 50, MEBIBYTE + 50),
        (LENGTH - 10, LENGTH),
        (2 * MEBIBYTE, 6 * MEBIBYTE),
    ],
    ids=["first", "inner", "over-an-edge", "last", "several"],
)
def test_a_part_is_the_objects(site: Site, large: tuple[str, bytes], start: int, stop: int) -> None:
    """Any range of a cold large object is right, and so it is again out of the cache."""
    key, body = large
    assert ask(site, key, start, stop)[:2] == (206, body[start:stop])
    before = site.fetches(key)
    assert ask(site, key, start, stop)[:2] == (206, body[start:stop])
    assert site.fetches(key) == before


def test_only_what_is_needed_is_fetched(site: Site, large: tuple[str, bytes]) -> None:
    """A hundred bytes cost one slice, beside the request that told the size and was broken off."""
    key, body = large
    _, received, how = ask(site, key, 5 * MEBIBYTE, 5 * MEBIBYTE + 100)
    _, slice_request = [exchange for exchange in site.relay.exchanges if exchange.key == key]
    assert received == body[5 * MEBIBYTE : 5 * MEBIBYTE + 100]
    assert "fwd=partial; fwd-status=206" in how
    assert slice_request.completed.wait(PATIENCE_SECONDS)
    assert slice_request.body_bytes == MEBIBYTE


def test_an_open_range_reads_to_the_end(site: Site, large: tuple[str, bytes]) -> None:
    """A player that asks for everything from a point on gets it, slice after slice."""
    key, body = large
    reply = site.get(f"/{key}", range=f"bytes={3 * MEBIBYTE + 1}-")
    assert (reply.status, reply.body) == (206, body[3 * MEBIBYTE + 1 :])


def test_head_of_a_large_object_fetches_no_body(site: Site, large: tuple[str, bytes]) -> None:
    """HEAD tells the length of a cold large object, and leaves it in the bucket."""
    key, body = large
    reply = site.get(f"/{key}", method="HEAD")
    assert (reply.status, reply.header("content-length")) == (200, str(len(body)))
    assert site.fetches(key) == 1


def test_all_of_it_is_fetched_whole(site: Site, large: tuple[str, bytes]) -> None:
    """After ranges, a request for all of the object makes one request to the store, and serves ranges from then on."""
    key, body = large
    ask(site, key, 0, 100)
    before = site.fetches(key)
    assert site.get(f"/{key}").body == body
    assert site.fetches(key) == before + 1
    assert ask(site, key, 8 * MEBIBYTE, 8 * MEBIBYTE + 10)[1] == body[8 * MEBIBYTE : 8 * MEBIBYTE + 10]
    assert site.fetches(key) == before + 1


def test_a_small_object_is_not_sliced(site: Site, key_prefix: str) -> None:
    """A range of a cold object that is not large makes one request, for all of it."""
    key, body = f"{key_prefix}small.bin", os.urandom(MEBIBYTE)
    site.store.put(key, body, content_type="application/octet-stream")
    assert ask(site, key, 100, 200)[1] == body[100:200]
    assert site.get(f"/{key}").body == body
    assert site.fetches(key) == 1


def test_two_versions_are_never_mixed(site: Site, large: tuple[str, bytes]) -> None:
    """When the object has changed, a range beyond what is stored is the new version's, and so is every one after it."""
    key, old = large
    assert ask(site, key, 0, 100)[1] == old[:100]
    new = os.urandom(LENGTH)
    site.store.put(key, new, content_type="video/mp4")
    assert ask(site, key, 5 * MEBIBYTE, 5 * MEBIBYTE + 100)[1] == new[5 * MEBIBYTE : 5 * MEBIBYTE + 100]
    assert {ask(site, key, 0, 100)[1] for _ in range(10)} == {new[:100]}
