"""What the image leaves out of botocore and of shared libraries, on copies of what is installed here."""

import re
import shutil
import subprocess
import sys
from importlib import import_module, util
from pathlib import Path
from typing import Any

import botocore
import pytest
import uvloop.loop
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

ROOT = Path(__file__).parents[4]
DATA = Path(botocore.__file__).parent / "data"
FILES = ("endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json")
SOURCES = ("botocore.credentials", "botocore.tokens", "botocore.utils", "aiobotocore.credentials", "aiobotocore.tokens")
REGIONS = ("eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-7", "nowhere-1")
_CLIENT = re.compile(
    r"(?:create_client|create_nested_client|client_creator)\(\s*(?:self\._session,\s*)?['\"]([a-z0-9-]+)['\"]"
)
RUN_A_LOOP = """
import asyncio, importlib.util, sys
spec = importlib.util.spec_from_file_location("uvloop.loop", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.Loop().run_until_complete(asyncio.sleep(0, "ran")))
"""
ENDPOINTS = ("s3", "sts", "portal.sso", "oidc", "signin")


@pytest.fixture(scope="module")
def trim() -> Any:
    """Import the script as the Dockerfile runs it."""
    spec = util.spec_from_file_location("trim", ROOT / "image" / "trim.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def packages(trim: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with a part of botocore's data and some of what goes, trimmed."""
    folder = tmp_path_factory.mktemp("packages")
    data = folder / "botocore" / "data"
    data.mkdir(parents=True)
    for name in FILES:
        shutil.copy(DATA / name, data)
    for service in (*trim.SERVICES, "sqs"):
        shutil.copytree(DATA / service, data / service)
    for name in ("a/tests/b.py", "a/a.pyi", "a/a.c", "a/a.py", "setuptools/x.py", "pygments/lexers/c_cpp.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    trim.trim(folder)
    return folder


def loader_of(folder: Path) -> Loader:
    """What reads botocore's data in a folder, and nowhere else."""
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def test_what_is_left(packages: Path) -> None:
    """What is not opened is gone, what is opened is there."""
    files = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    outside = {name for name in files if not name.startswith("botocore/")}
    assert outside == {"a/a.py"}
    assert {name.split("/")[2] for name in files if name.count("/") > 2} == {"s3", "signin", "sso", "sso-oidc", "sts"}


def test_every_service_that_credentials_come_from_is_kept(trim: Any) -> None:
    """Botocore and aiobotocore make clients of no other service while they look for credentials."""
    made: set[str] = set()
    for name in SOURCES:
        source = Path(str(import_module(name).__file__)).read_text()
        made.update(_CLIENT.findall(source))
    assert {"sso", "sso-oidc", "sts", "signin"} <= made <= trim.SERVICES


@pytest.mark.parametrize("service", ["s3", "signin", "sso", "sso-oidc", "sts"])
def test_a_service_is_described_as_before(packages: Path, service: str) -> None:
    """Operations and shapes are the same but for their prose; everything beside them is the same."""
    before, after = (
        loader_of(folder).load_service_model(service, "service-2") for folder in (DATA, packages / "botocore/data")
    )
    assert after["operations"].keys() == before["operations"].keys()
    assert after["shapes"].keys() == before["shapes"].keys()
    assert {name: of for name, of in after.items() if name not in {"operations", "shapes"}} == {
        name: of for name, of in before.items() if name not in {"operations", "shapes"}
    }
    assert "documentation" not in after["operations"][next(iter(after["operations"]))]


def test_only_prose_goes(trim: Any) -> None:
    """A member that is called documentation is no documentation."""
    model = {"documentation": "<p>", "members": {"documentation": {"shape": "S", "documentation": "<p>"}}, "list": [{}]}
    assert trim.without_documentation(model) == {"members": {"documentation": {"shape": "S"}}, "list": [{}]}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_endpoints_are_where_they_were(packages: Path, endpoint: str, region: str) -> None:
    """The file of all endpoints, without other services, leads to the same hosts in every partition."""
    before, after = (
        EndpointResolver(loader_of(folder).load_data("endpoints")).construct_endpoint(endpoint, region)
        for folder in (DATA, packages / "botocore/data")
    )
    assert after == before


def test_a_stripped_library_works(trim: Any, tmp_path: Path) -> None:
    """A shared library without what follows its segments is smaller, loads and runs."""
    library = Path(shutil.copy(str(uvloop.loop.__file__), tmp_path))
    size = library.stat().st_size
    trim.strip(library)
    assert library.stat().st_size < size / 2
    program = [sys.executable, "-c", RUN_A_LOOP, str(library)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_what_is_no_library_is_left_alone(trim: Any, tmp_path: Path) -> None:
    """A linker's script, which ends in .so too, stays as it is."""
    script = tmp_path / "libc.so"
    script.write_text("INPUT ( /lib/libc.so.6 )")
    trim.strip(script)
    assert script.read_text() == "INPUT ( /lib/libc.so.6 )"
