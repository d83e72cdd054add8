"""What a security team looks for, in every pod that is made."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart.accepted import ACCEPTED
from chart.examples import WAYS, shop_text
from chart.manifests import (
    CASES,
    KUSTOMIZE,
    Manifest,
    containers,
    distinct,
    manifests,
    manifests_of,
    of_kind,
    pods,
    rendered,
    server_of,
)
from chart.programs import kustomize, run

SERVERS = [case for case in CASES if case != "sidecar"]


def sidecars(shop: Path) -> Iterator[Manifest]:
    """The server beside an application, in each way."""
    for way in WAYS.values():
        yield server_of(manifests_of(shop_text(shop, *way)))
    yield server_of(manifests_of(kustomize(KUSTOMIZE / "example")))


def is_hardened(container: Manifest) -> bool:
    """Whether it cannot become root, write to its own files, or do more than a process does."""
    context = container["securityContext"]
    return (
        context["runAsNonRoot"] is True
        and context["readOnlyRootFilesystem"] is True
        and context["allowPrivilegeEscalation"] is False
        and context["privileged"] is False
        and context["capabilities"] == {"drop": ["ALL"]}
        and context["seccompProfile"] == {"type": "RuntimeDefault"}
        and "memory" in container["resources"]["limits"]
        and {"cpu", "memory"} <= container["resources"]["requests"].keys()
    )


@pytest.mark.parametrize("case", SERVERS)
def test_every_container_is_hardened(case: str) -> None:
    """In no case is anything of it left off."""
    found = containers(manifests(case))
    assert found
    assert [container["name"] for container in found if not is_hardened(container)] == []


def test_every_sidecar_is_hardened(shop: Path) -> None:
    """Nor beside an application."""
    assert [is_hardened(container) for container in sidecars(shop)] == [True] * (len(WAYS) + 1)


@pytest.mark.parametrize(
    "assignment",
    ["securityContext.readOnlyRootFilesystem=false", "securityContext.capabilities.drop=null", "resources.limits=null"],
)
def test_a_softer_one_is_caught(assignment: str) -> None:
    """The check sees what is left off."""
    container = server_of(rendered(assignment))
    try:
        assert not is_hardened(container)
    except KeyError as missing:
        assert str(missing).strip("'") in {"limits", "capabilities"}  # noqa: PT017 - it is the finding


@pytest.mark.parametrize("case", SERVERS)
def test_nothing_asks_the_api_server(case: str) -> None:
    """No pod has a token for it, IRSA's included: that comes with a volume of its own."""
    assert {pod["automountServiceAccountToken"] for pod in pods(manifests(case))} == {False}
    for account in of_kind(manifests(case), "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_a_role_by_annotation() -> None:
    """IRSA: the annotation is on the account that the pods are of, and a group can read the token's file."""
    (account,) = of_kind(manifests("irsa"), "ServiceAccount")
    (deployment,) = of_kind(manifests("irsa"), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith(":role/my-site-reader")
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert pod["securityContext"]["fsGroup"] == 65532


def test_an_account_that_is_there() -> None:
    """Pod Identity: none is made, the one that was named is taken, and the policy lets its agent be reached."""
    documents = manifests("pod-identity")
    (deployment,) = of_kind(documents, "Deployment")
    (policy,) = of_kind(documents, "NetworkPolicy")
    assert of_kind(documents, "ServiceAccount") == []
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "my-site"
    assert "169.254.170.23/32" in json.dumps(policy["spec"]["egress"])


def test_users_may_be_left_to_the_cluster() -> None:
    """OpenShift chooses user and group: nothing of ours names one."""
    text = json.dumps(manifests("openshift"))
    assert '"runAsNonRoot": true' in text
    assert not re.search('runAsUser|runAsGroup|fsGroup"', text)


def findings(documents: list[Manifest], folder: Path) -> dict[tuple[str, str], str]:
    """What checkov finds in manifests: check and kind, and its words."""
    (folder / "manifests.yaml").write_text(yaml.safe_dump_all(distinct(documents)))
    words = ("--skip-download", "--quiet", "--compact", "--framework", "kubernetes", "--output", "json", "--soft-fail")
    report: dict[str, Any] = json.loads(run("checkov/bin/checkov", "--directory", str(folder), *words))
    assert report["summary"]["parsing_errors"] == 0
    return {
        (failed["check_id"], failed["resource"].partition(".")[0]): failed["check_name"]
        for failed in report["results"]["failed_checks"]
    }


def test_checkov(tmp_path: Path, shop: Path) -> None:
    """Checkov finds what is accepted, with a reason for each, and nothing else: neither more nor less."""
    # What OpenShift decides is left off there: the user's number.
    ours = [document for case in SERVERS if case != "openshift" for document in manifests(case)]
    examples = [document for way in WAYS.values() for document in manifests_of(shop_text(shop, *way))]
    found = findings([*ours, *examples], tmp_path)
    assert {check: found[check] for check in found.keys() - ACCEPTED.keys()} == {}
    assert ACCEPTED.keys() - found.keys() == set()


def test_checkov_looks(tmp_path: Path) -> None:
    """It finds what is left off."""
    found = findings(rendered("securityContext.readOnlyRootFilesystem=false"), tmp_path)
    assert ("CKV_K8S_22", "Deployment") in found
