"""s3ops and a fleet: two servers on one port of two addresses, behind one name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.http_client import request
from support.operator import Operator
from support.ports import free_ports
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar

NAME = "fleet.example"
ADDRESSES = ("127.0.0.1", "127.0.0.2")


@dataclass(frozen=True)
class Fleet:
    """Its servers and their port."""

    servers: tuple[Sidecar, ...]
    port: int

    @property
    def name(self) -> str:
        """What --dns takes."""
        return f"{NAME}:{self.port}"


@pytest.fixture(scope="module")
def fleet(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two servers of one worker each."""
    seaweedfs.put("fleet/a.css", b"a{}")
    (port,) = free_ports(1)
    servers = [_server(seaweedfs, address, port, tmp_path_factory.mktemp("pod")) for address in ADDRESSES]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.process.wait_until(lambda: "worker ready" in server.log())  # noqa: B023 - called at once
        yield Fleet(tuple(servers), port)
    finally:
        for server in servers:
            server.kill()


def _server(store: SeaweedFS, address: str, port: int, folder: Path) -> Sidecar:
    return Sidecar(store, "--host", address, "--port", str(port), "--ops-port", "0", folder=folder)


@pytest.fixture
def operator(fleet: Fleet, tmp_path: Path) -> Operator:
    """Somebody whose resolver knows the name: nss_wrapper answers getaddrinfo out of a file."""
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"{address} {NAME}\n" for address in ADDRESSES))
    env = {"LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": str(hosts), "S3OPS_TOKEN": AUTH_KEY}
    return Operator(tmp_path, env)


@pytest.fixture
def bare(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> Sidecar:
    """Start a server whose folder has nothing."""
    return start_sidecar(seaweedfs, "--prefix", "no-such-folder")


def pods(fleet: Fleet) -> list[str]:
    """What tables call them."""
    return [f"{address}:{fleet.port}" for address in ADDRESSES]


def test_every_address_is_asked(fleet: Fleet, operator: Operator) -> None:
    """A clear reaches all servers behind the name, each of them once."""
    for address in ADDRESSES:
        request(f"http://{address}:{fleet.port}", "GET", "/fleet/a.css", host=address)
    ran = operator.run("cache", "clear", "--dns", fleet.name, "--json")
    assert (ran.code, sorted(pod["pod"] for pod in ran.data["pods"])) == (0, pods(fleet))
    for address in ADDRESSES:
        reply = request(f"http://{address}:{fleet.port}", "GET", "/fleet/a.css", host=address)
        assert "fwd=" in (reply.header("cache-status") or "")


def test_a_row_for_each(fleet: Fleet, operator: Operator) -> None:
    """A table has a row for each pod."""
    ran = operator.run("cache", "stats", "--dns", fleet.name)
    assert ran.code == 0
    assert all(any(line.strip().startswith(pod) for line in ran.stdout.splitlines()) for pod in pods(fleet))


def test_one_is_down(fleet: Fleet, operator: Operator) -> None:
    """The others are done, and the code is that of the worst."""
    words = ("--dns", fleet.name, "--url", "http://127.0.0.3:1")
    ran = operator.run("cache", "clear", *words)
    assert ran.code == 3
    assert ran.stdout.count("cleared") == 2
    assert "127.0.0.3:1: nobody listens there" in ran.stderr
    told = operator.run("cache", "clear", *words, "--json")
    assert [pod["exit"] for pod in told.data["pods"]] == [3, 0, 0]


def test_warm_the_fleet(fleet: Fleet, operator: Operator) -> None:
    """Each pod fetches for itself."""
    operator.run("cache", "clear", "--dns", fleet.name)
    ran = operator.run("cache", "warm", "fleet/", "--dns", fleet.name, "--json")
    assert [pod["data"]["fetched"] for pod in ran.data["pods"]] == [1, 1]


def test_warm_the_fleet_where_one_finds_nothing(fleet: Fleet, operator: Operator, bare: Sidecar) -> None:
    """Others find what is below it: the code is that of the worst."""
    ran = operator.run("cache", "warm", "/fleet/", "--dns", fleet.name, "--url", bare.url, "--json")
    assert ran.code == 1
    assert [(pod["exit"], pod["data"]["done"]) for pod in ran.data["pods"]] == [(1, 0), (0, 1), (0, 1)]


def test_top_of_the_fleet(fleet: Fleet, operator: Operator) -> None:
    """Live numbers of both."""
    ran = operator.run("top", "--dns", fleet.name, "--interval", "0.2", "--count", "1", "--json")
    assert sorted(pod["pod"] for pod in json.loads(ran.stdout)["pods"]) == pods(fleet)


def test_one_name_and_its_host_field(fleet: Fleet, operator: Operator) -> None:
    """The same server by name and by address is two targets only if the name leads elsewhere too."""
    ran = operator.run("release", "show", "--dns", fleet.name, "--dns", fleet.name, "--json")
    assert len(ran.data["pods"]) == 2
