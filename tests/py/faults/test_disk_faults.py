"""What is done to the cache directory behind the server's back: no wrong byte is served, and the server recovers."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TypeAlias

import brotli
import pytest
from support.cache_folder import bodies_of, files_of, settled_bodies_of
from support.http_body import ClosedEarlyError
from support.http_client import Connection, request
from support.http_reply import Reply
from support.process import ProcessFailedError
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.site import Site
from support.until import until

MEBIBYTE = 1024 * 1024
TOLD = "answers pass without being stored"
FILE_SYSTEM_BYTES = 8 * MEBIBYTE

Alteration: TypeAlias = Callable[[Path, Path], object]


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the faults are the disk's."""
    return seaweedfs


@pytest.fixture(scope="module")
def node(store: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with two workers."""
    folder = tmp_path_factory.mktemp("node")
    with Relay(store) as relay, Sidecar(relay, workers=2, folder=folder) as server:
        yield Site(store, relay, server)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 8 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    options = f"size={FILE_SYSTEM_BYTES},mode=0700"
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", mounted], check=False, capture_output=True)
    if result.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {result.stderr.decode().strip()}")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", mounted], check=True)


def flip(path: Path, position: int) -> None:
    """Change one bit of a file; counted from its end when it is negative."""
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    overwrite(path, bytes(content))


def overwrite(path: Path, content: bytes) -> None:
    """Write into the file that is there."""
    with path.open("r+b") as file:
        file.truncate(len(content))
        file.write(content)


def replace(path: Path, content: bytes) -> None:
    """Put another file in its place."""
    path.unlink()
    path.write_bytes(content)


def replace_by_link(path: Path, other: Path) -> None:
    """Put a symbolic link to another one in its place."""
    path.unlink()
    path.symlink_to(other)


def replace_by_fifo(path: Path) -> None:
    """Put something in its place that hangs whoever opens it carelessly."""
    path.unlink()
    os.mkfifo(path)


ALTERATIONS: dict[str, Alteration] = {
    "a bit of the body": lambda path, _: flip(path, 4096 + 1000),
    "a bit of the second block": lambda path, _: flip(path, 4096 + MEBIBYTE + 1000),
    "the last bit of the body": lambda path, _: flip(path, -13),
    "a bit of the checksums": lambda path, _: flip(path, -1),
    "a bit of the metadata": lambda path, _: flip(path, 200),
    "a bit of the magic number": lambda path, _: flip(path, 0),
    "zeroes in its body": lambda path, _: overwrite(path, path.read_bytes()[:4096].ljust(path.stat().st_size, b"\0")),
    "cut in half": lambda path, _: os.truncate(path, path.stat().st_size // 2),
    "cut by a byte": lambda path, _: os.truncate(path, path.stat().st_size - 1),
    "emptied": lambda path, _: os.truncate(path, 0),
    "longer by a byte": lambda path, _: overwrite(path, path.read_bytes() + b"x"),
    "a foreign file": lambda path, _: replace(path, b"foreign" * 1000),
    "another key's file": lambda path, other: replace(path, other.read_bytes()),
    "another key's file in place": lambda path, other: overwrite(path, other.read_bytes()),
    "a link to another key's file": replace_by_link,
    "a file that cannot be read": lambda path, _: replace_by_fifo(path),
    "deleted": lambda path, _: path.unlink(),
}


def store_two(site: Site, key_prefix: str) -> tuple[str, bytes, Path, Path]:
    """Have two objects stored: key, body and file of the first, and the other's file."""
    found = []
    for name in ("a.bin", "b.bin"):
        before = settled_bodies_of(site.server)
        body = os.urandom(2 * MEBIBYTE + 5000)
        site.store.put(f"{key_prefix}{name}", body)
        assert {site.get(f"/{key_prefix}{name}").body == body for _ in range(6)} == {True}
        (path,) = set(bodies_of(site.server)) - before
        found.append((body, path))
    (body, path), (_, other) = found
    return f"{key_prefix}a.bin", body, path, other


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_no_altered_byte_is_served(node: Site, key_prefix: str, alter: Alteration) -> None:
    """A file that was altered while the server runs is noticed, dropped, and fetched once more."""
    key, body, path, other = store_two(node, key_prefix)
    alter(path, other)
    for _ in range(8):
        with suppress(ClosedEarlyError):
            reply = node.get(f"/{key}")
            assert (reply.status, reply.body == body) == (200, True)
    assert {node.get(f"/{key}").body == body for _ in range(6)} == {True}
    assert node.fetches(key) == 2


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_range_of_an_altered_file_is_right(node: Site, key_prefix: str, alter: Alteration) -> None:
    """The same is true of a part of it."""
    key, body, path, other = store_two(node, key_prefix)
    alter(path, other)
    start = MEBIBYTE + 500
    for _ in range(8):
        reply = node.get(f"/{key}", range=f"bytes={start}-{start + 999}")
        assert (reply.status, reply.body == body[start : start + 1000]) == (206, True)


def test_what_was_altered_between_two_runs_is_not_served(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """A bit flipped while the server was down is noticed, also when the store confirms the version with a 304."""
    site = Site(store, relay, start_sidecar(relay))
    key, body, path, _ = store_two(site, key_prefix)
    site.server.stop()
    flip(path, 4096 + 1000)
    site.server.start()
    for _ in range(3):
        with suppress(ClosedEarlyError):
            reply = site.get(f"/{key}")
            assert (reply.status, reply.body == body) == (200, True)
    assert site.get(f"/{key}").body == body


def under_load(site: Site, bodies: dict[str, bytes], disturb: Callable[[], object], rounds: int = 10) -> list[int]:
    """Ask for everything all the time while it is disturbed so often; the answers' statuses, none of them wrong."""
    is_over = Event()

    def ask() -> list[int]:
        statuses = []
        while not is_over.is_set():
            for key, body in bodies.items():
                reply = request(site.server.port, "GET", f"/{key}")
                assert reply.status != 200 or reply.body == body
                statuses.append(reply.status)
        return statuses

    with ThreadPoolExecutor(4) as threads:
        loads = [threads.submit(ask) for _ in range(4)]
        try:
            for _ in range(rounds):
                before = len(site.relay.exchanges)
                disturb()
                with suppress(ProcessFailedError):  # a disk that takes everything again need not be noticed
                    site.server.process.wait_until(lambda n=before: len(site.relay.exchanges) > n, 5)  # type: ignore[misc]  # it has a default
        finally:
            is_over.set()
        return [status for load in loads for status in load.result()]


def put_many(site: Site, key_prefix: str, count: int = 12) -> dict[str, bytes]:
    """Put objects of several sizes."""
    bodies = {f"{key_prefix}{number}": os.urandom(10_000 + 30_000 * number) for number in range(count)}
    for key, body in bodies.items():
        site.store.put(key, body)
    return bodies


def test_files_may_be_deleted_under_load(node: Site, key_prefix: str) -> None:
    """`find -delete`, ten times: every answer is a 200 with the right body."""
    bodies = put_many(node, key_prefix)
    find = ["find", str(node.server.cache_dir), "-type", "f", "-delete"]
    assert set(under_load(node, bodies, lambda: subprocess.run(find, check=False))) == {200}


def test_the_directory_may_be_removed_under_load(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """`rm -rf`, ten times: every answer is a 200 with the right body, and things are stored again after it."""
    site = Site(store, relay, start_sidecar(relay, workers=2))
    bodies = put_many(site, key_prefix)
    folder = site.server.cache_dir
    assert set(under_load(site, bodies, lambda: shutil.rmtree(folder, ignore_errors=True))) == {200}

    def is_stored() -> bool:
        site.relay.reset()
        assert {site.get(f"/{key}").body == body for key, body in bodies.items()} == {True}
        return site.relay.count() == 0

    site.server.process.wait_until(is_stored)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_body_cut_while_it_is_sent_is_broken_off(node: Site, key_prefix: str) -> None:
    """The client sees a connection that ends early, never a wrong byte; the next one gets all of it."""
    key, body = f"{key_prefix}large.bin", os.urandom(32 * MEBIBYTE)
    before = settled_bodies_of(node.server)
    node.store.put(key, body)
    assert node.get(f"/{key}").body == body
    (path,) = set(bodies_of(node.server)) - before
    with Connection(node.server.port) as connection:
        connection.send_request("GET", f"/{key}")
        connection.read_head()
        first = connection.read_body_bytes(MEBIBYTE)
        os.truncate(path, 4096 + 2 * MEBIBYTE)
        with pytest.raises(ClosedEarlyError) as closed:
            connection.read_body_bytes()
    assert body.startswith(first + closed.value.received)
    assert node.get(f"/{key}").body == body


def test_a_full_disk_stores_nothing_and_serves_everything(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str, small_disk: Path
) -> None:
    """Answers pass, the log says so once, and when there is room again things are stored."""
    server = start_sidecar(relay, "--cache-min-free", "0", "--cache-max-size", "1GiB", cache_dir=small_disk / "cache")
    site, filler = Site(store, relay, server), small_disk / "filler"
    fill_up(filler)
    bodies = put_many(site, key_prefix)
    for _ in range(3):
        assert {site.get(f"/{key}").body == body for key, body in bodies.items()} == {True}
    until(lambda: TOLD in server.log())
    assert server.log().count(TOLD) == 1
    filler.unlink()
    late = os.urandom(100_000)
    store.put(f"{key_prefix}late", late)
    assert {site.get(f"/{key_prefix}late").body == late for _ in range(4)} == {True}
    assert site.fetches(f"{key_prefix}late") == 1


def fill_up(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_disk_smaller_than_the_cache_wants_holds_what_fits(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str, small_disk: Path
) -> None:
    """More bytes than the disk has are asked for, again and again: everything is served, and the disk is used."""
    options = ("--cache-min-free", "1MiB", "--cache-max-size", "1GiB")
    site = Site(store, relay, start_sidecar(relay, *options, workers=2, cache_dir=small_disk / "cache"))
    bodies = {f"{key_prefix}{number}": os.urandom(MEBIBYTE) for number in range(16)}
    for key, body in bodies.items():
        store.put(key, body)
    for _ in range(2):
        assert {site.get(f"/{key}").body == body for key, body in bodies.items()} == {True}
        assert len(bodies_of(site.server)) >= 4


def remount(path: Path, mode: str) -> None:
    """Make a file system read-only or writable; files that are open for writing have to be closed first."""
    subprocess.run(["mount", "-o", f"remount,{mode}", path], check=False, capture_output=True)


def test_a_disk_that_becomes_read_only_under_load(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str, small_disk: Path
) -> None:
    """Every answer is a 200 with the right body, of what was stored and of what is new; later all is stored again."""
    options = ("--cache-min-free", "0", "--cache-max-size", "4MiB")
    site = Site(store, relay, start_sidecar(relay, *options, workers=2, cache_dir=small_disk / "cache"))
    stored, cold = put_many(site, f"{key_prefix}stored"), put_many(site, f"{key_prefix}cold")
    for key in stored:
        site.get(f"/{key}")
    modes = iter(["ro", "rw"] * 3)
    bodies = stored | cold
    assert set(under_load(site, bodies, lambda: remount(small_disk, next(modes)), rounds=6)) == {200}
    remount(small_disk, "ro")
    assert {site.get(f"/{key}").body == body for key, body in bodies.items()} == {True}
    remount(small_disk, "rw")
    store.put(f"{key_prefix}late", b"late")
    assert {site.get(f"/{key_prefix}late").body for _ in range(6)} == {b"late"}
    assert site.fetches(f"{key_prefix}late") == 1


def test_foreign_files_are_left_alone(node: Site, key_prefix: str) -> None:
    """What is no body of the cache's is neither served nor removed."""
    foreign = node.server.cache_dir / "README"
    foreign.write_bytes(b"mine")
    node.store.put(f"{key_prefix}a", b"abc")
    assert node.get(f"/{key_prefix}a").body == b"abc"
    assert node.get("/_proxy/_private/_cache/clear", authorization="Bearer abc123").status == 304
    node.server.process.wait_until(lambda: files_of(node.server) == [foreign])
    foreign.unlink()


# Variants: what goes wrong with them is nothing that a client sees.


def as_text(reply: Reply) -> bytes:
    """The body without its coding."""
    return brotli.decompress(reply.body) if reply.header("content-encoding") == "br" else reply.body


def store_two_variants(site: Site, key_prefix: str) -> tuple[str, bytes, Path, Path]:
    """Have two texts stored as they are and coded: key and text of the first, and the files of both variants."""
    found = []
    for name in ("a.txt", "b.txt"):
        text = os.urandom(3 * MEBIBYTE // 2).hex().encode()
        site.store.put(f"{key_prefix}{name}", text, content_type="text/plain")
        assert {site.get(f"/{key_prefix}{name}").body == text for _ in range(6)} == {True}
        before = settled_bodies_of(site.server)
        replies = [site.get(f"/{key_prefix}{name}", accept_encoding="br") for _ in range(6)]
        assert {(reply.header("content-encoding"), as_text(reply) == text) for reply in replies} == {("br", True)}
        (path,) = set(bodies_of(site.server)) - before
        found.append((text, path))
    (text, path), (_, other) = found
    return f"{key_prefix}a.txt", text, path, other


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_no_altered_byte_of_a_variant_is_served(node: Site, key_prefix: str, alter: Alteration) -> None:
    """It is noticed, and the variant is made once more."""
    key, text, path, other = store_two_variants(node, key_prefix)
    alter(path, other)
    for _ in range(8):
        with suppress(ClosedEarlyError):
            reply = node.get(f"/{key}", accept_encoding="br")
            assert (reply.status, as_text(reply) == text) == (200, True)
    replies = [node.get(f"/{key}", accept_encoding="br") for _ in range(6)]
    assert {(reply.header("content-encoding"), as_text(reply) == text) for reply in replies} == {("br", True)}


def remount_in_time(site: Site, path: Path, mode: str) -> None:
    """Make a file system read-only or writable, as soon as the server has closed what it writes."""

    def is_so() -> bool:
        remount(path, mode)
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY) is (mode == "ro")

    site.server.process.wait_until(is_so)


def test_a_disk_that_takes_no_variants(
    store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar, key_prefix: str, small_disk: Path
) -> None:
    """What is stored is sent as it is, the log says so once, and when the disk is writable again it is compressed."""
    options = ("--cache-min-free", "0", "--cache-max-size", "1GiB")
    site = Site(store, relay, start_sidecar(relay, *options, cache_dir=small_disk / "cache"))
    texts = {f"{key_prefix}{number}.txt": os.urandom(20_000).hex().encode() for number in range(10)}
    for key, text in texts.items():
        store.put(key, text, content_type="text/plain")
        assert site.get(f"/{key}").body == text
    remount_in_time(site, small_disk, "ro")
    for _ in range(3):
        for key, text in texts.items():
            reply = site.get(f"/{key}", accept_encoding="br")
            assert (reply.status, reply.header("content-encoding"), reply.body == text) == (200, None, True)
    until(lambda: TOLD in site.server.log())
    assert site.server.log().count(TOLD) == 1
    remount_in_time(site, small_disk, "rw")

    def is_compressed() -> bool:
        return all(site.get(f"/{key}", accept_encoding="br").header("content-encoding") == "br" for key in texts)

    site.server.process.wait_until(is_compressed)
    assert {site.fetches(key) for key in texts} == {1}


def test_variants_may_be_deleted_under_load(node: Site, key_prefix: str) -> None:
    """Ten times: every answer is a 200 with the right text, coded or not."""
    texts = {f"{key_prefix}{number}.txt": os.urandom(10_000 * number + 10_000).hex().encode() for number in range(8)}
    for key, text in texts.items():
        node.store.put(key, text, content_type="text/plain")
    find = ["find", str(node.server.cache_dir), "-type", "f", "-delete"]
    is_over = Event()

    def ask() -> None:
        while not is_over.is_set():
            for key, text in texts.items():
                reply = node.get(f"/{key}", accept_encoding="br")
                assert (reply.status, as_text(reply) == text) == (200, True)

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        try:
            for _ in range(10):
                before = len(node.relay.exchanges)
                subprocess.run(find, check=False)
                node.server.process.wait_until(lambda n=before: len(node.relay.exchanges) > n)  # type: ignore[misc]  # it has a default
        finally:
            is_over.set()
        for each in asking:
            each.result()
