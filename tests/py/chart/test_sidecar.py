"""Beside an application: the named templates, and the Kustomize component."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart.examples import WAYS, shop_text
from chart.manifests import (
    CHART,
    KUSTOMIZE,
    Manifest,
    environment,
    manifests,
    manifests_of,
    of_kind,
    pods,
    server_of,
    volumes,
)
from chart.programs import ProgramError, helm, kustomize

from sidecar.server.lifecycle import DRAIN_SECONDS

SOCKET = "/run/s3-sidecar/s3proxy.sock"


def pod_of(documents: list[Manifest]) -> dict[str, Any]:
    """The one pod's spec."""
    (pod,) = pods(documents)
    return pod


def made(shop: Path, way: str, *assignments: str, kube: str = "1.30") -> list[Manifest]:
    """The example in one of its ways."""
    return manifests_of(shop_text(shop, *WAYS[way], *assignments, kube=kube))


def test_native(shop: Path) -> None:
    """It starts before the application and, once it works, lets that start; Kubernetes ends it last."""
    pod = pod_of(made(shop, "native"))
    (container,) = pod["initContainers"]
    assert (container["name"], container["restartPolicy"]) == ("s3-sidecar", "Always")
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert "lifecycle" not in container
    assert [other["name"] for other in pod["containers"]] == ["shop"]


@pytest.mark.parametrize("kube", ["1.29", "1.30"])
def test_plain(kube: str, shop: Path) -> None:
    """It goes on while the application ends, and has time to drain after that."""
    pod = pod_of(made(shop, "plain", kube=kube))
    container = server_of(made(shop, "plain", kube=kube))
    wait = container["lifecycle"]["preStop"]
    seconds = int(wait["exec"]["command"][1]) if kube == "1.29" else wait["sleep"]["seconds"]
    assert "initContainers" not in pod
    assert "restartPolicy" not in container
    assert seconds >= 15
    assert pod["terminationGracePeriodSeconds"] > seconds + DRAIN_SECONDS + 2


@pytest.mark.parametrize("way", WAYS)
def test_only_the_neighbour_reaches_it(way: str, shop: Path) -> None:
    """It listens on the loopback or a socket that both mount, and has no public port."""
    documents = made(shop, way)
    container = server_of(documents)
    ports = {port["containerPort"] for port in container["ports"]}
    host = environment(container)["HOST"]
    assert ports == {9180}
    if way.endswith("socket"):
        mounts = [
            mount
            for member in (container, server_of(documents, "shop"))
            for mount in member["volumeMounts"]
            if mount["mountPath"] == str(Path(SOCKET).parent)
        ]
        assert host == f"unix:{SOCKET}"
        assert [mount["name"] for mount in mounts] == ["s3-sidecar-socket"] * 2
        assert volumes(documents)["s3-sidecar-socket"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Mi"}
        assert f"unix:{SOCKET};" in of_kind(documents, "ConfigMap")[0]["data"]["nginx.conf"]
    else:
        assert host == "127.0.0.1"
        assert "server 127.0.0.1:8000;" in of_kind(documents, "ConfigMap")[0]["data"]["nginx.conf"]


@pytest.mark.parametrize("way", WAYS)
def test_every_mount_has_its_volume(way: str, shop: Path) -> None:
    """Container and pod agree, whatever is asked for."""
    documents = made(shop, way, "s3-sidecar.tls.existingSecret=t", "s3-sidecar.secret.asFiles=true")
    mounted = {mount["name"] for mount in server_of(documents)["volumeMounts"]}
    assert {f"s3-sidecar-{name}" for name in ("data", "tmp", "tls", "secret")} <= mounted
    assert mounted <= volumes(documents).keys()


def test_nothing_of_a_server_of_its_own() -> None:
    """What the chart makes beside the application's pod is what the container reads, and what watches it."""
    kinds = sorted(document["kind"] for document in manifests("sidecar"))
    assert kinds == ["ConfigMap", "PodMonitor", "PrometheusRule"]
    (monitor,) = of_kind(manifests("sidecar"), "PodMonitor")
    assert monitor["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "shop"}


def test_a_server_of_its_own_is_refused(shop: Path) -> None:
    """Who forgets the mode would get a second server: the message says what to set."""
    with pytest.raises(ProgramError, match=r"s3-sidecar\.mode: must be sidecar"):
        shop_text(shop, "s3-sidecar.mode=standalone")


def test_values_of_the_dependency_are_checked(shop: Path) -> None:
    """The schema holds below the dependency's name too."""
    with pytest.raises(ProgramError, match="S3_BUKET"):
        shop_text(shop, "s3-sidecar.settings.S3_BUKET=x")


def test_pods_start_anew_when_a_file_changes(shop: Path) -> None:
    """What the ConfigMap holds is in the checksum on the application's pods."""
    rule = "s3-sidecar.routingRules[0].Redirect.ReplaceKeyWith"
    sums = set()
    for assignments in ((), (f"{rule}=a.html",), (f"{rule}=b.html",)):
        (deployment,) = of_kind(made(shop, "native", *assignments), "Deployment")
        sums.add(deployment["spec"]["template"]["metadata"]["annotations"]["checksum/s3-sidecar-files"])
    assert len(sums) == 3


def test_two_of_them_in_one_pod(tmp_path: Path) -> None:
    """Under two names, with two names for the container and two pairs of ports, nothing of theirs collides."""
    chart = tmp_path / "twice"
    (chart / "templates").mkdir(parents=True)
    shutil.copytree(CHART, tmp_path / "s3-sidecar")
    one, other = (
        {"name": "s3-sidecar", "alias": name, "version": "*", "repository": "file://../s3-sidecar"} for name in "ab"
    )
    meta = {"apiVersion": "v2", "name": "twice", "version": "1.0.0", "dependencies": [one, other]}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(meta))
    values = {
        name: {
            "mode": "sidecar",
            "settings": {"S3_BUCKET": f"my-{name}"},
            "sidecar": {"containerName": name},
            "listen": {"port": 8000 + number},
            "ops": {"port": 9180 + number},
        }
        for number, name in enumerate("ab")
    }
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    (chart / "templates" / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: twice}\nspec:\n  containers:\n"
        '{{ include "s3-sidecar.container" .Subcharts.a | indent 4 }}\n'
        '{{ include "s3-sidecar.container" .Subcharts.b | indent 4 }}\n  volumes:\n'
        '{{ include "s3-sidecar.volumes" .Subcharts.a | indent 4 }}\n'
        '{{ include "s3-sidecar.volumes" .Subcharts.b | indent 4 }}\n'
    )
    helm("helm-4", "dependency", "update", str(chart))
    pod = pod_of(manifests_of(helm("helm-4", "template", "x", str(chart))))
    names = [volume["name"] for volume in pod["volumes"]]
    ports = [port[key] for member in pod["containers"] for port in member["ports"] for key in ("name", "containerPort")]
    assert [member["name"] for member in pod["containers"]] == ["a", "b"]
    assert [environment(member)["PORT"] for member in pod["containers"]] == ["8000", "8001"]
    assert len(names) == len(set(names)) == 4
    assert len(ports) == len(set(ports)) == 4


def test_the_component_makes_the_same(shop: Path) -> None:
    """What Kustomize puts into a pod is what the template makes of the same settings; its Secret is optional."""
    documents = manifests_of(kustomize(KUSTOMIZE / "example"))
    injected = server_of(documents)
    templated = server_of(made(shop, "native", "s3-sidecar.secret.asFiles=false"))
    (settings,) = of_kind(documents, "ConfigMap")
    given = environment(injected) | settings["data"]
    assert given == environment(templated)
    names = ("env", "envFrom", "image")
    bare = [{key: value for key, value in found.items() if key not in names} for found in (injected, templated)]
    assert bare[0] == bare[1]
    same = ("s3-sidecar-data", "s3-sidecar-tmp")
    assert [volumes(documents)[name] for name in same] == [volumes(made(shop, "native"))[name] for name in same]


def test_the_component_leaves_the_application_alone() -> None:
    """The application keeps its containers; the sidecar stands before what else runs at the start."""
    before = manifests_of((KUSTOMIZE / "example" / "deployment.yaml").read_text())
    pod, own = (pod_of(documents) for documents in (manifests_of(kustomize(KUSTOMIZE / "example")), before))
    assert pod["containers"] == own["containers"]
    assert [container["name"] for container in pod["initContainers"]] == ["s3-sidecar", "migrate"]
    assert pod["securityContext"] == own["securityContext"]


def test_the_component_asks_for_the_label(tmp_path: Path) -> None:
    """A Deployment without the label is not touched."""
    shutil.copytree(KUSTOMIZE, tmp_path / "kustomize")
    deployment = tmp_path / "kustomize" / "example" / "deployment.yaml"
    deployment.write_text(deployment.read_text().replace("s3-sidecar: inject", "s3-sidecar: none"))
    assert kustomize(tmp_path / "kustomize" / "example").count("restartPolicy: Always") == 0
