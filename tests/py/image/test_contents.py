"""What is in the image, and what is not."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.podman import BASE_IMAGE, LIMITS, LOCKED_DOWN, SOMEBODY, Podman

pytestmark = pytest.mark.image

ROOT = Path(__file__).parents[3]
MOST_BYTES = 65_000_000
"""Of what the image adds to its base; 60 MB when this was written."""

IMPORT_ALL = """
import importlib, pkgutil, ops, sidecar
for package in (sidecar, ops):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print("imported")
"""

CREDENTIAL_SERVICES = """
import asyncio
from aiobotocore.session import AioSession

async def main():
    session = AioSession()
    for service in ("s3", "sts", "sso", "sso-oidc", "signin"):
        async with session.create_client(
            service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
        ) as client:
            print(service, client.meta.endpoint_url)

asyncio.run(main())
"""

FIND_TOOLS = """
from importlib.util import find_spec
print([name for name in ("pip", "setuptools", "ensurepip", "wheel") if find_spec(name)])
"""

NOT_COMPILED = """
import importlib.util, pathlib, struct
for source in pathlib.Path("/opt/s3-sidecar/lib").rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(str(source)))
    if not compiled.exists() or struct.unpack("<I", compiled.read_bytes()[4:8]) != (1,):
        print(source)
"""

OF_THE_STANDARD_LIBRARY = """
import asyncio, email, json, multiprocessing.managers, os, ssl, sys
cached = [module.__cached__ for module in list(sys.modules.values()) if getattr(module, "__cached__", None)]
print([path for path in cached if not os.path.exists(path)] or f"all of {len(cached) > 50}")
"""


def run(podman: Podman, image: str, program: str, *words: str) -> str:
    """What a program of the image prints, run by a user that the image does not know."""
    options = (*LIMITS, *LOCKED_DOWN, "--user", SOMEBODY, "--entrypoint", program)
    return podman.ask("run", "--rm", *options, image, *words)


@pytest.fixture(scope="module")
def configuration(podman: Podman, image: str) -> Any:
    """What the image says of itself."""
    return json.loads(podman.ask("image", "inspect", image))[0]


def test_configuration(configuration: Any) -> None:
    """A numeric user, two ports, two folders, a stop signal, a health check through s3ops, a process that reaps."""
    config = configuration["Config"]
    assert config["User"] == "65532:65532"
    assert set(config["ExposedPorts"]) == {"8000/tcp", "9180/tcp"}
    assert set(config["Volumes"]) == {"/opt/spt/data", "/opt/spt/logs"}
    assert config["StopSignal"] in {"SIGTERM", "15"}
    assert config["Entrypoint"] == ["dumb-init", "--single-child", "--", "s3proxy"]
    assert configuration["HealthCheck" if "HealthCheck" in configuration else "Healthcheck"]["Test"] == [
        "CMD",
        "s3ops",
        "health",
        "--quiet",
    ]


def test_labels(configuration: Any) -> None:
    """The labels of OCI say what it is, of which version, and what it was made from."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    labels = configuration["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "s3-sidecar"
    assert labels["org.opencontainers.image.version"] == version
    assert labels["org.opencontainers.image.base.name"] == BASE_IMAGE


def test_nothing_secret(configuration: Any) -> None:
    """Neither the environment nor the history of the image names a credential or an index of packages."""
    told = json.dumps(configuration).lower()
    assert not [word for word in ("aws_", "auth_key", "password", "token", "index-url", "pip.conf") if word in told]


def test_size(podman: Podman, configuration: Any, base_image: str) -> None:
    """What it adds to its base is small."""
    base = json.loads(podman.ask("image", "inspect", base_image))[0]
    added = configuration["Size"] - base["Size"]
    print(f"the image adds {added / 1e6:.1f} MB to its base of {base['Size'] / 1e6:.1f} MB")  # noqa: T201 - a reading
    assert added < MOST_BYTES


def test_nothing_to_install_with(podman: Podman, image: str) -> None:
    """There is no pip, no setuptools and no compiler, neither as a program nor as a module."""
    programs = "for name in pip pip3 gcc cc make uv hatchling; do command -v $name; done; true"
    assert run(podman, image, "sh", "-c", programs) == ""
    assert run(podman, image, "python", "-c", FIND_TOOLS) == "[]\n"
    systems_own = ("PATH=/usr/local/bin:/usr/bin", "python3", "-c", FIND_TOOLS)
    assert run(podman, image, "env", *systems_own) == "[]\n"


def test_all_can_be_imported(podman: Podman, image: str) -> None:
    """Nothing was trimmed that the server or the tool opens."""
    assert run(podman, image, "python", "-W", "error", "-c", IMPORT_ALL) == "imported\n"


def test_credentials_can_be_asked_for(podman: Podman, image: str) -> None:
    """The bucket's service, and all that credentials come from, are described, and at their usual addresses."""
    assert run(podman, image, "python", "-c", CREDENTIAL_SERVICES).splitlines() == [
        "s3 https://s3.eu-central-1.amazonaws.com",
        "sts https://sts.eu-central-1.amazonaws.com",
        "sso https://portal.sso.eu-central-1.amazonaws.com",
        "sso-oidc https://oidc.eu-central-1.amazonaws.com",
        "signin https://signin.eu-central-1.amazonaws.com",
    ]


def test_all_is_compiled(podman: Podman, image: str) -> None:
    """Every source comes with bytecode that is not checked against it; the standard library's is there, too."""
    assert run(podman, image, "python", "-c", NOT_COMPILED) == ""
    assert run(podman, image, "python", "-c", OF_THE_STANDARD_LIBRARY) == "all of True\n"


@pytest.mark.parametrize(("program", "name"), [("s3proxy", "s3proxy"), ("s3ops", "s3ops")])
def test_programs(podman: Podman, image: str, program: str, name: str) -> None:
    """Both programs start for a user that the image does not know."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(podman, image, program, "--version") == f"{name}, version {version}\n"
