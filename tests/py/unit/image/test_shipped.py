"""What stands beside the code for those who run it in containers: Dockerfile, compose file, and what they name."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.programs import find_program

from sidecar.settings import OPTIONS

ROOT = Path(__file__).parents[4]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
NAMES = {name for option in OPTIONS.values() for name in option.env + option.file_env}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def mounts(service: str) -> dict[str, Path]:
    """The files and folders of the tree that a service sees, by their place there."""
    pairs = (volume.split(":") for volume in SERVICES[service].get("volumes", ()) if volume.startswith("."))
    return {target: ROOT / source for source, target, *_ in pairs}


def test_hadolint() -> None:
    """The Dockerfile is written as its linter wants it."""
    done = subprocess.run(
        [find_program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_projects_version() -> None:
    """Without a build argument the label is right, too."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nARG VERSION={version}\n" in DOCKERFILE


def test_the_images_environment_is_of_the_table() -> None:
    """What the image sets is a setting, or Python's or the shell's own."""
    block = re.findall(r"^ENV (.*?[^\\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)[-1]
    names = set(re.findall(r"\b([A-Z_]+)=", block))
    assert {"CACHE_DIR", "LOG_DIR", "CONSOLE"} <= names
    assert {name for name in names - NAMES if not name.startswith("PYTHON")} == {"PATH"}


def test_compose_meets_its_schema() -> None:
    """The compose specification's own schema."""
    words = [find_program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_names_settings() -> None:
    """Every variable of the server is a row of the table of settings; secrets are mounted, not told."""
    environment = SERVICES["sidecar"]["environment"]
    assert set(environment) <= NAMES
    secret = {name for option in OPTIONS.values() if option.is_secret for name in option.env}
    assert set(environment) & secret <= {"AWS_KEY"}
    assert set(SERVICES["sidecar"]["secrets"]) == set(COMPOSE["secrets"])


@pytest.mark.parametrize("service", SERVICES)
def test_compose_mounts_what_there_is(service: str) -> None:
    """Every file that is mounted is in the tree, and read-only."""
    assert [str(path) for path in mounts(service).values() if not path.exists()] == []
    own = [volume for volume in SERVICES[service].get("volumes", ()) if volume.startswith(".")]
    assert all(volume.endswith(":ro") for volume in own)


@pytest.mark.parametrize("service", SERVICES)
def test_compose_takes_fixed_images(service: str) -> None:
    """Somebody else's image has a version, and ports are open to this machine alone."""
    if "build" not in SERVICES[service]:
        assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+(\.\d+)?", SERVICES[service]["image"])
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", ()))


def test_compose_secrets_fit() -> None:
    """The store knows the keys and secrets that are used; the server's may only read."""
    known = {
        (pair["accessKey"], pair["secretKey"]): identity["actions"]
        for identity in json.loads((ROOT / "ops/compose/s3.json").read_text())["identities"]
        for pair in identity["credentials"]
    }
    secret = (ROOT / COMPOSE["secrets"]["aws_secret"]["file"]).read_text().strip()
    assert known[SERVICES["sidecar"]["environment"]["AWS_KEY"], secret] == ["Read", "List"]
    uploading = SERVICES["upload"]["environment"]
    assert "Write" in known[uploading["AWS_ACCESS_KEY_ID"], uploading["AWS_SECRET_ACCESS_KEY"]]
    assert (ROOT / COMPOSE["secrets"]["auth_key"]["file"]).read_text().strip()


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    """Prometheus reads what is mounted into it, rules included."""
    for target, source in mounts("prometheus").items():
        place = tmp_path / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    configuration = tmp_path / "etc/prometheus/prometheus.yml"
    words = [find_program("promtool"), "check", "config", str(configuration)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == 2
    (scraped,) = yaml.safe_load(configuration.read_text())["scrape_configs"]
    assert scraped["static_configs"] == [{"targets": ["sidecar:9180"]}]


def test_grafana_finds_dashboard_and_source() -> None:
    """The dashboard of the tree is where Grafana is told to look, and Prometheus is the source it takes."""
    seen = mounts("grafana")
    source = yaml.safe_load(seen["/etc/grafana/provisioning/datasources/prometheus.yaml"].read_text())
    assert [one["url"] for one in source["datasources"] if one["isDefault"]] == ["http://prometheus:9090"]
    (provider,) = yaml.safe_load(seen["/etc/grafana/provisioning/dashboards/s3-sidecar.yaml"].read_text())["providers"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).parent == Path(provider["options"]["path"])
    assert (seen[provider["options"]["path"]] / Path(home).name).exists()


def test_what_the_builder_sees() -> None:
    """What the Dockerfile copies is not left out by .dockerignore, which leaves out all else."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name.partition("/")[0] for line in copied for name in line.split()}
    assert ignored[0] == "*"
    assert {f"!{name}" for name in names} <= set(ignored)
