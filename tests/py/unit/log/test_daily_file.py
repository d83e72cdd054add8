"""A log file of several processes: whole lines, a new file each day, and whatever operators do to it."""

import fcntl
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.manual_clock import ManualClock
from support.until import until

from sidecar.log.daily_file import DailyFile

NOON = 1_780_056_000.0
"""2026-05-29T12:00:00Z."""
DAY = 86_400.0

# Writes 400 pieces; both begin on a line of standard input, and find the file of yesterday.
WRITER = """
import sys
from pathlib import Path
from sidecar.clock import SystemClock
from sidecar.log.daily_file import DailyFile
file, name = DailyFile(Path(sys.argv[1]), SystemClock()), sys.argv[2].encode()
print("ready", flush=True)
sys.stdin.readline()
for number in range(400):
    file.write(b"".join(name + b" %d %d " % (number, line) + b"x" * 90 + b"\\n" for line in range(100)))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "access.log"


@pytest.fixture
def clock() -> ManualClock:
    """Noon."""
    return ManualClock(NOON)


@pytest.fixture
def file(path: Path, clock: ManualClock) -> Iterator[DailyFile]:
    """The file, as one process has it."""
    made = DailyFile(path, clock)
    yield made
    made.close()


def write_at(file: DailyFile, clock: ManualClock, path: Path, at: float, line: bytes) -> None:
    """Write a line at an instant, which the file then has as its time of modification."""
    clock.advance(at - clock.now())
    file.write(line)
    os.utime(path, (at, at))


def names(path: Path) -> list[str]:
    """The files in the folder."""
    return sorted(found.name for found in path.parent.iterdir())


def test_a_new_file_each_day(file: DailyFile, clock: ManualClock, path: Path) -> None:
    """Midnight is that of UTC; the file of the day before is named after that day."""
    midnight = NOON + DAY / 2
    write_at(file, clock, path, midnight - 0.001, b"before\n")
    write_at(file, clock, path, midnight, b"after\n")
    assert names(path) == ["access.log", "access.log.2026-05-29"]
    assert (path.read_bytes(), (path.parent / "access.log.2026-05-29").read_bytes()) == (b"after\n", b"before\n")


def test_a_quiet_day_has_no_file(file: DailyFile, clock: ManualClock, path: Path) -> None:
    """A file is named after the day of its last line, however late that is noticed."""
    write_at(file, clock, path, NOON, b"a\n")
    write_at(file, clock, path, NOON + 3 * DAY, b"b\n")
    assert names(path) == ["access.log", "access.log.2026-05-29"]


def test_an_empty_file_is_taken_over(path: Path, file: DailyFile) -> None:
    """One that was made at the start, and has waited for its first line."""
    path.touch()
    os.utime(path, (NOON - DAY, NOON - DAY))
    file.write(b"a\n")
    assert names(path) == ["access.log"]


def test_the_oldest_go(path: Path, clock: ManualClock) -> None:
    """So many days are kept; what has another name is not ours."""
    file = DailyFile(path, clock, kept_days=2)
    (path.parent / "access.log.old").touch()
    for day in range(5):
        write_at(file, clock, path, NOON + day * DAY, b"a\n")
    file.close()
    assert names(path) == ["access.log", "access.log.2026-05-31", "access.log.2026-06-01", "access.log.old"]


def test_nothing_is_overwritten(path: Path, file: DailyFile, clock: ManualClock) -> None:
    """Where the name is taken already, as after a clock was set back, the file goes on."""
    (path.parent / "access.log.2026-05-29").write_bytes(b"mine\n")
    write_at(file, clock, path, NOON, b"a\n")
    write_at(file, clock, path, NOON + DAY, b"b\n")
    assert (path.parent / "access.log.2026-05-29").read_bytes() == b"mine\n"
    assert path.read_bytes() == b"a\nb\n"


def test_another_process_was_first(path: Path, file: DailyFile, clock: ManualClock) -> None:
    """Who comes second goes over to the new file."""
    other = DailyFile(path, clock)
    write_at(file, clock, path, NOON, b"a\n")
    write_at(other, clock, path, NOON, b"b\n")
    write_at(other, clock, path, NOON + DAY, b"c\n")
    file.write(b"d\n")
    other.close()
    assert path.read_bytes() == b"c\nd\n"
    assert (path.parent / "access.log.2026-05-29").read_bytes() == b"a\nb\n"


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_operators_may_do_what_they_like(path: Path, file: DailyFile, how: str) -> None:
    """Logrotate's move, a removal, another file in its place: the next line goes to the file of that name."""
    file.write(b"a\n")
    if how == "moved":
        path.rename(path.with_name("moved"))
    else:
        path.unlink()
    if how == "replaced":
        path.write_bytes(b"theirs\n")
        os.utime(path, (NOON, NOON))
    file.write(b"b\n")
    assert path.read_bytes() == (b"theirs\nb\n" if how == "replaced" else b"b\n")


def test_truncated(path: Path, file: DailyFile) -> None:
    """Logrotate's copytruncate leaves no hole."""
    file.write(b"a\n")
    os.truncate(path, 0)
    file.write(b"b\n")
    assert path.read_bytes() == b"b\n"


def test_a_missing_folder(tmp_path: Path, clock: ManualClock) -> None:
    """It is an error like others, and over when there is one again."""
    file = DailyFile(tmp_path / "logs" / "access.log", clock)
    with pytest.raises(FileNotFoundError):
        file.write(b"a\n")
    (tmp_path / "logs").mkdir()
    file.write(b"b\n")
    file.close()
    assert (tmp_path / "logs" / "access.log").read_bytes() == b"b\n"


def test_a_full_disk_tears_no_second_line(path: Path, file: DailyFile) -> None:
    """Half a line, as a full disk leaves it, is ended before the next begins."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        with pytest.raises(OSError, match="File too large"):
            file.write(b"123456\n89012\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        file.write(b"next\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"123456\n890\nnext\n"


def test_two_notice_at_once(path: Path, file: DailyFile) -> None:
    """Who had to wait for the other to put the old file aside leaves the new one where it is."""
    path.write_bytes(b"old\n")
    os.utime(path, (NOON - DAY, NOON - DAY))
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    writer = threading.Thread(target=file.write, args=(b"second\n",))
    writer.start()
    wait_until_somebody_waits(path.parent)
    path.rename(path.with_name("access.log.2026-05-28"))
    path.write_bytes(b"first\n")
    os.utime(path, (NOON, NOON))
    os.close(folder)
    writer.join()
    assert names(path) == ["access.log", "access.log.2026-05-28"]
    assert path.read_bytes() == b"first\nsecond\n"


def wait_until_somebody_waits(folder: Path) -> None:
    """Return when the kernel has somebody waiting for a lock on it (proc_locks(5))."""
    waiting = re.compile(rf"^\d+: -> FLOCK .*:{folder.stat().st_ino} ", re.MULTILINE)
    until(lambda: waiting.search(Path("/proc/locks").read_text()) is not None)


def test_two_processes(path: Path) -> None:
    """Both write, and both find a file of yesterday: it is renamed once, and no line is lost or torn."""
    path.write_bytes(b"old\n")
    os.utime(path, (NOON - DAY, NOON - DAY))
    arguments = [sys.executable, "-c", WRITER, str(path)]
    root = Path(__file__).parents[4]
    writers = [
        subprocess.Popen([*arguments, name], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        writer.communicate(b"\n", timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert names(path) == ["access.log", "access.log.2026-05-28"]
    lines = path.read_bytes().splitlines()
    written = {
        b"%b %d %d %b" % (name, n, line, b"x" * 90) for name in (b"a", b"b") for n in range(400) for line in range(100)
    }
    assert len(lines) == len(written)
    assert set(lines) == written
