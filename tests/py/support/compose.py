"""A compose file, brought up by podman-compose out of images of this machine."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.podman import LIMITS, Container, Podman
from support.programs import clean_environment, find_program

_SECONDS = 120.0


@dataclass(frozen=True)
class Compose:
    """The services of `file`, on other `ports` of this machine (those inside by service: `8000` by `sidecar`).

    `folder` is for what podman-compose needs. A context manager that removes containers, volumes and network.
    """

    podman: Podman
    file: Path
    folder: Path
    ports: Mapping[str, tuple[int, int]]

    def __enter__(self) -> Self:
        configuration = self.folder / "containers.conf"
        configuration.write_text(f"[containers]\ndefault_ulimits = {json.dumps(LIMITS[1::2])}\n")
        program = self.folder / "podman"
        program.write_text(
            f"#!/bin/sh\nCONTAINERS_CONF={configuration}\nexport CONTAINERS_CONF\n"
            f'exec {shlex.join(self.podman.program())} "$@"\n'
        )
        program.chmod(0o755)
        published = (
            f'  {name}:\n    ports: !override ["127.0.0.1:{ours}:{inside}"]\n'
            for name, (ours, inside) in self.ports.items()
        )
        (self.folder / "ports.yaml").write_text("services:\n" + "".join(published))
        return self

    def __exit__(self, *_: object) -> None:
        self.run("down", "--volumes", "--timeout", "0")

    def run(self, *words: str) -> str:
        """What podman-compose tells."""
        files = ("--file", str(self.file), "--file", str(self.folder / "ports.yaml"))
        given = ("--podman-path", str(self.folder / "podman"), "--project-name", "composed", "--in-pod", "0")
        done = subprocess.run(
            [find_program("podman-compose"), *given, *files, *words],
            env=clean_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        return done.stdout + done.stderr

    def up(self, service: str) -> Container:
        """Run one service, and not what it depends on; a container that is there is made anew."""
        told = self.run("up", "--detach", "--no-build", "--no-deps", "--force-recreate", service)
        found = self.podman.ask("ps", "--all", "--quiet", "--filter", f"name=^composed_{service}_1$").split()
        assert len(found) == 1, told
        return Container(self.podman, found[0])
