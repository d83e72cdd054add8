"""Fixtures: the image, built for real without a registry, and a website to serve."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.podman import BASE_IMAGE, Podman
from support.programs import find_program
from support.seaweedfs import SeaweedFS
from support.site_upload import upload_site

ROOT = Path(__file__).parents[3]

# What the official image has, as far as it matters here: Python and pip, and no bytecode of the standard library.
_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
_AS_OFFICIAL = (
    'rm -f "$1"/usr/lib/python3.11/EXTERNALLY-MANAGED; '
    'ln -s /usr/bin/python3 "$1"/usr/local/bin/python; ln -s /usr/bin/python3 "$1"/usr/local/bin/python3; '
    'find "$1"/usr/lib/python3.11 -name __pycache__ -prune -exec rm -r {} +'
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the real base image take the place of the one that is made here."""
    parser.addoption("--python-image", default="", help="pull this image and build from it")


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """Keep images and containers below a folder of the tests."""
    podman = Podman(tmp_path_factory.mktemp("podman"))
    try:
        yield podman
    finally:
        podman.remove_all()


@pytest.fixture(scope="session")
def base_image(podman: Podman, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """Pull the base image that was named, or make one of Debian's packages under the official one's name."""
    named: str = request.config.getoption("--python-image")
    if named:
        podman.ask("pull", named, timeout=600)
        return named
    tar = tmp_path_factory.mktemp("base") / "base.tar"
    words = ["--quiet", "--variant=minbase", f"--include={_PACKAGES}", f"--customize-hook={_AS_OFFICIAL}"]
    subprocess.run([find_program("mmdebstrap"), *words, "bookworm", str(tar)], check=True, timeout=600)
    podman.ask("import", "--change", 'CMD ["python3"]', str(tar), BASE_IMAGE, timeout=300)
    tar.unlink()
    return BASE_IMAGE


@pytest.fixture(scope="session")
def image(podman: Podman, base_image: str) -> str:
    """Build the image; its name."""
    podman.build(ROOT, "localhost/s3-sidecar:test", "--pull-never", "--build-arg", f"PYTHON_IMAGE={base_image}")
    return "localhost/s3-sidecar:test"


@pytest.fixture(scope="session")
def site(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Fill the bucket with the sample site."""
    upload_site(seaweedfs)
    return seaweedfs
