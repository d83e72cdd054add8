"""Caddy as a file server: it has no cache, so it reads the origin's files themselves."""

import subprocess
from typing import ClassVar

from support.programs import find_program

from bench.servers.base import ProgramServer


class Caddy(ProgramServer):
    """Caddy with its defaults, and no access log."""

    name: ClassVar[str] = "caddy"

    def argv(self) -> list[str]:
        """One command, no configuration file."""
        address = f"127.0.0.1:{self.port}"
        return [
            "caddy",
            "file-server",
            "--listen",
            address,
            "--root",
            str(self.origin.files),
            "--precompressed",
            "gzip",
        ]

    @classmethod
    def version(cls) -> str:
        """As it says itself."""
        said = subprocess.run([find_program("caddy"), "version"], capture_output=True, text=True, check=True).stdout
        return said.split()[0]
