"""Several ranges in one answer: RFC 9110 14.6, out of the cache, while it is being filled, and in slices."""

import os
from pathlib import Path

import pytest
from support.byteranges import Part, parts_of
from support.cache_folder import bodies_of
from support.http_client import Connection
from support.http_reply import Reply
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS

MEBIBYTE = 1024 * 1024
KIBIBYTE = bytes(range(256)) * 4
WHOLE_HEADERS = {"accept-ranges", "cache-control", "etag", "expires", "last-modified"}


def parts(reply: Reply) -> list[Part]:
    """The parts of an answer, whose length must be what it says."""
    assert (reply.status, len(reply.body)) == (206, reply.content_length)
    return parts_of(reply.body, reply.header("content-type") or "")


def part(body: bytes, start: int, stop: int, media_type: str = "text/plain") -> Part:
    """What a part of an object has to be."""
    return Part(f"bytes {start}-{stop - 1}/{len(body)}", media_type, body[start:stop])


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_several_ranges(site: Site, key_prefix: str, *, is_warm: bool) -> None:
    """Each is a part, in the order of the request; what describes the whole stays as it is, and nothing else comes."""
    key = f"{key_prefix}a"
    site.store.put(key, KIBIBYTE, content_type="text/plain")
    if is_warm:
        site.get(f"/{key}")
    reply = site.get(f"/{key}", range="bytes=-10, 0-9,500-599")
    assert parts(reply) == [part(KIBIBYTE, 1014, 1024), part(KIBIBYTE, 0, 10), part(KIBIBYTE, 500, 600)]
    assert reply.header("content-range") is None
    whole = site.get(f"/{key}")
    assert {name: reply.header(name) for name in WHOLE_HEADERS} == {name: whole.header(name) for name in WHOLE_HEADERS}
    assert site.fetches(key) == 1


def test_the_boundary_is_drawn_anew(site: Site, key_prefix: str) -> None:
    """Nobody can know it beforehand: an object that holds it would be taken apart in the wrong place."""
    site.store.put(f"{key_prefix}a", KIBIBYTE, content_type="text/plain")
    asked = [site.get(f"/{key_prefix}a", range="bytes=0-0,9-9").header("content-type") or "" for _ in range(5)]
    boundaries = {media_type.partition("boundary=")[2] for media_type in asked}
    assert len(boundaries) == 5
    assert {len(boundary) for boundary in boundaries} == {32}


@pytest.mark.parametrize(
    ("value", "status", "content_range"),
    [
        ("bytes=0-9,5-19", 206, "bytes 0-19/1024"),
        ("bytes=10-19,0-9", 206, "bytes 0-19/1024"),
        ("bytes=0-9,1024-,5000-6000", 206, "bytes 0-9/1024"),
        ("bytes=1024-,-0", 416, "bytes */1024"),
        ("bytes=0-500,502-", 200, None),
        ("bytes=0-9,x", 200, None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 34, 2)), 200, None),
    ],
    ids=["overlapping", "adjacent", "one-left", "none-left", "longer-than-the-whole", "malformed", "seventeen"],
)
def test_what_is_not_sent_in_parts(
    site: Site, key_prefix: str, value: str, status: int, content_range: str | None
) -> None:
    """What comes down to one range is a plain 206, and what is too much is ignored (RFC 9110 14.2, 15.3.7.2)."""
    site.store.put(f"{key_prefix}a", KIBIBYTE, content_type="text/plain")
    reply = site.get(f"/{key_prefix}a", range=value)
    assert (reply.status, reply.header("content-range")) == (status, content_range)
    assert (reply.header("content-type") or "").startswith("text/plain")
    assert status != 200 or reply.body == KIBIBYTE


def test_if_range_with_several(site: Site, key_prefix: str) -> None:
    """They count for the version that If-Range names, and for no other."""
    etag = site.store.put(f"{key_prefix}a", KIBIBYTE, content_type="text/plain")
    assert len(parts(site.get(f"/{key_prefix}a", range="bytes=0-0,9-9", if_range=etag))) == 2
    assert site.get(f"/{key_prefix}a", range="bytes=0-0,9-9", if_range='"other"').body == KIBIBYTE


def test_the_connection_stays_in_order(site: Site, key_prefix: str) -> None:
    """HEAD has no ranges (RFC 9110 14.2), and after parts the next answer on the connection is the right one."""
    site.store.put(f"{key_prefix}a", KIBIBYTE, content_type="text/plain")
    asked = {"range": "bytes=0-0,9-9"}
    with Connection(site.server.port) as connection:
        replies = [connection.request(method, f"/{key_prefix}a", asked) for method in ("GET", "HEAD", "GET", "HEAD")]
    assert [reply.status for reply in replies] == [206, 200, 206, 200]
    assert [len(parts(reply)) for reply in replies[::2]] == [2, 2]
    assert [(reply.body, reply.content_length) for reply in replies[1::2]] == [(b"", 1024)] * 2


def test_what_passes_through_is_sent_whole(site: Site, key_prefix: str) -> None:
    """An object that may not be stored takes no ranges."""
    site.store.put(f"{key_prefix}a", KIBIBYTE, content_type="text/plain", cache_control="no-store")
    reply = site.get(f"/{key_prefix}a", range="bytes=0-0,9-9")
    assert (reply.status, reply.body, reply.header("accept-ranges")) == (200, KIBIBYTE, "none")


def test_parts_of_what_is_still_coming(site: Site, key_prefix: str) -> None:
    """The first part is with the client while the store still holds the bytes of the second."""
    key, body = f"{key_prefix}a.bin", os.urandom(600_000)
    site.store.put(key, body, content_type="application/octet-stream")
    with site.relay.pause_after(key, 200_000) as barrier, Connection(site.server.port) as connection:
        connection.send_request("GET", f"/{key}", {"range": "bytes=100-199,500000-500099"})
        assert barrier.reached.wait(PATIENCE_SECONDS)
        head = connection.read_head()
        begun = connection.read_body_bytes(200)
        assert body[100:150] in begun
        barrier.release()
        received = begun + connection.read_body_bytes()
    media_type = "application/octet-stream"
    assert parts(Reply.of(head, received)) == [
        part(body, 100, 200, media_type),
        part(body, 500_000, 500_100, media_type),
    ]


def test_a_store_that_fails_before_the_first_part(site: Site, key_prefix: str) -> None:
    """As long as no byte is sent, a failure is told by its status, and not by parts that break off."""
    key = f"{key_prefix}a.bin"
    site.store.put(key, os.urandom(600_000), content_type="application/octet-stream")
    with site.relay.pause_after(key, 1000) as barrier, Connection(site.server.port) as connection:
        connection.send_request("GET", f"/{key}", {"range": "bytes=500000-500099,0-9"})
        assert barrier.reached.wait(PATIENCE_SECONDS)
        site.relay.refuse()
        reply = connection.read_reply()
        site.relay.accept()
    assert (reply.status, reply.header("cache-control")) == (503, "no-store")


def test_parts_of_a_large_object(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """Each part comes out of its slices, and no other slice is fetched; together they never lie in memory."""
    key, body = f"{key_prefix}film.mp4", os.urandom(48 * MEBIBYTE)
    seaweedfs.put(key, body, content_type="video/mp4")
    server = start_sidecar(seaweedfs, "--slice-size", "1MiB", "--slice-threshold", "4MiB")
    (worker,) = server.worker_pids()
    idle = peak_bytes(worker)
    spans = [(40 * MEBIBYTE - 50, 40 * MEBIBYTE + 50), (100, 20 * MEBIBYTE), (21 * MEBIBYTE, 39 * MEBIBYTE)]
    value = ", ".join(f"{start}-{stop - 1}" for start, stop in spans)
    with Connection(server.port) as connection:
        reply = connection.request("GET", f"/{key}", {"range": f"bytes={value}"})
    assert parts(reply) == [part(body, start, stop, "video/mp4") for start, stop in spans]
    assert "fwd=partial" in (reply.header("cache-status") or "")
    assert len(bodies_of(server)) == 1 + 2 + 20 + 18  # the first is what is known of the whole
    assert peak_bytes(worker) - idle < 24 * MEBIBYTE


def peak_bytes(pid: int) -> int:
    """The most memory a process has had so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
