"""`python -m sidecar` as an operator meets it when the configuration cannot be used."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.programs import clean_environment

ROOT = Path(__file__).parents[3]
BAIT = "correct-horse-battery-staple"
TIMEOUT_SECONDS = 30
USAGE_ERROR = 2

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program in a folder and an environment of its own, until it ends."""

    def run(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sidecar", *options],
            env=clean_environment(tmp_path) | {"PYTHONPATH": str(ROOT)} | env,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def taken_port() -> Iterator[str]:
    """A port of the loopback that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def _serve(run: Run, folder: Path, *options: str) -> str:
    """What is said on stderr by a server with a bucket and a folder that refuses to start."""
    usual = ("--bucket", "site", "--host", "127.0.0.1", "--port", "0", "--cache-dir", str(folder / "cache"))
    result = run(*usual, *options)
    assert result.returncode == USAGE_ERROR
    assert "Traceback" not in result.stderr
    return result.stderr


def test_nothing_given(run: Run) -> None:
    """Without a bucket the program says so, and exits with 2."""
    result = run()
    assert result.returncode == USAGE_ERROR
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "s3proxy: one mistake in the configuration",
        "  --bucket (or S3_BUCKET) is required. The bucket to serve.",
        "s3proxy --help lists every option.",
    ]


def test_every_mistake_at_once(run: Run) -> None:
    """Mistakes of the command line, the environment and their combination are told in one go."""
    result = run("--bukket", "site", "--port", "http", "--key", BAIT, TTL="soon")
    assert result.returncode == USAGE_ERROR
    first, *mistakes, last = result.stderr.splitlines()
    assert first == "s3proxy: 5 mistakes in the configuration"
    assert last == "s3proxy --help lists every option."
    for name in ("--bukket ", "--bucket ", "--port ", "--secret ", "TTL "):
        assert sum(mistake.startswith(f"  {name}") for mistake in mistakes) == 1


def test_no_secret_and_no_traceback(run: Run) -> None:
    """A secret that cannot be read, or is given to an option that does not exist, is not repeated."""
    result = run(f"--secrt={BAIT}", AWS_SECRET=f"{BAIT}\n", S3_ENDPOINT_URL=f"https://user:{BAIT}@store.example")
    assert result.returncode == USAGE_ERROR
    assert "Traceback" not in result.stderr
    assert BAIT not in result.stdout + result.stderr


def test_a_header_that_would_break_answers(run: Run) -> None:
    """A rule with a line break, or for a header that frames the message, ends the start and is shown on one line."""
    result = run("--bucket", "site", "--header", "X-A: b\r\nSet-Cookie: c")
    assert result.returncode == USAGE_ERROR
    assert (
        r"--header must have a value of one line, without control characters, not 'X-A: b\r\nSet-Cookie: c'"
        in (result.stderr.splitlines()[1])
    )
    assert "must not set content-length" in run("--bucket", "site", HEADERS="X-A: b\nContent-Length: 5").stderr


def test_stray_words(run: Run) -> None:
    """A word that belongs to no option is a mistake, and is not repeated."""
    result = run(BAIT, S3_BUCKET="site")
    assert result.returncode == USAGE_ERROR
    assert "a word that belongs to none" in result.stderr
    assert BAIT not in result.stderr


def test_a_port_that_is_taken(run: Run, tmp_path: Path, taken_port: str) -> None:
    """The message about a port names it, and the option that changes it."""
    said = _serve(run, tmp_path, "--port", taken_port)
    assert f"port {taken_port} on 127.0.0.1 is already in use" in said
    assert "--port" in said


def test_an_impossible_cache_directory(run: Run, tmp_path: Path) -> None:
    """A cache directory that cannot be made is named, with its option and the reason."""
    (tmp_path / "file").write_text("")
    said = _serve(run, tmp_path, "--cache-dir", str(tmp_path / "file" / "cache"))
    assert f"--cache-dir cannot be used: {tmp_path / 'file' / 'cache'}: Not a directory" in said


def test_an_impossible_log_file(run: Run, tmp_path: Path) -> None:
    """A log file that cannot be written is named, with its option and the reason."""
    (tmp_path / "logs" / "s3proxy.log").mkdir(parents=True)
    said = _serve(run, tmp_path)
    assert "--dir cannot be used: logs/s3proxy.log cannot be written (Is a directory)" in said


def test_all_claims_are_told_at_once(run: Run, tmp_path: Path, taken_port: str) -> None:
    """Log file, cache directory and port are all claimed before the first failure is told."""
    (tmp_path / "logs" / "s3proxy.log").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    said = _serve(run, tmp_path, "--port", taken_port, "--cache-dir", str(tmp_path / "file" / "cache"))
    assert "3 mistakes" in said
    assert all(name in said for name in ("--dir ", "--cache-dir ", "--port "))


def test_a_mistake_is_told_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    """A configuration that cannot be used leaves the cache directory alone."""
    run("--cache-dir", str(tmp_path / "cache"), "--port", "http", S3_BUCKET="site")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_questions_end_with_0(run: Run, flag: str) -> None:
    """Help and version answer on stdout, without any configuration."""
    result = run(flag)
    assert result.returncode == 0
    assert "s3proxy" in result.stdout
    assert result.stderr == ""


def test_a_temporary_directory_with_too_long_a_name(run: Run, tmp_path: Path) -> None:
    """Processes speak through sockets below it; the mistake is told before one of them fails."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    result = run("--bucket", "site", "--port", "0", TMPDIR=str(long))
    assert result.returncode == USAGE_ERROR
    assert "too long for a socket in it" in result.stderr
    assert "Traceback" not in result.stderr
