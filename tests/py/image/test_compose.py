"""compose.yaml, brought up: the image, and stand-ins for those of others, of the same programs under the same names.

Grafana is in no package, and the store's and Prometheus' versions are those of packages. What reads `depends_on` is
not tested: the services are started here one after the other.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.compose import Compose
from support.http_client import request
from support.podman import Container, Podman
from support.ports import free_ports
from support.programs import find_program
from support.until import until

pytestmark = pytest.mark.image

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
TOKEN = (ROOT / "ops/compose/auth_key.txt").read_text().strip()

# As https://github.com/seaweedfs/seaweedfs/tree/master/docker makes it, of Alpine's shell and wget.
STORE = """
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-p", "/usr/bin", "/usr/sbin", "/sbin", "/tmp", "/data"]
RUN ["/bin/busybox", "--install", "-s"]
COPY weed /usr/bin/weed
RUN printf '%s\\n' '#!/bin/sh' 'shift' \
  'exec weed server -dir=/data -volume.max=0 -master.volumePreallocate -master.volumeSizeLimitMB=1024 "$@"' \
  > /entrypoint.sh && chmod +x /entrypoint.sh
VOLUME /data
ENTRYPOINT ["/entrypoint.sh"]
"""

# As https://github.com/prometheus/prometheus/blob/main/Dockerfile makes it.
PROMETHEUS = """
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY prometheus /bin/prometheus
RUN mkdir -p /prometheus && chown nobody:nogroup /prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
"""

Build = Callable[[str, str, str], None]


@pytest.fixture(scope="module")
def build(podman: Podman, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Make an image of a Dockerfile and programs of this machine, named as a service of compose.yaml wants it."""

    def made(service: str, dockerfile: str, programs: str) -> None:
        folder = tmp_path_factory.mktemp(service)
        (folder / "Dockerfile").write_text(dockerfile)
        for name in programs.split():
            shutil.copy(Path(find_program(name)).resolve(), folder / name)
        name = f"docker.io/{SERVICES[service]['image']}"
        podman.build(folder, name, "--pull-never", "--build-arg", f"PYTHON_IMAGE={base_image}")

    return made


@pytest.fixture(scope="module")
def ports() -> dict[str, tuple[int, int]]:
    """Where services listen on this machine, and in their containers."""
    ours = free_ports(2)
    return {"sidecar": (ours[0], 8000), "prometheus": (ours[1], 9090)}


@pytest.fixture(scope="module")
def compose(
    podman: Podman,
    image: str,
    build: Build,
    ports: dict[str, tuple[int, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Compose]:
    """Make the images, and begin with nothing."""
    podman.ask("tag", image, "localhost/s3-sidecar:latest")
    build("seaweedfs", STORE, "busybox weed")
    build("prometheus", PROMETHEUS, "prometheus")
    with Compose(podman, ROOT / "compose.yaml", tmp_path_factory.mktemp("compose"), ports) as composed:
        yield composed


def is_healthy(container: Container) -> bool:
    """Whether its health check passes."""
    return container.podman.run("healthcheck", "run", container.id).returncode == 0


def ask(port: int, path: str) -> Any:
    """What Prometheus says; nothing while it does not listen."""
    try:
        return json.loads(request(port, "GET", f"/api/v1/{path}", timeout=5).body)["data"]
    except OSError:
        return None


@pytest.fixture(scope="module")
def store(compose: Compose) -> Container:
    """Run a store that is healthy by its own check."""
    container = compose.up("seaweedfs")
    until(lambda: is_healthy(container))
    return container


@pytest.fixture(scope="module")
def sidecar(compose: Compose, store: Container) -> Container:
    """Upload the site, twice as who brings it up again does, and serve it."""
    assert [compose.up("upload").wait() for _ in range(2)] == [0, 0]
    container = compose.up("sidecar")
    until(lambda: is_healthy(container))
    return container


def test_it_serves_the_site(sidecar: Container, ports: dict[str, tuple[int, int]]) -> None:
    """Pages come with their own ETags and types; the secret clears; an unknown page is that of the site."""
    port, _ = ports["sidecar"]
    page = (ROOT / "demo/site/index.html").read_bytes()
    reply = request(port, "GET", "/")
    assert (reply.status, reply.body, reply.header("content-type")) == (200, page, "text/html")
    assert reply.header("etag") == f'"{hashlib.md5(page, usedforsecurity=False).hexdigest()}"'
    missing = request(port, "GET", "/no-such-page")
    assert (missing.status, missing.body) == (404, (ROOT / "demo/site/404.html").read_bytes())
    clear = "/_proxy/_private/_cache/clear"
    assert request(port, "GET", clear).status == 403
    assert request(port, "GET", clear, {"authorization": f"Bearer {TOKEN}"}).status == 304


def test_it_is_locked_down(sidecar: Container) -> None:
    """It can write to its two volumes and /tmp, and nowhere else; it has no capability."""
    assert sidecar.exec("sh", "-c", "touch /opt/spt/data/a /opt/spt/logs/a /tmp/a").returncode == 0
    assert "Read-only file system" in sidecar.exec("touch", "/opt/a").stderr
    assert "CapBnd:\t0000000000000000" in sidecar.exec("cat", "/proc/1/status").stdout


def test_prometheus_scrapes_it(compose: Compose, sidecar: Container, ports: dict[str, tuple[int, int]]) -> None:
    """It finds the server by its name, and evaluates every rule."""
    compose.up("prometheus")
    port, _ = ports["prometheus"]
    until(lambda: bool((ask(port, "query?query=s3_sidecar_requests_total") or {"result": ()})["result"]))

    def health() -> set[str]:
        return {rule["health"] for group in ask(port, "rules")["groups"] for rule in group["rules"]}

    until(lambda: "unknown" not in health())
    assert health() == {"ok"}
    assert len(ask(port, "rules")["groups"]) == 2


def test_a_bucket_takes_no_gigabytes(store: Container, sidecar: Container) -> None:
    """The store takes disk for what is in it, and not for what may come."""
    kilobytes, _ = store.exec("du", "-sk", "/data").stdout.split()
    assert 100 < int(kilobytes) < 100_000


def test_it_ends(sidecar: Container) -> None:
    """Stopped, it ends with 0 within its grace period."""
    assert sidecar.stop() == 0
