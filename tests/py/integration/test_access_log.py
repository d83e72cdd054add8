"""The access log of a running server: a line for every answer, wherever it goes, and never in anybody's way."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from support.http_client import Connection, request
from support.ports import free_ports
from support.programs import clean_environment
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.until import PATIENCE_SECONDS, until

from sidecar.clock import SystemClock

ROOT = Path(__file__).parents[3]
COMBINED = re.compile(
    r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"'
)
DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The server's own, with a folder for logs."""
    (tmp_path / "logs").mkdir()
    return tmp_path


@pytest.fixture
def page(seaweedfs: SeaweedFS, key_prefix: str) -> str:
    """The path of an object of three bytes."""
    seaweedfs.put(f"{key_prefix}a.txt", b"abc")
    return f"/{key_prefix}a.txt"


@pytest.fixture
def start(seaweedfs: SeaweedFS, folder: Path) -> Iterator[Any]:
    """Start a server with an access log."""
    with ExitStack() as running:

        def begin(*options: str, workers: int = 1) -> Sidecar:
            return running.enter_context(Sidecar(seaweedfs, *options, workers=workers, folder=folder))

        yield begin


def told_of(path: Path, resource: str, count: int) -> list[dict[str, Any]]:
    """What the lines of a file tell of requests for a path, as soon as there are so many: others come beside them."""

    def told() -> list[dict[str, Any]]:
        whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in map(json.loads, whole) if line["resource"] == resource]

    until(lambda: len(told()) >= count, told=path.read_text)
    return told()


def asked_by(told: list[dict[str, Any]], target: str) -> list[dict[str, Any]]:
    """What was told of requests for a target."""
    return [line for line in told if line["target"] == target]


@pytest.mark.parametrize("hot_size", ["64MiB", "0"], ids=["hot", "by-sanic"])
def test_every_answer_has_a_line(start: Any, folder: Path, page: str, hot_size: str) -> None:
    """Of two workers, out of memory or not: all requests, each once, with what was sent."""
    server = start("--access-log", "json", "--hot-size", hot_size, workers=2)
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.port)) for _ in range(8)]
        for number in range(400):
            fields = {"X-Request-Id": f"id-{number}", "User-Agent": "test", "Referer": "r"}
            assert connections[number % 8].request("GET", f"{page}?n={number}", fields).body == b"abc"
    ours = told_of(folder / "logs/access.log", page, 400)
    assert sorted(line["request_id"] for line in ours) == sorted(f"id-{number}" for number in range(400))
    for line in ours:
        assert line["target"] == f"{page}?n={line['request_id'][3:]}"
        assert (line["status"], line["bytes"], line["protocol"], line["method"]) == (200, 3, "HTTP/1.1", "GET")
        assert (line["user_agent"], line["referer"], line["client"]) == ("test", "r", "127.0.0.1")
        assert line["host"] == f"127.0.0.1:{server.port}"
        assert 0 < line["first_byte_seconds"] <= line["duration_seconds"] < 60
    outcomes = Counter(line["cache"] for line in ours)
    assert outcomes["hit"] >= 380
    assert outcomes.total() == 400
    assert "access.log" not in server.log()


def test_combined(start: Any, folder: Path, page: str) -> None:
    """As nginx writes it; a hostile client changes neither lines nor quotes, hot or not, and no secret is told."""
    server = start("--access-log", "combined")
    evil = 'x" 200 9 "-" "forged\\ \u00e9' + AUTH_KEY
    for _ in range(5):
        request(server.port, "GET", f'{page}?"{AUTH_KEY}', {"Referer": evil, "User-Agent": evil})
    request(server.port, "HEAD", page)
    request(server.port, "GET", page, {"Range": "bytes=0-1"})
    with Connection(server.port) as connection:
        connection.send(b"GET /\n\n")
        connection.read_head()
    path = folder / "logs/access.log"
    until(lambda: '] "-" 400 ' in path.read_text(), told=path.read_text)  # the last answer; one thread writes all lines
    lines = path.read_text().splitlines()
    matches = [COMBINED.fullmatch(line) for line in lines]
    assert None not in matches
    shown = [match.groups() for match in matches if match is not None]
    forged = r"x\x22 200 9 \x22-\x22 \x22forged\x5C \xE9****"
    expected = [(rf"GET {page}?\x22**** HTTP/1.1", "200", "3", forged, forged)] * 5
    assert [line for line in shown if "?" in line[0]] == expected
    assert (f"HEAD {page} HTTP/1.1", "200", "0", "-", "-") in shown
    assert (f"GET {page} HTTP/1.1", "206", "2", "-", "-") in shown
    assert [line[:2] for line in shown if line[1] == "400"] == [("-", "400")]


def test_off_by_default(start: Any, folder: Path, page: str) -> None:
    """Nobody pays for what nobody wants."""
    server = start()
    request(server.port, "GET", page)
    assert server.stop() == 0
    assert [found.name for found in (folder / "logs").iterdir() if "access" in found.name] == []


@pytest.mark.parametrize("how", ["no-folder", "asked"])
def test_on_stdout(start: Any, folder: Path, page: str, how: str) -> None:
    """Where there is no log folder, or where it is asked for: beside the log, and in no file."""
    if how == "no-folder":
        (folder / "logs").rmdir()
    server = start("--access-log", "json", *(("--access-log-to", "stdout") if how == "asked" else ()))
    request(server.port, "GET", page)
    assert server.stop() == 0
    told = [json.loads(line) for line in server.log().splitlines()]
    assert [line["status"] for line in asked_by([line for line in told if "target" in line], page)] == [200]
    assert {"time", "level", "logger", "pid", "worker", "message"} <= told[0].keys()
    assert not (folder / "logs/access.log").exists()


def test_a_client_that_leaves(start: Any, seaweedfs: SeaweedFS, folder: Path, key_prefix: str) -> None:
    """It is told as aborted, with the bytes that were sent until then."""
    seaweedfs.put(f"{key_prefix}big", os.urandom(30_000_000))
    server = start("--access-log", "json")
    with Connection(server.port) as connection:
        connection.send_request("GET", f"/{key_prefix}big")
        connection.read_head()
        connection.read_body_bytes(1000)
        connection.reset()
    (told,) = told_of(folder / "logs/access.log", f"/{key_prefix}big", 1)
    assert (told["aborted"], told["status"]) == (True, 200)
    assert told["bytes"] < 30_000_000


def test_what_is_buffered_is_written_at_the_end(start: Any, folder: Path, page: str) -> None:
    """The last answers before a SIGTERM have their lines."""
    server = start("--access-log", "json", workers=2)
    for number in range(50):
        request(server.port, "GET", f"{page}?{number}")
    assert server.process.terminate(signal.SIGTERM, 10) == 0
    told = [json.loads(line) for line in (folder / "logs/access.log").read_text().splitlines()]
    assert sum(line["resource"] == page for line in told) == 50


def test_yesterdays_file_is_put_aside(start: Any, folder: Path, page: str) -> None:
    """By whichever worker writes first; also what logrotate moves away is let go of."""
    path = folder / "logs/access.log"
    path.write_text("old\n")
    yesterday = SystemClock().now() - DAY
    os.utime(path, (yesterday, yesterday))
    server = start("--access-log", "json", workers=2)
    request(server.port, "GET", page)
    name = time.strftime("access.log.%Y-%m-%d", time.gmtime(yesterday))
    server.process.wait_until((path.parent / name).exists)
    assert (path.parent / name).read_text() == "old\n"
    path.rename(path.parent / "moved")
    request(server.port, "GET", f"{page}?after")
    # A line of before the move may still come first.
    server.process.wait_until(lambda: path.exists() and f"{page}?after" in path.read_text())
    assert len(asked_by([json.loads(line) for line in path.read_text().splitlines()], f"{page}?after")) == 1


def test_a_full_disk(start: Any, folder: Path, page: str) -> None:
    """Requests are answered, lines are lost and counted, and that is told once."""
    (folder / "logs/access.log").symlink_to("/dev/full")
    (ops_port,) = free_ports(1)
    server = start("--access-log", "json", "--ops-port", str(ops_port))
    for _ in range(3):
        assert request(server.port, "GET", page).status == 200
        server.process.wait_until(lambda: "access.log cannot be written (No space left on device)" in server.log())
    server.process.wait_until(lambda: lost_lines(ops_port) >= 3)
    assert server.stop() == 0
    assert server.log().count("cannot be written") == 1


def test_a_stdout_that_nobody_reads(seaweedfs: SeaweedFS, folder: Path, page: str) -> None:
    """A full pipe costs lines, and no request; and the end is not held up."""
    port, ops_port = free_ports(2)
    ports = ("--port", str(port), "--ops-port", str(ops_port))
    argv = Sidecar(
        seaweedfs, *ports, "--access-log", "json", "--access-log-to", "stdout", "--log-level", "debug", folder=folder
    ).argv
    env = clean_environment(folder) | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, env=env, cwd=folder, stdout=subprocess.PIPE, start_new_session=True) as server:
        try:
            until(lambda: answers(port))
            with Connection(port) as connection:
                for _ in range(12_000):
                    assert connection.request("GET", page).status == 200
            until(lambda: lost_lines(ops_port) >= 1000)
            server.terminate()
            assert server.wait(PATIENCE_SECONDS) == 0
        finally:
            server.kill()


def lost_lines(ops_port: int) -> float:
    """How many lines of the access log were lost."""
    text = request(ops_port, "GET", "/metrics").body.decode()
    found = re.search(r"^s3_sidecar_access_log_lost_lines_total ([0-9.e+]+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def answers(port: int) -> bool:
    """Whether somebody listens there and answers."""
    with suppress(OSError):
        request(port, "GET", "/_proxy/_private/_cache/clear", timeout=1)
        return True
    return False
