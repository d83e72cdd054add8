"""Records of requests, from clients to the record file, with real workers and a real store."""

import gzip
import os
import signal
import socket
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from support.http_client import Connection, fetch_many, request
from support.record_file import RecordFile, recorder_pids
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar
from support.until import until

from ops.recording.recorder import NICENESS

TEXT = b"body of a page\n" * 200
TOKEN = {"authorization": f"Bearer {AUTH_KEY}"}
CLIENT = {"x-forwarded-for": "198.51.100.7, 10.0.0.1"}


@pytest.fixture
def record_file(tmp_path: Path) -> RecordFile:
    """A file that is not there yet."""
    return RecordFile(tmp_path / "records.jsonl")


def test_each_kind_of_answer(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, key_prefix: str
) -> None:
    """One record for each request, out of memory or not, with the fields of its answer."""
    seaweedfs.put(f"{key_prefix}index.html", TEXT, content_type="text/html")
    etag = seaweedfs.put(f"{key_prefix}a.bin", b"0123456789", content_type="x/y")
    server = start_sidecar(seaweedfs, *record_file.flags(), "--compress", "gzip")
    folder = f"/{key_prefix}"
    gzipped = {**CLIENT, "accept-encoding": "gzip"}
    asked = [
        ("GET", f"{folder}?query=1", CLIENT),  # miss
        *[("GET", folder, CLIENT)] * 3,  # hits, the last of them out of memory
        *[("GET", folder, gzipped)] * 3,
        ("HEAD", folder, gzipped),
        ("GET", folder, {**gzipped, "range": "bytes=0-9"}),
        *[("GET", f"{folder}a.bin", CLIENT)] * 3,
        ("GET", f"{folder}a.bin", {**CLIENT, "range": "bytes=2-4"}),
        ("GET", f"{folder}a.bin", {**CLIENT, "if-none-match": etag}),
        ("GET", f"{folder}none", CLIENT),
        ("POST", f"{folder}a.bin", CLIENT),
        ("OPTIONS", f"{folder}a.bin", CLIENT),
    ]
    replies = [request(server.port, *one) for one in asked]
    documents = record_file.wait_for(len(asked), folder)
    assert [
        (document["method"], document["status"], document["size"], document["mimeType"]) for document in documents
    ] == [
        (method, reply.status, len(reply.body), reply.header("content-type"))
        for (method, _, _), reply in zip(asked, replies, strict=True)
    ]
    assert [document["compressed"] for document in documents] == [
        reply.header("content-encoding") == "gzip" and bool(reply.body) for reply in replies
    ]
    assert {document["ipaddress"] for document in documents} == {"198.51.100.7"}
    assert {document["resource"] for document in documents} == {
        f"{folder}index.html",
        *(f"{folder}{name}" for name in ("a.bin", "none")),
    }
    assert Counter(document["cache"] for document in documents)["miss"] == 3
    assert gzip.decompress(replies[4].body) == TEXT
    assert all("location" not in document for document in documents)
    assert all(0 < document["time"] < 10**10 for document in documents if document["cache"] != "none")
    for document in documents:
        assert datetime.fromisoformat(document["created"]).timestamp() == pytest.approx(document["timestamp"] / 1e9)


def test_what_is_not_the_website(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile) -> None:
    """The management endpoints, what Sanic refuses, and what is no request are recorded too."""
    server = start_sidecar(seaweedfs, *record_file.flags())
    request(server.port, "GET", "/_proxy/_private/cache/stats", TOKEN)
    request(server.port, "POST", "/_proxy/_private/_cache/clear", TOKEN)
    warm = request(server.port, "POST", "/_proxy/_private/cache/warm", TOKEN, body=b'{"keys": ["none"]}')
    request(server.port, "PUT", "/x%20y", CLIENT)
    with Connection(server.port) as connection:
        connection.send(b"GET / HTTP/9.9\r\nHost: a\r\n\r\n")
        refused = connection.read_reply()
    until(lambda: record_file.documents()[-1:] != [] and record_file.documents()[-1]["resource"] == "-")
    documents = [document for document in record_file.documents() if document["status"] != 403]  # who waited for it
    assert [(document["method"], document["resource"], document["status"]) for document in documents] == [
        ("GET", "/_proxy/_private/cache/stats", 200),
        ("POST", "/_proxy/_private/_cache/clear", 405),
        ("POST", "/_proxy/_private/cache/warm", 200),
        ("PUT", "/x y", 405),
        ("-", "-", refused.status),
    ]
    assert {document["cache"] for document in documents} == {"none"}
    assert documents[2]["size"] == len(warm.body)
    assert documents[3]["ipaddress"] == "198.51.100.7"


async def test_every_request_once(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, key_prefix: str
) -> None:
    """Three workers, pipelined and parallel requests: each has one record, all in the order of time, to the last."""
    seaweedfs.put(f"{key_prefix}a", TEXT, content_type="text/plain")
    server = start_sidecar(seaweedfs, *record_file.flags(), workers=3)
    targets = [f"/{key_prefix}{number}" for number in range(300)] + [f"/{key_prefix}a"] * 700
    replies = await fetch_many(server.port, targets, concurrency=20)
    with Connection(server.port) as connection:
        connection.send(b"".join(f"GET /{key_prefix}a HTTP/1.1\r\nHost: a\r\n\r\n".encode() for _ in range(500)))
        replies += [connection.read_reply() for _ in range(500)]
    assert server.stop() == 0
    documents = record_file.of(f"/{key_prefix}")
    assert Counter(document["resource"] for document in documents) == {
        **{f"/{key_prefix}{number}": 1 for number in range(300)},
        f"/{key_prefix}a": 1200,
    }
    assert Counter(document["status"] for document in documents) == Counter(reply.status for reply in replies)
    instants = [document["timestamp"] for document in record_file.documents()]
    assert instants == sorted(instants)
    assert recorder_pids(server) != []
    assert server.process.leftovers() == []


def test_no_process_without_a_sink(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """Who does not want records has no process for them."""
    server = start_sidecar(seaweedfs)
    assert recorder_pids(server) == []


def test_it_ends_with_a_main_process_that_is_killed(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, key_prefix: str
) -> None:
    """Nothing is left running, and what was answered is written."""
    server = start_sidecar(seaweedfs, *record_file.flags(), workers=2)
    request(server.port, "GET", f"/{key_prefix}none")
    server.process.send(signal.SIGKILL)
    server.process.wait()
    assert not set(server.process.leftovers()) & set(recorder_pids(server))
    assert len(record_file.of(f"/{key_prefix}")) == 1


def test_a_terminals_interrupt(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, key_prefix: str
) -> None:
    """Ctrl-C reaches every process of the group: the one that writes records ends last all the same."""
    server = start_sidecar(seaweedfs, *record_file.flags(), workers=2)
    for number in range(20):
        request(server.port, "GET", f"/{key_prefix}{number}")
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait() == 0
    assert len(record_file.of(f"/{key_prefix}")) == 20
    assert "Traceback" not in server.log()


def test_it_does_not_hold_the_public_socket(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile
) -> None:
    """Of the server's descriptors it has only the channel: no connection can be lost in it."""
    server = start_sidecar(seaweedfs, *record_file.flags())
    (pid,) = recorder_pids(server)
    listening = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    until(record_file.path.exists)
    links = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    assert sockets & listening == set()
    assert os.getpriority(os.PRIO_PROCESS, pid) == NICENESS


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (("--record-file", "/none/records"), "--record-file cannot be used: /none/records: No such file or directory"),
        (("--mmdb-file", "/none/mmdb"), "--mmdb-file must be a file that exists, not '/none/mmdb'"),
        (("--mmdb-file", __file__), f"--mmdb-file cannot be used: {__file__} is no MaxMind database"),
        (("--mmdb-file", __file__, "--mmdb-host", "h"), "--mmdb-host and --mmdb-file exclude each other"),
        (("--record-queue", "10"), "--record-queue must be a whole number from 1000 to 10000000"),
        (("--mongo-ttl-days", "0"), "--mongo-ttl-days must be a whole number from 1 to 10000"),
    ],
)
def test_mistakes(seaweedfs: SeaweedFS, tmp_path: Path, flags: tuple[str, ...], what: str) -> None:
    """Each is told before anything is served, and the process ends with 2."""
    server = Sidecar(seaweedfs, *flags, folder=tmp_path)
    server.launch()
    assert server.process.wait() == 2
    server.kill()
    assert what in server.log()
    assert socket.gethostname() not in server.log()
