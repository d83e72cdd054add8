"""Records when something fails: serving goes on untouched, and every record is written or counted."""

import os
import signal
import time
from pathlib import Path

import pytest
from support.http_client import Connection, request
from support.locations import MUNICH, UNKNOWN, location, write_database
from support.mmdb_ws import MmdbWs
from support.ports import free_ports
from support.record_file import RecordFile, recorder_pids
from support.scrape import scrape, total
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.until import until

UNNOTICED_SECONDS = 15.0
"""A hundred requests take less on the slowest machine; who is waited for here does not come back at all."""


@pytest.fixture
def ops_port() -> int:
    """A port for the ops listener."""
    return free_ports(1)[0]


@pytest.fixture
def record_file(tmp_path: Path) -> RecordFile:
    """A file that is not there yet."""
    return RecordFile(tmp_path / "records.jsonl")


def flags(ops_port: int) -> tuple[str, ...]:
    """Turn the listener on."""
    return ("--ops-port", str(ops_port), "--ops-host", "127.0.0.1")


def visit(server: Sidecar, target: str, count: int) -> float:
    """Ask so often, many at a time on one connection; how long the slowest hundred took."""
    slowest = 0.0
    with Connection(server.port) as connection:
        for start in range(0, count, 100):
            began = time.monotonic()
            connection.send(b"".join(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for _ in range(100)))
            assert {connection.read_reply().status for _ in range(min(100, count - start))} <= {200, 404}
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def account(ops_port: int) -> tuple[float, float, float]:
    """How many records were queued, written and dropped."""
    samples = scrape(ops_port)
    names = ("queued", "written", "dropped")
    queued, written, dropped = (total(samples, f"s3_sidecar_records_{name}_total", sink="file") for name in names)
    return queued, written, dropped


def is_settled(ops_port: int, at_least: int) -> bool:
    """Whether so many records were queued, and nothing waits."""
    queued, written, dropped = account(ops_port)
    return queued >= at_least and queued == written + dropped


def test_the_process_is_killed(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, ops_port: int, key_prefix: str
) -> None:
    """Another takes its place and goes on; what it had is counted as lost, and requests notice nothing."""
    seaweedfs.put(f"{key_prefix}a", b"x", content_type="text/plain")
    server = start_sidecar(seaweedfs, *flags(ops_port), *record_file.flags(), workers=2)
    target, asked = f"/{key_prefix}a", 0
    for round_number in range(1, 3):
        asked += 1000
        assert visit(server, target, 1000) < UNNOTICED_SECONDS
        os.kill(recorder_pids(server)[-1], signal.SIGKILL)
        asked += 1000
        assert visit(server, target, 1000) < UNNOTICED_SECONDS
        until(lambda: len(recorder_pids(server)) == round_number + 1)  # noqa: B023 - called in this round
    until(lambda: is_settled(ops_port, asked), told=lambda: (asked, account(ops_port)))
    queued, written, dropped = account(ops_port)
    assert dropped == total(scrape(ops_port), "s3_sidecar_records_dropped_total", sink="file", reason="lost")
    assert len(record_file.of(target)) >= asked - dropped
    assert len(record_file.documents()) >= written
    assert queued >= asked
    assert "the process that writes records ended with -9; restart in" in server.log()
    assert server.stop() == 0


def test_the_process_hangs(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, ops_port: int, key_prefix: str
) -> None:
    """Nobody waits for it; the workers hold a bounded number, drop the oldest, and hand over the rest later."""
    seaweedfs.put(f"{key_prefix}a", b"x", content_type="text/plain")
    server = start_sidecar(seaweedfs, *flags(ops_port), *record_file.flags())
    (pid,) = recorder_pids(server)
    asked = 80_000
    os.kill(pid, signal.SIGSTOP)
    try:
        assert visit(server, f"/{key_prefix}a", asked) < UNNOTICED_SECONDS
        until(lambda: account(ops_port)[2] > 0)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: is_settled(ops_port, asked), 120)
    _, written, dropped = account(ops_port)
    assert dropped == total(scrape(ops_port), "s3_sidecar_records_dropped_total", reason="handover")
    assert len(record_file.documents()) == written
    assert written >= 30_000


def test_a_sink_that_is_blocked(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, tmp_path: Path, ops_port: int, key_prefix: str
) -> None:
    """A pipe that nobody reads: the queue fills, the oldest are dropped; what waits at the end is told."""
    seaweedfs.put(f"{key_prefix}a", b"x", content_type="text/plain")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    server = start_sidecar(seaweedfs, *flags(ops_port), "--record-file", str(pipe), "--record-queue", "1000")
    assert visit(server, f"/{key_prefix}a", 5000) < UNNOTICED_SECONDS
    until(lambda: account(ops_port)[0] >= 5000)

    def waiting() -> float:
        return total(scrape(ops_port), "s3_sidecar_records_waiting", sink="file")

    until(lambda: account(ops_port)[0] == account(ops_port)[2] + waiting())
    samples, (_, written, dropped) = scrape(ops_port), account(ops_port)
    assert total(samples, "s3_sidecar_records_queue_limit", sink="file") == 1000 >= waiting() > 700
    assert written == 0
    assert dropped == total(samples, "s3_sidecar_records_dropped_total", sink="file", reason="full")
    left, began = waiting(), time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 8  # not nine: the sink was down before
    assert f"{left:.0f} records were dropped at the end: file did not take them in time" in server.log()
    assert server.log().count("file does not answer, its records wait") == 1


def test_a_full_disk(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, ops_port: int, key_prefix: str) -> None:
    """Records wait, and requests do not."""
    server = start_sidecar(seaweedfs, *flags(ops_port), "--record-file", "/dev/full")
    assert visit(server, f"/{key_prefix}none", 100) < UNNOTICED_SECONDS
    until(lambda: total(scrape(ops_port), "s3_sidecar_records_waiting", sink="file") >= 100)
    until(lambda: "/dev/full cannot be written: No space left on device" in server.log())
    assert account(ops_port)[1:] == (0, 0)


def test_locations_of_a_server(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, ops_port: int, key_prefix: str
) -> None:
    """Records have the location of their client; without delay, and without one, while mmdb-ws is slow or gone."""
    with MmdbWs() as mmdb:
        place = ("--mmdb-host", "127.0.0.1", "--mmdb-port", str(mmdb.port))
        server = start_sidecar(seaweedfs, *flags(ops_port), *record_file.flags(), *place)

        def visited(name: str, address: str) -> object:
            target = f"/{key_prefix}{name}"
            request(server.port, "GET", target, {"x-real-ip": address})
            (document,) = record_file.wait_for(1, target)
            return document.get("location")

        assert visited("first", MUNICH) == location(MUNICH)
        assert visited("unknown", UNKNOWN) is None
        assert visited("private", "10.0.0.1") is None
        assert mmdb.questions == [f"f:{MUNICH}", f"f:{UNKNOWN}"]
        mmdb.delay_seconds = 30
        began = time.monotonic()
        assert visited("slow", "203.1.113.77") is None
        assert visited("meanwhile", MUNICH) == location(MUNICH)
        assert time.monotonic() - began < mmdb.delay_seconds
        mmdb.stop()
        assert visited("gone", "203.1.113.78") is None
        assert visited("remembered", MUNICH) == location(MUNICH)
    lookups = "s3_sidecar_records_lookups_total"
    until(lambda: total(scrape(ops_port), lookups, outcome="unknown") > 0)  # told a few times a second
    assert [total(scrape(ops_port), lookups, outcome=outcome) for outcome in ("found", "unknown")] == [1, 1]


def test_locations_of_a_file(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, record_file: RecordFile, tmp_path: Path, key_prefix: str
) -> None:
    """The same out of a database; a new edition counts for what comes after it."""
    database = tmp_path / "city.mmdb"
    write_database(database)
    server = start_sidecar(seaweedfs, *record_file.flags(), "--mmdb-file", str(database))
    request(server.port, "GET", f"/{key_prefix}a", {"x-forwarded-for": f"[::ffff:{MUNICH}]:80, 10.0.0.1"})
    (document,) = record_file.wait_for(1, f"/{key_prefix}a")
    assert document["location"] == location(MUNICH)
    write_database(database, city="Passau")
    until(lambda: f"{database} was read anew" in server.log())
    request(server.port, "GET", f"/{key_prefix}b", {"x-real-ip": MUNICH})
    (document,) = record_file.wait_for(1, f"/{key_prefix}b")
    assert document["location"] == location(MUNICH, city="Passau")
