"""The image as it runs: read-only, without capabilities, as anybody, in 128 MiB."""

import os
import time
from collections.abc import Iterator

import pytest
from support.http_client import request
from support.podman import LOCKED_DOWN, SOMEBODY, Container, Podman
from support.ports import free_ports
from support.seaweedfs import SeaweedFS
from support.site_container import AUTH_KEY, settings, wait_until_served
from support.site_upload import BIG_KEY
from support.until import until

pytestmark = pytest.mark.image

OBJECTS = 500
OBJECT_BYTES = 4000
MEMORY = ("--memory", "128m", "--memory-swap", "128m")


class Running:
    """A container that serves the sample site."""

    def __init__(self, container: Container, port: int, ops_port: int) -> None:
        self.container = container
        self.port = port
        self.ops_port = ops_port


@pytest.fixture(scope="module")
def running(podman: Podman, image: str, site: SeaweedFS) -> Iterator[Running]:
    """Start it as a security team would, and as an unknown user."""
    port, ops_port = free_ports(2)
    options = (*LOCKED_DOWN, *MEMORY, "--network", "host", "--user", SOMEBODY)
    with podman.start(image, *options, env=settings(site, port, ops_port)) as container:
        began = time.monotonic()
        wait_until_served(port, container)
        print(f"first 200 after {time.monotonic() - began:.2f} s")  # noqa: T201 - a reading
        yield Running(container, port, ops_port)


def test_the_site_is_served(running: Running, site: SeaweedFS) -> None:
    """Pages, a missing one, a range and a large object, byte for byte."""
    assert b"<html" in request(running.port, "GET", "/").body
    assert request(running.port, "GET", "/no-such-page").status == 404
    whole = request(running.port, "GET", f"/{BIG_KEY}").body
    assert whole == site.client.get_object(Bucket=site.bucket, Key=BIG_KEY)["Body"].read()
    assert request(running.port, "GET", f"/{BIG_KEY}", {"range": "bytes=5-9"}).body == whole[5:10]


def test_the_cache_clears(running: Running) -> None:
    """The known endpoint clears it, and so does s3ops in the container without any option."""
    cold, warm = "s3-sidecar; fwd=miss", "s3-sidecar; hit"

    def asked() -> str:
        return (request(running.port, "GET", "/robots.txt").header("cache-status") or "").partition(";")[2].strip()

    asked()
    assert asked().startswith(warm.partition("; ")[2])
    clear = request(running.port, "GET", "/_proxy/_private/_cache/clear", {"authorization": f"Bearer {AUTH_KEY}"})
    assert clear.status == 304
    assert asked().startswith(cold.partition("; ")[2].partition("=")[0])
    assert asked().startswith("hit")
    ran = running.container.exec("s3ops", "cache", "clear")
    assert (ran.returncode, ran.stdout.strip()) == (0, "cache  cleared")
    assert not asked().startswith("hit")


def test_it_is_healthy(running: Running, podman: Podman) -> None:
    """The image's own health check passes; s3ops says that it is ready; metrics are on the ops port."""
    assert podman.run("healthcheck", "run", running.container.id).returncode == 0
    assert running.container.exec("s3ops", "health", "--ready").returncode == 0
    assert running.container.exec("s3ops", "status").returncode == 0
    assert b"s3_sidecar_requests_total" in request(running.ops_port, "GET", "/metrics").body


def test_it_logs_to_the_console(running: Running) -> None:
    """Console logging is on, and the log file is written, too."""
    assert "worker ready" in running.container.log()
    assert "worker ready" in running.container.exec("cat", "/opt/spt/logs/s3proxy.log").stdout


def test_memory(running: Running, site: SeaweedFS, podman: Podman) -> None:
    """What the kernel cannot take back leaves room for the health check, also when hot answers fill their share."""
    for number in range(OBJECTS):
        site.put(f"small/{number}.png", os.urandom(OBJECT_BYTES), content_type="image/png")
    for _ in range(3):
        for number in range(OBJECTS):
            assert request(running.port, "GET", f"/small/{number}.png").status == 200
        request(running.port, "GET", f"/{BIG_KEY}")
    memory = running.container.memory()
    print({name: f"{value / 2**20:.1f} MiB" for name, value in memory.items()})  # noqa: T201 - a reading
    assert memory["limit"] == 128 * 2**20
    assert memory["kept"] < 118 * 2**20
    assert {podman.run("healthcheck", "run", running.container.id).returncode for _ in range(3)} == {0}
    assert running.container.inspect("{{.State.OOMKilled}}") == "false"
    assert running.container.log().count("worker ready") == 1


def test_zombies_are_reaped(running: Running) -> None:
    """A process whose parent is gone is taken by process 1, and does not stay when it ends."""
    orphan = "sh -c 'echo $$ > /tmp/orphan; exec sleep 0.1' & exit 0"
    assert running.container.exec("sh", "-c", orphan).returncode == 0
    is_there = "test -d /proc/$(cat /tmp/orphan)"
    state = "cat /proc/$(cat /tmp/orphan)/status"
    until(
        lambda: running.container.exec("sh", "-c", is_there).returncode != 0,
        told=lambda: running.container.exec("sh", "-c", state).stdout,
    )


def test_nothing_else_is_written(podman: Podman, image: str, site: SeaweedFS) -> None:
    """Even where it could write anywhere it writes to the two folders and /tmp alone, and SIGTERM ends it with 0."""
    port, ops_port = free_ports(2)
    options = ("--network", "host", "--user", "0:0")
    with podman.start(image, *options, env=settings(site, port, ops_port)) as container:
        wait_until_served(port, container)
        request(port, "GET", f"/{BIG_KEY}")
        assert container.exec("s3ops", "health").returncode == 0
        mounted = {"/etc", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group", "/etc/mtab"}
        written = [name for name in container.changes() if name not in mounted and not is_temporary(name)]
        assert container.stop() == 0
    assert written == []


def is_temporary(name: str) -> bool:
    """Whether a file is below /tmp or is a folder that podman itself mounts something into."""
    return name == "/tmp" or name.startswith(("/tmp/", "/run")) or name in {"/proc", "/sys", "/dev", "/opt", "/opt/spt"}  # noqa: S108 - as the image has it


def test_sigterm(podman: Podman, image: str, site: SeaweedFS) -> None:
    """SIGTERM ends it with 0, quickly, read-only and as anybody, without --init."""
    port, ops_port = free_ports(2)
    options = (*LOCKED_DOWN, *MEMORY, "--network", "host", "--user", SOMEBODY)
    with podman.start(image, *options, env=settings(site, port, ops_port)) as container:
        wait_until_served(port, container)
        began = time.monotonic()
        assert container.stop() == 0
        assert time.monotonic() - began < 10
        assert "Traceback" not in container.log()
