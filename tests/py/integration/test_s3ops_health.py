"""s3ops health, as the health check of a container asks it: without a token, out of the server's own environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.http_client import request
from support.operator import Operator
from support.ports import free_ports
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.until import until
from support.wire_server import WireServer

NOBODY = "1"
"""A port where nobody listens."""


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody without a token."""
    return Operator(tmp_path, {})


@pytest.fixture(scope="module")
def ops_port() -> str:
    """Where the server has its ops listener."""
    (port,) = free_ports(1)
    return str(port)


@pytest.fixture(scope="module")
def server(seaweedfs: SeaweedFS, ops_port: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Run a server before a store that answers."""
    folder = tmp_path_factory.mktemp("health")
    with Sidecar(seaweedfs, "--ops-host", "127.0.0.1", "--ops-port", ops_port, folder=folder) as server:
        until(lambda: request(int(ops_port), "GET", "/readyz").status == 200)
        yield server


@pytest.mark.parametrize("words", [["health"], ["health", "--ready"]], ids=" ".join)
def test_a_healthy_server(server: Sidecar, operator: Operator, ops_port: str, words: list[str]) -> None:
    """It ends with 0, and the report names what was looked at."""
    ran = operator.run(*words, "--json", OPS_PORT=ops_port)
    assert (ran.code, ran.stderr, ran.pod["data"]["status"]) == (0, "", "pass")
    assert ran.pod["data"]["checks"]
    assert operator.run(*words, "--quiet", OPS_PORT=ops_port).stdout == ""


def test_a_server_without_a_bucket(seaweedfs: SeaweedFS, operator: Operator, tmp_path: Path) -> None:
    """Where the bucket does not answer the server is healthy and not ready, which is a 1 with the reason."""
    (port,) = free_ports(1)
    folder = tmp_path / "server"
    folder.mkdir()
    with Relay(seaweedfs) as relay:
        relay.refuse()
        with Sidecar(relay, "--ops-host", "127.0.0.1", "--ops-port", str(port), folder=folder):
            assert operator.run("health", OPS_PORT=str(port)).code == 0
            until(lambda: b"does not answer" in request(port, "GET", "/readyz").body)
            ran = operator.run("health", "--ready", "--timeout", "10", OPS_PORT=str(port))
    assert ran.code == 1
    assert "bucket: the bucket does not answer, and nothing stands in for it" in ran.stderr


@pytest.mark.parametrize("words", [["health"], ["health", "--quiet"]], ids=" ".join)
def test_nobody_listens(operator: Operator, words: list[str]) -> None:
    """Without a server it ends with 3, and says why, the image's health check too."""
    ran = operator.run(*words, OPS_PORT=NOBODY)
    assert (ran.code, ran.stdout) == (3, "")
    assert "nobody listens there" in ran.stderr


def test_a_server_that_hangs(operator: Operator) -> None:
    """A listener that says nothing is a 3, within the time that was given."""
    with WireServer(lambda _: None) as silent:
        ran = operator.run("health", "--timeout", "0.3", OPS_PORT=silent.url.rpartition(":")[2])
    assert ran.code == 3
    assert "no answer within 0.3 s" in ran.stderr


def test_without_an_ops_listener(server: Sidecar, operator: Operator) -> None:
    """Any answer of the public port will do for health; readiness cannot be told."""
    env = {"OPS_PORT": "0", "HOST": "127.0.0.1", "PORT": str(server.port)}
    for words in (("health",), ("health", "--quiet")):
        assert operator.run(*words, **env).code == 0
        assert operator.run(*words, **env | {"PORT": NOBODY}).code == 3
    ran = operator.run("health", "--ready", **env)
    assert ran.code == 2
    assert "no ops listener" in ran.stderr
