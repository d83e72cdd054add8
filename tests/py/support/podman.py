"""Containers of the image under test, in a storage of their own."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.programs import find_program

BASE_IMAGE = "docker.io/library/python:3.11-slim-bookworm"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Older machines allow a process fewer than podman would ask for.
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
LOCKED_DOWN = ("--read-only", "--cap-drop=ALL", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp")  # noqa: S108 - the container's own
"""What a security team asks for."""
SOMEBODY = "12345:0"
"""A user that the image does not know, as OpenShift gives one."""

_SECONDS = 60.0
_BUILD_SECONDS = 900.0
_TAIL = 3000

Ran = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Podman:
    """Podman and buildah, which keep everything below `folder`."""

    folder: Path

    def run(self, *words: str, timeout: float = _SECONDS) -> Ran:
        """Run podman until it ends."""
        return _run([*self.program(), *words], timeout)

    def program(self) -> list[str]:
        """What is podman here: the program and the options that it needs."""
        runtime = ("--runtime", find_program("runc"), "--cgroup-manager", "cgroupfs")
        return [find_program("podman"), *self._storage(), *runtime]

    def ask(self, *words: str, timeout: float = _SECONDS) -> str:
        """What podman prints. Raises RuntimeError with what it complains of."""
        return _output(self.run(*words, timeout=timeout))

    def build(self, source: Path, image: str, *arguments: str) -> None:
        """Build `source`'s Dockerfile. Raises RuntimeError with the builder's words."""
        certificates = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro"] if CERTIFICATES.exists() else []
        configuration = self.folder / "pip.conf"
        configuration.write_text(f"[global]\ncert = {CERTIFICATES}\n" if certificates else "")
        words = ["--format", "docker", "--isolation", "chroot", *LIMITS[:2], *certificates]
        mounted = ["-v", f"{configuration}:/etc/pip.conf:ro"]
        builder = [find_program("buildah"), *self._storage(), "build", *words, *mounted, *arguments]
        _output(_run([*builder, "--tag", image, str(source)], _BUILD_SECONDS))

    def start(self, image: str, *options: str, env: Mapping[str, str], words: Sequence[str] = ()) -> "Container":
        """Run a container in the background."""
        return Container(self, self.launch(image, *options, env=env, words=words))

    def launch(self, image: str, *options: str, env: Mapping[str, str], words: Sequence[str] = ()) -> str:
        """The same; its id."""
        given = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        return self.ask("run", "--detach", *LIMITS, *options, *given, image, *words).splitlines()[-1].strip()

    def remove_all(self) -> None:
        """Remove all containers, volumes and images; what the machine has elsewhere is not touched."""
        self.run("rm", "--all", "--force", "--time", "0", "--volumes")
        self.run("rmi", "--all", "--force", timeout=_BUILD_SECONDS)
        self.run("volume", "prune", "--force")
        _run(["umount", str(self.folder / "root" / "overlay")], _SECONDS)

    def _storage(self) -> list[str]:
        places = ["--root", str(self.folder / "root"), "--runroot", str(self.folder / "run")]
        return [*places, "--storage-driver", "overlay"]


@dataclass(frozen=True)
class Container:
    """A container that was started; a context manager that removes it."""

    podman: Podman
    id: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.podman.run("rm", "--force", "--time", "0", "--volumes", self.id)

    def exec(self, *words: str) -> Ran:
        """Run a command in it, as `kubectl exec` does."""
        return self.podman.run("exec", self.id, *words)

    def log(self) -> str:
        """What it has written to stdout and stderr."""
        ran = self.podman.run("logs", self.id)
        return ran.stdout + ran.stderr

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return int(self.podman.ask("wait", self.id))

    def stop(self) -> int:
        """Send its stop signal; its exit code. Killed after 15 s, it is 137."""
        self.podman.ask("stop", "--time", "15", self.id)
        return self.wait()

    def inspect(self, template: str) -> str:
        """A part of what podman knows of it."""
        return self.podman.ask("inspect", "--format", template, self.id).strip()

    def changes(self) -> list[str]:
        """The files of its root file system that are not as in the image."""
        found: dict[str, list[str]] = json.loads(self.podman.ask("diff", "--format", "json", self.id))
        return [name for names in found.values() for name in names]

    def memory(self) -> dict[str, int]:
        """Bytes: `limit`, `peak` and `now` of its cgroup, and `kept`, which the kernel cannot take back."""
        return _memory(self.inspect("{{.State.CgroupPath}}").lstrip("/"))


def _memory(cgroup: str) -> dict[str, int]:
    one = Path("/sys/fs/cgroup/memory") / cgroup
    if one.is_dir():
        names = ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.usage_in_bytes")
        folder, reclaimable = one, ("total_inactive_file", "total_active_file")
    else:
        names = ("memory.max", "memory.peak", "memory.current")
        folder, reclaimable = Path("/sys/fs/cgroup") / cgroup, ("inactive_file", "active_file")
    limit, peak, now = (int((folder / name).read_text()) for name in names)
    pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
    cached = sum(int(value) for name, value in pairs if name in reclaimable)
    return {"limit": limit, "peak": peak, "now": now, "kept": now - cached}


def _run(words: Sequence[str], timeout: float) -> Ran:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL)


def _output(ran: Ran) -> str:
    if ran.returncode != 0:
        told = f"{ran.stdout[-_TAIL:]}{ran.stderr[-_TAIL:]}"
        raise RuntimeError(f"{' '.join(ran.args)}\nended with {ran.returncode}:\n{told}")
    return ran.stdout
