"""What the chart makes: rendered by genuine Helm, and taken apart."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from chart.programs import helm
from kubernetes_validate.utils import all_versions, major_minor

ROOT = Path(__file__).parents[3]
CHART = ROOT / "helm" / "s3-sidecar"
KUSTOMIZE = ROOT / "helm" / "kustomize"
CASES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}

OLDEST = "1.29"
_ALL = dict.fromkeys(map(major_minor, all_versions()))
VERSIONS = [version for version in _ALL if int(version.removeprefix("1.")) >= 29]
NEWEST = VERSIONS[-1]
RELEASE = "web"

Manifest = dict[str, Any]


@cache
def text_of(case: str, version: str = "helm-4", kube: str = NEWEST) -> str:
    """What a version of Helm makes of the values of a case, for a version of Kubernetes."""
    return template(version, CHART, "--values", str(CASES[case]), "--kube-version", kube)


def template(version: str, chart: Path, *words: str) -> str:
    """What a version of Helm makes of a chart; raises ProgramError with its complaint."""
    return helm(version, "template", RELEASE, str(chart), "--namespace", RELEASE, *words)


def rendered(*assignments: str, kube: str = NEWEST) -> list[Manifest]:
    """The manifests for a bucket and a few values more, given as `--set` takes them; raises ProgramError."""
    given = [word for assignment in ("settings.S3_BUCKET=my-site", *assignments) for word in ("--set", assignment)]
    return manifests_of(template("helm-4", CHART, *given, "--kube-version", kube))


def manifests_of(text: str) -> list[Manifest]:
    """The documents of a text, empty ones left out."""
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def manifests(case: str, kube: str = NEWEST) -> list[Manifest]:
    """What Helm 4 makes of a case."""
    return manifests_of(text_of(case, kube=kube))


def of_kind(documents: Iterable[Manifest], kind: str) -> list[Manifest]:
    """The manifests of a kind."""
    return [document for document in documents if document["kind"] == kind]


def pods(documents: Iterable[Manifest]) -> Iterator[Manifest]:
    """The spec of every pod that the manifests make."""
    for document in documents:
        if document["kind"] == "Pod":
            yield document["spec"]
        elif "template" in document.get("spec", {}):
            yield document["spec"]["template"]["spec"]


def containers(documents: Iterable[Manifest], name: str = "") -> list[Manifest]:
    """Every container, those that begin before others included; with a name, those that are called so."""
    found = [member for pod in pods(documents) for member in (*pod.get("initContainers", []), *pod["containers"])]
    return [container for container in found if name in {"", container["name"]}]


def server_of(documents: Iterable[Manifest], name: str = "s3-sidecar") -> Manifest:
    """The one container that is the server."""
    (container,) = containers(documents, name)
    return container


def environment(container: Manifest) -> dict[str, str]:
    """What a container's environment says in so many words; what comes of Secrets is left out."""
    return {entry["name"]: entry["value"] for entry in container.get("env", []) if "value" in entry}


def volumes(documents: Iterable[Manifest]) -> dict[str, Manifest]:
    """The volumes of all pods, by name."""
    return {volume["name"]: volume for pod in pods(documents) for volume in pod.get("volumes", [])}


def mistakes_of(document: Manifest, version: str) -> str:
    """What a version of Kubernetes would say of a manifest, unknown fields included; empty when nothing is wrong.

    Raises SchemaNotFoundError for what Kubernetes itself does not know.
    """
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(map(str, error.path))
        return f"{document['kind']} {document['metadata']['name']}, Kubernetes {version}: {place}: {error.message}"
    return ""


def distinct(documents: Iterable[Manifest]) -> list[Manifest]:
    """Each manifest once."""
    return list({json.dumps(document, sort_keys=True): document for document in documents}.values())


def bytes_of(quantity: str) -> int:
    """A quantity of Kubernetes, in bytes."""
    units = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", quantity)
    assert match, quantity
    return int(float(match[1]) * units[match[2]])
