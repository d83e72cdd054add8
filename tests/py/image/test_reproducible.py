"""Two builds of one source."""

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.podman import Podman

pytestmark = pytest.mark.image

ROOT = Path(__file__).parents[3]
OURS = "opt/s3-sidecar/"

Entry = tuple[str, bytes, int, int, int, str, str]


def entries(podman: Podman, image: str, folder: Path) -> Iterator[tuple[Entry, int]]:
    """Every file of an image: name, kind, mode, user, group, target of a link, hash; and its time."""
    container = podman.ask("create", image).strip()
    tar = folder / "image.tar"
    podman.ask("export", "--output", str(tar), container)
    podman.ask("rm", "--volumes", container)
    with tarfile.open(tar) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            digest = hashlib.sha256(file.read() if file else b"").hexdigest()
            yield (
                (member.name, member.type, member.mode, member.uid, member.gid, member.linkname, digest),
                int(member.mtime),
            )
    tar.unlink()


def test_two_builds_are_alike(podman: Podman, image: str, base_image: str, tmp_path: Path) -> None:
    """A build from nothing has the same files with the same contents; those of the project at the same time, too."""
    again = "localhost/s3-sidecar:again"
    podman.build(ROOT, again, "--pull-never", "--no-cache", "--build-arg", f"PYTHON_IMAGE={base_image}")
    first, second = dict(entries(podman, image, tmp_path)), dict(entries(podman, again, tmp_path))
    assert sorted(set(first) ^ set(second)) == []
    moved = [entry[0] for entry, time in first.items() if entry[0].startswith(OURS) and second[entry] != time]
    assert moved == []
    assert sum(entry[0].startswith(f"{OURS}lib") for entry in first) > 1000
