"""Values: what is refused, and how; what is generated of them is current."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chart.manifests import CASES, CHART, ROOT, rendered
from chart.programs import HELMS, ProgramError, helm
from jsonschema import Draft7Validator

from helm.generate import BEGIN, END, with_table
from helm.values_file import Value, read_values

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = read_values(CHART / "values.yaml")

# What somebody may write by mistake → what the message names, in either Helm's words.
MISTAKES = {
    "typo": ("replcas=3", "replcas"),
    "typo-below": ("cache.sise=1Gi", "sise"),
    "typo-deep": ("monitoring.dashboard.enable=true", "enable"),
    "typo-in-settings": ("settings.S3_BUKET=x", "S3_BUKET"),
    "flag-for-a-name": ("settings.ttl=60", "ttl"),
    "secret-in-settings": ("settings.AWS_SECRET=x", "AWS_SECRET"),
    "what-the-chart-sets": ("settings.PORT=80", "PORT"),
    "no-secret": ("secret.keys[0].name=S3_BUCKET", "secret"),
    "text-for-a-number": ("replicas=three", "replicas"),
    "text-for-a-boolean": ("ingress.enabled=please", "enabled"),
    "number-for-text": ("image.tag=3", "tag"),
    "setting-of-another-type": ("settings.SPA=maybe", "SPA"),
    "setting-out-of-bounds": ("settings.THREADS=0", "THREADS"),
    "setting-of-other-words": ("settings.S3_ADDRESSING_STYLE=sideways", "S3_ADDRESSING_STYLE"),
    "list-for-one": ("settings.S3_BUCKET={a,b}", "S3_BUCKET"),
    "another-kind": ("kind=StatefulSet", "kind"),
    "port-too-high": ("listen.port=70000", "port"),
    "digest": ("image.digest=sha256:1234", "digest"),
    "role": ("serviceAccount.roleArn=my-role", "roleArn"),
}

# What the schema cannot say: the chart's own words.
CONTRADICTIONS = {
    "two-secrets": (("secret.existing=a", "secret.external.enabled=true"), "give one of them"),
    "external-without-store": (("secret.external.enabled=true",), "secret.external.store.name: name the SecretStore"),
    "two-files": (("configFile.content=a", "configFile.existingSecret=b"), "give one of them"),
    "one-port": (("ops.port=8000",), "two ports are needed"),
    "socket": (("listen.socket=true",), "only a sidecar can listen on a socket"),
    "ingress": (("ingress.enabled=true",), "ingress.hosts: name at least one host"),
    "route": (("httpRoute.enabled=true",), "httpRoute.parentRefs: name the Gateway"),
    "daemonset-hpa": (("kind=DaemonSet", "autoscaling.enabled=true"), "a DaemonSet has a pod for each node"),
    "hpa-by-nothing": (("autoscaling.enabled=true", "autoscaling.cpuPercent=0"), "requestsPerSecond.target or both"),
    "hpa-bounds": (("autoscaling.enabled=true", "autoscaling.maxReplicas=1"), "1 is below minReplicas, 2"),
    "pod-labels": (("mode=sidecar", "monitoring.podMonitor.enabled=true"), "sidecar.podLabels: name the labels"),
}


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object with properties, this one included."""
    below = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    own = [schema] if "properties" in schema else []
    return [*own, *(found for member in below for found in objects(member))]


def test_files_are_current() -> None:
    """Schema, table, rules and dashboard are what they are made of; `make docs` writes them anew."""
    check = [sys.executable, "helm/generate.py", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_table_that_is_not_current_is_caught() -> None:
    """What the table lacks is written, and the words around it stay."""
    page = f"before\n{BEGIN}\n| some older | row |\n\n{END}after\n"
    made = with_table(page, VALUES)
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "some older" not in made
    assert '| `cache.size` | `"2Gi"` |' in made
    with pytest.raises(ValueError, match="README"):
        with_table("before\n", VALUES)


def test_a_value_without_a_comment_is_caught(tmp_path: Path) -> None:
    """Every value is documented, or nothing is generated."""
    path = tmp_path / "values.yaml"
    path.write_text("a:\n  # Said.\n  b: 1\n  c: 2\n")
    with pytest.raises(ValueError, match=r"a\.c has no comment"):
        read_values(path)


def test_comments_become_values(tmp_path: Path) -> None:
    """A comment of several lines is one text; its schema line is no part of it."""
    path = tmp_path / "values.yaml"
    path.write_text('# One\n# two.\n# @schema {"minimum": 1}\na: 1\n')
    assert read_values(path) == (Value(("a",), "One two.", {"minimum": 1}, 1),)


def test_schema_is_strict() -> None:
    """It is a schema of draft 7, and each object that it lists the members of takes no others."""
    Draft7Validator.check_schema(SCHEMA)
    found = objects(SCHEMA)
    assert len(found) > 30
    assert [member for member in found if member["additionalProperties"] is not False] == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_every_value_is_described(value: Value) -> None:
    """What an editor shows is there for each value, and none is without a type."""
    for leaf in value.leaves():
        schema = SCHEMA
        for part in leaf.path:
            schema = schema["properties"][part]
        assert schema["description"]
        assert schema.keys() & {"type", "enum"}


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize(("assignment", "name"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused(assignment: str, name: str, version: str) -> None:
    """Both Helms refuse it before anything is made, and say what is wrong."""
    given = ("--set", "settings.S3_BUCKET=x", "--set", assignment)
    with pytest.raises(ProgramError) as refusal:
        helm(version, "template", "web", str(CHART), *given)
    assert "values don't meet the specifications of the schema" in str(refusal.value)
    assert name in str(refusal.value).split("schema", 1)[1]


@pytest.mark.parametrize(("assignments", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_refused(assignments: tuple[str, ...], message: str) -> None:
    """What does not go together is refused in words that say what to do."""
    with pytest.raises(ProgramError, match=message):
        rendered(*assignments)


def test_a_bucket_is_asked_for() -> None:
    """Without a bucket nothing could be served; the message says how to name one."""
    with pytest.raises(ProgramError, match=r"--set settings\.S3_BUCKET=my-site"):
        helm("helm-4", "template", "web", str(CHART))


def test_every_feature_has_a_case() -> None:
    """Each group of values that may be switched on is switched on in some file of ci/."""
    text = "".join(path.read_text() for path in CASES.values())
    switches = [leaf.path for value in VALUES for leaf in value.leaves() if leaf.path[-1] == "enabled"]
    groups = {path[-2] for path in switches if len(path) > 1}
    assert {group for group in groups if f"{group}:" not in text} == {"readiness", "test"}
