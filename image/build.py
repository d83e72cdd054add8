"""Build the image with what is there: docker, podman or buildah; `make image`."""  # noqa: INP001 - a script

import argparse
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# HEALTHCHECK is no part of OCI's format, only of docker's.
BUILDERS = {
    "docker": ("docker", "build"),
    "podman": ("podman", "build", "--format", "docker"),
    "buildah": ("buildah", "build", "--format", "docker"),
}


def main() -> int:
    """Build the image; the builder's exit code, or 2 when there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", default="s3-sidecar", help="its name")
    parser.add_argument("--python-image", default="", help="what it is made from; by default, what the Dockerfile says")
    parser.add_argument("--arguments", default="", help="more arguments of the builder, as for a shell")
    given = parser.parse_args()
    builder = found()
    if builder is None:
        print("make image needs docker (running), podman or buildah: apt-get install podman", file=sys.stderr)  # noqa: T201
        return 2
    words = [*BUILDERS[builder], *arguments(given.image, given.python_image), *shlex.split(given.arguments), "."]
    print(shlex.join(words), flush=True)  # noqa: T201 - as make shows a command
    return subprocess.run(words, cwd=ROOT, check=False).returncode  # noqa: S603 - what the operator asks for


def found() -> str | None:
    """The first builder that works."""
    return next((name for name in BUILDERS if shutil.which(name) and works(name)), None)


def works(builder: str) -> bool:
    """Whether it can build: docker needs its daemon."""
    return builder != "docker" or is_ok(("docker", "info"))


def is_ok(words: Sequence[str]) -> bool:
    """Whether a command ends with 0."""
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603 - ours
    return done.returncode == 0


def arguments(image: str, python_image: str) -> list[str]:
    """What every builder understands."""
    told = {"VERSION": version(), "REVISION": revision()} | ({"PYTHON_IMAGE": python_image} if python_image else {})
    return ["--tag", image, *(word for name, value in told.items() for word in ("--build-arg", f"{name}={value}"))]


def version() -> str:
    """The project's version."""
    text: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return text


def revision() -> str:
    """The commit that is checked out."""
    git = ("git", "-C", str(ROOT), "rev-parse", "HEAD")
    done = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
