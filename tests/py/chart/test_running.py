"""The manifests at work: a real server in the environment that they make, probed, scraped, tested and cleared."""

import re
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from chart.examples import WAYS, shop_text
from chart.manifests import (
    CHART,
    RELEASE,
    ROOT,
    Manifest,
    environment,
    manifests_of,
    of_kind,
    rendered,
    server_of,
    volumes,
)
from chart.programs import helm
from support.http_client import request
from support.operator import Operator
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program
from support.seaweedfs import SeaweedFS
from support.until import until

TOKEN = "a-token-of-the-secret"
_START_SECONDS = 60.0


def secrets(store: SeaweedFS) -> dict[str, str]:
    """What the Secret holds."""
    return {"AUTH_KEY": TOKEN, "AWS_KEY": store.access_key, "AWS_SECRET": store.secret_key}


def started(container: Manifest, folder: Path, env: Mapping[str, str]) -> Process:
    """The server of a container, in its environment; what the image and the volumes give is in `folder`."""
    given = clean_environment(folder) | {"PYTHONPATH": str(ROOT)} | environment(container) | dict(env)
    given["CACHE_DIR"] = str(folder / "data")
    return Process([sys.executable, "-m", "sidecar"], log=folder / "server.log", env=given, cwd=folder)


def status(port: int, path: str) -> int:
    """The status of a GET; 0 while nobody listens."""
    try:
        return request(port, "GET", path, timeout=5).status
    except OSError:
        return 0


@pytest.fixture(scope="module")
def documents(seaweedfs: SeaweedFS) -> list[Manifest]:
    """Make the manifests, with no Secret."""
    return here(seaweedfs)


def here(store: SeaweedFS, *assignments: str) -> list[Manifest]:
    """Make the manifests for a store of this machine, on free ports of it."""
    store.put("chart/index.html", b"<p>home</p>", content_type="text/html")
    port, ops = free_ports(2)
    return rendered(
        "listen.address=127.0.0.1",
        f"listen.port={port}",
        "ops.address=127.0.0.1",
        f"ops.port={ops}",
        f"settings.S3_BUCKET={store.bucket}",
        "settings.S3_PREFIX=chart",
        f"settings.S3_ENDPOINT_URL={store.endpoint_url}",
        "settings.THREADS=1",
        "cache.size=64Mi",
        *assignments,
    )


@pytest.fixture(scope="module")
def server(
    documents: list[Manifest], seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """Run the container of the Deployment until its readiness probe passes."""
    container = server_of(documents)
    probe = container["readinessProbe"]["httpGet"]
    with started(container, tmp_path_factory.mktemp("server"), secrets(seaweedfs)) as process:
        process.wait_until(lambda: status(port_of(container, probe["port"]), probe["path"]) == 200, _START_SECONDS)
        yield process


def mounted(documents: list[Manifest], folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    """Write a Secret as the kubelet mounts it; the variables that name its files, as they are here."""
    container = server_of(documents)
    (mount,) = (mount for mount in container["volumeMounts"] if mount["name"].endswith("-secret"))
    for item in volumes(documents)[mount["name"]]["secret"]["items"]:
        (folder / item["path"]).write_text(values[item["key"]])
    place = f"{mount['mountPath']}/"
    named = {name: value for name, value in environment(container).items() if value.startswith(place)}
    return {name: str(folder / value.removeprefix(place)) for name, value in named.items()}


def port_of(container: Manifest, name: str) -> int:
    """The number of a container's port."""
    (found,) = (port["containerPort"] for port in container["ports"] if port["name"] == name)
    return int(found)


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_probes_pass(probe: str, documents: list[Manifest], server: Process) -> None:
    """Each probe is answered with 200 on its port."""
    container = server_of(documents)
    wanted = container[probe]["httpGet"]
    assert status(port_of(container, wanted["port"]), wanted["path"]) == 200, server.log()


def test_metrics_are_where_the_monitor_looks(documents: list[Manifest], server: Process) -> None:
    """The path that a monitor scrapes has our metrics, and the bound that the chart has worked out."""
    container = server_of(documents)
    (monitor,) = of_kind(rendered("monitoring.podMonitor.enabled=true"), "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == "ops-9180"
    port = port_of(container, f"ops-{environment(container)['OPS_PORT']}")

    def limits() -> list[float]:
        text = request(port, "GET", endpoint["path"]).body.decode()
        return [float(found) for found in re.findall(r"^s3_sidecar_cache_limit_bytes (\S+)$", text, re.MULTILINE)]

    # A worker tells of it a moment after it is ready.
    until(lambda: limits() == [float(environment(container)["CACHE_MAX_SIZE"])], told=server.log)


def test_the_test_pods_command(documents: list[Manifest], server: Process, tmp_path: Path) -> None:
    """What the pod of helm test runs ends with 0 when the page is there, and with 1 when it is not."""
    (pod,) = of_kind(documents, "Pod")
    (container,) = pod["spec"]["containers"]
    words: list[str] = container["command"] + container["args"]
    url = f"--url=http://{RELEASE}-s3-sidecar.{RELEASE}.svc:80"
    assert (words[0], words.count(url)) == ("s3ops", 1)
    port = port_of(server_of(documents), "http")
    here = [f"--url=http://127.0.0.1:{port}" if word == url else word for word in words[1:]]
    operator = Operator(tmp_path, {})
    assert operator.run(*here).code == 0, server.log()
    assert operator.run(*("/missing.html" if word == "/" else word for word in here)).code == 1


def test_secrets_as_files(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """The keys of a Secret become files by which it serves and can be cleared, also those that are called otherwise."""
    keys = {"AUTH_KEY": "token", "AWS_KEY": "id", "AWS_SECRET": "AWS_SECRET"}
    chosen = [f"secret.keys[{n}].name={name},secret.keys[{n}].key={key}" for n, (name, key) in enumerate(keys.items())]
    documents = here(seaweedfs, "secret.existing=a", *chosen)
    files = mounted(documents, tmp_path, {keys[name]: value for name, value in secrets(seaweedfs).items()})
    assert files.keys() == {f"{name}_FILE" for name in keys}
    port = port_of(server_of(documents), "http")
    with started(server_of(documents), tmp_path, files) as process:
        process.wait_until(lambda: status(port, "/") == 200, _START_SECONDS)
        ran = Operator(tmp_path, {"AUTH_KEY": TOKEN}).run("cache", "clear", "--url", f"http://127.0.0.1:{port}")
        assert (ran.code, ran.stderr) == (0, ""), process.log()
        assert process.terminate(signal.SIGTERM, 20) == 0


def notes_of(*words: str) -> str:
    """What Helm tells who installs the chart."""
    given = ("--namespace", RELEASE, "--dry-run=client", "--set", "settings.S3_BUCKET=x", *words)
    return helm("helm-4", "install", RELEASE, str(CHART), *given)


@pytest.mark.parametrize("command", ["cache clear", "status"])
def test_the_notes_commands(command: str, documents: list[Manifest], server: Process, tmp_path: Path) -> None:
    """What the notes tell an operator to type in a pod does what they say."""
    notes = notes_of("--set", "secret.existing=a")
    (line,) = re.findall(rf"-- (s3ops {command}.*)", notes)
    program, *words = shlex.split(line)
    service = f"{RELEASE}-s3-sidecar-pods.{RELEASE}.svc:8000"
    assert (program, words[-2:]) == ("s3ops", ["--dns", service])
    here = [f"127.0.0.1:{port_of(server_of(documents), 'http')}" if word == service else word for word in words]
    ran = Operator(tmp_path, {"AUTH_KEY": TOKEN}).run(*here)
    assert (ran.code, ran.stderr) == (0, ""), server.log()


def test_notes_tell_of_the_missing_key() -> None:
    """Who has no AUTH_KEY is told that nothing can be cleared, and how to get one."""
    notes = notes_of()
    assert "There is no AUTH_KEY" in notes
    assert "--set secret.existing=web-s3-sidecar" in notes


def shop_here(way: str, shop: Path, store: SeaweedFS) -> list[Manifest]:
    """Make the example for a store of this machine, on free ports of it."""
    public, port, ops = free_ports(3)
    given = {
        "port": public,
        "s3-sidecar.listen.port": port,
        "s3-sidecar.ops.port": ops,
        "s3-sidecar.ops.address": "127.0.0.1",
        "s3-sidecar.secret.asFiles": "false",
        "s3-sidecar.settings.S3_BUCKET": store.bucket,
        "s3-sidecar.settings.S3_PREFIX": "shop",
        "s3-sidecar.settings.S3_ENDPOINT_URL": store.endpoint_url,
    }
    return manifests_of(shop_text(shop, *WAYS[way], *(f"{name}={value}" for name, value in given.items())))


def started_nginx(documents: list[Manifest], folder: Path) -> Process:
    """The application of the example; the folders of its pod's volumes are `folder`."""
    (text,) = of_kind(documents, "ConfigMap")[0]["data"].values()
    here = text.replace("/tmp/", f"{folder}/").replace("/run/s3-sidecar", str(folder))  # noqa: S108 - a pod's volume
    (folder / "nginx.conf").write_text(here)
    (folder / "logs").mkdir()
    # In a pod nobody is root; here its workers would be another user, who may not enter a test's folder.
    own = "daemon off; user root;"
    argv = [find_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", own]
    return Process(argv, log=folder / "nginx.log", env=clean_environment(folder), cwd=folder)


@pytest.mark.parametrize("way", ["native", "native-socket"])
def test_an_application_with_its_sidecar(way: str, shop: Path, seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """The example as a whole: nginx serves its own pages, and the bucket's through the sidecar."""
    seaweedfs.put("shop/assets/a.css", b"a {}", content_type="text/css")
    documents = shop_here(way, shop, seaweedfs)
    container, public = server_of(documents), port_of(server_of(documents, "shop"), "http")
    probe = container["startupProbe"]["httpGet"]
    host = {"HOST": environment(container)["HOST"].replace("/run/s3-sidecar", str(tmp_path))}
    with started(container, tmp_path, secrets(seaweedfs) | host) as sidecar:
        sidecar.wait_until(lambda: status(port_of(container, probe["port"]), probe["path"]) == 200, _START_SECONDS)
        with started_nginx(documents, tmp_path) as application:
            application.wait_until(lambda: status(public, "/healthy") == 200, _START_SECONDS)
            reply = request(public, "GET", "/assets/a.css")
            assert (reply.status, reply.body) == (200, b"a {}"), sidecar.log() + application.log()
            assert request(public, "GET", "/").body == b"the shop\n"
        assert sidecar.terminate(signal.SIGTERM, 15) == 0


def test_the_pod_ends_in_time(documents: list[Manifest], server: Process) -> None:
    """After SIGTERM the server is gone within the grace period, its delay included."""
    (deployment,) = of_kind(documents, "Deployment")
    grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert server.terminate(signal.SIGTERM, grace) == 0
