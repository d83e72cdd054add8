"""What the server does at its start when the bucket refuses its key: docs/adr/0017."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.endpoint import Source
from support.http_client import request
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar

CHECKING = ("--check-key", "true")
WRONG = "no-such-secret-of-anybody"
USAGE_ERROR = 2
SECONDS = 20

REFUSED = {
    "unknown-key": ("nobody", WRONG, "InvalidAccessKeyId"),
    "wrong-secret": ("test-admin", WRONG, "SignatureDoesNotMatch"),
}

# What S3 says → it is not the key, or it passes.
PASSING = {
    "not-allowed": (403, "AccessDenied"),
    "wrong-clock": (403, "RequestTimeTooSkewed"),
    "expired": (400, "ExpiredToken"),
    "no-bucket": (404, "NoSuchBucket"),
    "slow-down": (503, "SlowDown"),
}


@contextmanager
def launched(source: Source, folder: Path, *options: str, workers: int = 1) -> Iterator[Sidecar]:
    """Run a server without waiting for it to be ready."""
    server = Sidecar(source, *CHECKING, *options, folder=folder, workers=workers)
    try:
        server.launch()
        yield server
    finally:
        server.kill()


def error(code: str) -> bytes:
    """S3's own error document."""
    return f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.mark.parametrize(("key", "secret", "code"), REFUSED.values(), ids=REFUSED)
def test_a_refused_key(seaweedfs: SeaweedFS, tmp_path: Path, key: str, secret: str, code: str) -> None:
    """The server ends with 2 and says why, without a traceback and without the secret."""
    source = seaweedfs.endpoint.as_identity(key, secret)
    with launched(source, tmp_path, workers=2) as server:
        assert server.process.wait() == USAGE_ERROR
        lines = server.log().splitlines()
        said = f"  bucket site does not accept --key and --secret (AWS_KEY, AWS_SECRET): GetObject: {code} (403)"
        assert lines[-3:-1] == ["s3proxy: one mistake in the configuration", said]
        assert "Traceback" not in server.log()
        assert WRONG not in server.log()
        assert server.process.leftovers() == []


@pytest.mark.parametrize(("status", "code"), PASSING.values(), ids=PASSING)
def test_another_refusal(seaweedfs: SeaweedFS, tmp_path: Path, status: int, code: str) -> None:
    """What says nothing of the key, or passes, ends nothing: the bucket is asked, and the server serves on."""
    with Relay(seaweedfs) as relay:
        relay.answer(None, status, error(code), headers={"content-type": "application/xml"})
        with launched(relay, tmp_path) as server:
            server.process.wait_until(lambda: "worker ready" in server.log() and relay.exchanges != [])
            assert server.stop() == 0


def test_an_outage(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """A bucket that is away at the start is asked again by the first request after it is back."""
    seaweedfs.put(f"{key_prefix}a", b"abc")
    with Relay(seaweedfs) as relay:
        relay.refuse()
        server = start_sidecar(relay, *CHECKING)
        relay.accept()
        assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
        assert server.stop() == 0


def test_what_is_stored_is_served_stale(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, tmp_path: Path, key_prefix: str
) -> None:
    """With something in the cache a key that was rotated ends nothing: it is served, and the log tells."""
    seaweedfs.put(f"{key_prefix}a", b"abc")
    cache = tmp_path / "cache"
    before = start_sidecar(seaweedfs, cache_dir=cache)
    assert request(before.port, "GET", f"/{key_prefix}a").body == b"abc"
    assert before.stop() == 0
    rotated = seaweedfs.endpoint.as_identity("test-admin", WRONG)
    server = start_sidecar(rotated, *CHECKING, cache_dir=cache)
    server.process.wait_until(lambda: "what is stored is served stale" in server.log())
    reply = request(server.port, "GET", f"/{key_prefix}a")
    assert (reply.status, reply.body) == (200, b"abc")
    assert server.stop() == 0


def test_nothing_is_served_stale(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, tmp_path: Path) -> None:
    """Where nothing may be served stale, what is stored does not help."""
    seaweedfs.put("acceptance", b"abc")
    cache = tmp_path / "cache"
    before = start_sidecar(seaweedfs, cache_dir=cache)
    assert request(before.port, "GET", "/acceptance").body == b"abc"
    assert before.stop() == 0
    rotated = seaweedfs.endpoint.as_identity("test-admin", WRONG)
    with launched(rotated, tmp_path, "--stale-if-error", "0", "--cache-dir", str(cache)) as server:
        assert server.process.wait() == USAGE_ERROR


def test_a_key_of_the_default_chain(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """Credentials that may change while the server runs end nothing."""
    env = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": WRONG}
    server = Sidecar(seaweedfs, *CHECKING, "--key", "", "--secret", "", folder=tmp_path, env=env)
    try:
        server.launch()
        server.process.wait_until(lambda: "worker ready" in server.log())
        port = int(re.findall(r"listening on http://127.0.0.1:(\d+)", server.log())[0])
        assert request(port, "GET", "/whatever").status == 502
        assert "the AWS default chain are refused" in server.log()
        assert server.stop() == 0
    finally:
        server.kill()


def test_it_can_be_left_out(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """With --check-key false the bucket is not asked, and the server serves what it can."""
    with Relay(seaweedfs.endpoint.as_identity("nobody", WRONG)) as relay:
        server = start_sidecar(relay, "--check-key", "false")
        assert relay.exchanges == []
        assert request(server.port, "GET", "/whatever").status == 502
        assert server.stop() == 0


def test_a_key_that_is_rotated_later(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """A worker that takes a crashed one's place does not ask again: the server is not ended under its clients."""
    with Relay(seaweedfs) as relay:
        server = start_sidecar(relay, *CHECKING)
        server.process.wait_until(lambda: relay.exchanges != [])
        relay.answer(None, 403, error("InvalidAccessKeyId"), headers={"content-type": "application/xml"})
        (worker,) = server.worker_pids()
        relay.reset()
        os.kill(worker, signal.SIGKILL)
        server.process.wait_until(lambda: server.log().count("worker ready") == 2)
        assert request(server.port, "GET", "/whatever").status == 502
        assert relay.count(key="index.html") == 0
        assert server.stop() == 0
