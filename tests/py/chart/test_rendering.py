"""Every feature: linted, rendered by Helm 3 and Helm 4, and known to every Kubernetes from 1.29 on."""

from pathlib import Path

import kubernetes_validate
import pytest
from chart.examples import WAYS, shop_text
from chart.manifests import (
    CASES,
    CHART,
    KUSTOMIZE,
    NEWEST,
    OLDEST,
    VERSIONS,
    Manifest,
    distinct,
    manifests,
    manifests_of,
    mistakes_of,
    text_of,
)
from chart.programs import HELMS, helm, kustomize

# Kinds that others define: no schema of theirs is to be had here, so the golden manifests stand for them.
DEFINED_BY_OTHERS = {"ExternalSecret", "HTTPRoute", "PodMonitor", "PrometheusRule", "ServiceMonitor"}


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("case", CASES)
def test_lint(case: str, version: str) -> None:
    """Helm has nothing to say, warnings included."""
    said = helm(version, "lint", "--strict", "--quiet", str(CHART), "--values", str(CASES[case]))
    assert "ERROR" not in said
    assert "WARNING" not in said


@pytest.mark.parametrize("kube", [OLDEST, NEWEST])
@pytest.mark.parametrize("case", CASES)
def test_both_helms_make_the_same(case: str, kube: str) -> None:
    """Helm 3 and Helm 4 make the same manifests, byte for byte."""
    assert text_of(case, "helm-3", kube) == text_of(case, "helm-4", kube)


@pytest.mark.parametrize("way", WAYS)
def test_both_helms_make_the_same_of_the_example(way: str, shop: Path) -> None:
    """So they do of a chart that depends on ours, and both find nothing to say of it."""
    texts = [shop_text(shop, *WAYS[way], version=version) for version in HELMS]
    assert texts[0] == texts[1]
    assert "s3-sidecar:" in texts[0]
    for version in HELMS:
        helm(version, "lint", "--strict", "--quiet", str(shop))


def manifests_for(kube: str, shop: Path) -> list[Manifest]:
    """Everything that is made for a version of Kubernetes, each manifest once."""
    ours = [document for case in CASES for document in manifests(case, kube)]
    examples = [document for way in WAYS.values() for document in manifests_of(shop_text(shop, *way, kube=kube))]
    return distinct([*ours, *examples, *manifests_of(kustomize(KUSTOMIZE / "example"))])


@pytest.mark.parametrize("kube", VERSIONS)
def test_kubernetes_knows_every_field(kube: str, shop: Path) -> None:
    """Each manifest that is made for a version of Kubernetes is one by its schema, which allows no unknown field."""
    found, unknown = [], set()
    for document in manifests_for(kube, shop):
        try:
            found.append(mistakes_of(document, kube))
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(document["kind"])
    assert [mistake for mistake in found if mistake] == []
    assert unknown == DEFINED_BY_OTHERS


def test_versions() -> None:
    """The oldest version is the chart's own bound, and each after it is looked at."""
    assert f'kubeVersion: ">={OLDEST}.0-0"' in (CHART / "Chart.yaml").read_text()
    assert VERSIONS[0] == OLDEST
    assert [int(version.split(".")[1]) for version in VERSIONS] == list(range(29, 29 + len(VERSIONS)))


def test_an_unknown_field_is_caught() -> None:
    """The check finds a misspelt field deep within a manifest, and says where."""
    (service, *_) = (document for document in manifests("minimal") if document["kind"] == "Service")
    service["spec"]["ports"][0]["targetport"] = "http"
    assert "spec.ports.0: Additional properties are not allowed ('targetport'" in mistakes_of(service, NEWEST)
