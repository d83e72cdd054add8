"""The server's environment: every name is a setting, and the server reads what it says."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from chart.examples import WAYS, shop_text
from chart.manifests import (
    CASES,
    CHART,
    KUSTOMIZE,
    ROOT,
    Manifest,
    containers,
    environment,
    manifests,
    manifests_of,
    of_kind,
    pods,
    rendered,
    server_of,
)
from chart.programs import kustomize

from helm.schema import OF_THE_CHART, secret_names, settings_schema
from sidecar.settings import OPTIONS, load

ROWS = {name: option for option in OPTIONS.values() for name in option.env}
# Read by libraries, not by the server's table: proxies on the way to the bucket (docs/reference/settings.md), and where
# OpenTelemetry exports to (docs/how-to/logs-and-traces.md).
OF_LIBRARIES = {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT"}
SERVERS = [case for case in CASES if case != "sidecar"]


def names_of(container: Manifest) -> set[str]:
    """The names of a container's environment."""
    return {entry["name"] for entry in container.get("env", [])}


def unknown(container: Manifest) -> set[str]:
    """Names that the server does not know; a secret's may end in _FILE."""
    files = {f"{name}_FILE" for name in secret_names()}
    return names_of(container) - ROWS.keys() - files - OF_LIBRARIES


def example(way: str, shop: Path) -> Manifest:
    """The server of the example."""
    return server_of(manifests_of(shop_text(shop, *WAYS[way])))


def injected() -> list[Manifest]:
    """What Kustomize makes."""
    return manifests_of(kustomize(KUSTOMIZE / "example"))


@pytest.mark.parametrize("case", SERVERS)
def test_every_name_is_a_setting(case: str) -> None:
    """Nothing in the server's environment is without a row of the table of settings."""
    assert unknown(server_of(manifests(case))) == set()


def test_every_name_of_a_sidecar_is_a_setting(shop: Path) -> None:
    """Nor beside an application, whichever way it came there."""
    (settings,) = of_kind(injected(), "ConfigMap")
    assert [unknown(example(way, shop)) for way in WAYS] == [set()] * len(WAYS)
    assert unknown(server_of(injected())) == set()
    assert settings["data"].keys() <= ROWS.keys()


def test_a_name_that_is_no_setting_is_caught() -> None:
    """The check sees a name that nobody reads."""
    container = server_of(rendered("extraEnv[0].name=S3_BUKET", "extraEnv[0].value=x"))
    assert unknown(container) == {"S3_BUKET"}


SECRETS = {"MONGO_URI": "mongodb://mongo"}
"""What a Secret holds; "given" where any text will do."""


def read(container: Manifest, documents: list[Manifest], folder: Path) -> Any:
    """What the server makes of a container's environment; the files that it names are made in `folder`."""
    (configured, *_) = [*of_kind(documents, "ConfigMap"), {}]
    texts = {"s3proxy.toml": 'bucket = "my-site"', "tls.crt": "", "tls.key": ""} | configured.get("data", {})
    found = {}
    for name in names_of(container):
        value = environment(container).get(name, SECRETS.get(name, "given"))
        if name.endswith("_FILE") or Path(value).name in texts:
            secret = SECRETS.get(name.removesuffix("_FILE"), "given")
            path = folder / Path(value).name
            path.write_text(texts.get(path.name, secret))
            value = str(path)
        found[name] = value
    return load({}, found)


@pytest.mark.parametrize("case", SERVERS)
def test_the_server_reads_it(case: str, tmp_path: Path) -> None:
    """The server finds no mistake in its environment: every value is one that it takes."""
    documents = manifests(case)
    settings = read(server_of(documents), documents, tmp_path)
    assert settings.bucket in {"my-site", "old"}
    assert settings.console


def test_values_arrive_as_they_were_meant(tmp_path: Path) -> None:
    """Lists, fractions, booleans and numbers that YAML makes floats are what the server reads."""
    documents = manifests("settings")
    settings = read(server_of(documents), documents, tmp_path)
    assert settings.max_object_size == 10 * 2**30
    assert settings.hot_size == 32 * 2**20
    assert settings.stale_if_error == 31_536_000
    assert settings.origin_connect_timeout == 0.5
    assert settings.spa is True
    assert settings.compress == ()
    assert settings.threads == 4
    assert {mount.path for mount in settings.mounts} == {"/assets", "/docs"}
    assert len(settings.headers) == 2


def test_files_arrive_as_they_were_meant() -> None:
    """The configuration file is TOML, the routing rules are S3's JSON, both where they are looked for."""
    documents = manifests("files")
    (files,) = of_kind(documents, "ConfigMap")
    container = server_of(documents)
    folders = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert tomllib.loads(files["data"]["s3proxy.toml"])["mount"][0]["bucket"] == "old"
    assert json.loads(files["data"]["routing-rules.json"])[0]["Redirect"] == {"ReplaceKeyPrefixWith": "documents/"}
    assert {str(Path(environment(container)[name]).parent) for name in ("CONFIG", "ROUTING_RULES")} <= folders


def test_every_setting_has_a_place() -> None:
    """A setting is one of `settings`, a secret, or decided by the chart: none is forgotten, none is in two places."""
    free, secrets, decided = set(settings_schema()["properties"]), set(secret_names()), set(OF_THE_CHART)
    assert free | secrets | decided == {option.env[0] for option in OPTIONS.values()}
    assert len(free) + len(secrets) + len(decided) == len(OPTIONS)


def test_what_the_chart_decides_is_said() -> None:
    """Every setting that values may not give is in the environment of some case."""
    given = {name for case in SERVERS for name in names_of(server_of(manifests(case)))}
    assert given >= set(OF_THE_CHART)


def test_a_service_cannot_set_a_setting(shop: Path) -> None:
    """The kubelet says NAME_PORT=tcp://… for a Service NAME: where links may be on, each such setting is given."""
    links = {name for name in ROWS if name.endswith("_PORT")}
    assert links >= {"OPS_PORT"}
    for container in (*(example(way, shop) for way in WAYS), server_of(injected())):
        assert names_of(container) >= links
        given = environment(container)
        assert {name: given[name] for name in links - {"OPS_PORT"}} == {
            name: ROWS[name].default for name in links - {"OPS_PORT"}
        }


@pytest.mark.parametrize("case", SERVERS)
def test_no_service_is_linked(case: str) -> None:
    """A server of its own has pods of its own, which say so."""
    assert {pod["enableServiceLinks"] for pod in pods(manifests(case))} == {False}


def test_secrets_are_never_written_down() -> None:
    """No manifest holds the value of a secret setting: each comes of a Secret, by reference or as a file."""
    for case in CASES:
        for container in containers(manifests(case)):
            for entry in container.get("env", []):
                assert entry["name"] not in secret_names() or entry["valueFrom"]["secretKeyRef"]["name"]


def test_secret_files() -> None:
    """As files: each key is mounted under the name that its setting is told."""
    documents = manifests("secret-files")
    container = server_of(documents)
    (mount,) = (mount for mount in container["volumeMounts"] if mount["name"].endswith("-secret"))
    (pod,) = (document["spec"]["template"]["spec"] for document in of_kind(documents, "Deployment"))
    (volume,) = (volume for volume in pod["volumes"] if volume["name"] == mount["name"])
    places = {f"{item['path']}_FILE": f"{mount['mountPath']}/{item['path']}" for item in volume["secret"]["items"]}
    assert places == {name: value for name, value in environment(container).items() if name.endswith("_FILE")}
    assert {item["key"] for item in volume["secret"]["items"]} == {"AUTH_KEY", "uri"}


def test_versions_move_together() -> None:
    """Chart, application and image are of the project's version; the example and the component ask for that."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = (CHART / "Chart.yaml").read_text()
    assert f"\nversion: {version}\n" in chart
    assert f"\nappVersion: {version}\n" in chart
    assert server_of(rendered())["image"] == f"s3-sidecar:{version}"
    assert server_of(injected())["image"] == f"registry.example.com/s3-sidecar:{version}"
    minor = version.rpartition(".")[0]
    assert f"version: {minor}.x\n" in (ROOT / "helm" / "examples" / "shop" / "Chart.yaml").read_text()
