"""The bare loop: what the kernel and uvloop cost any server in Python, however little it does."""

import sys
from importlib import metadata
from typing import ClassVar

from bench import ROOT
from bench.servers.base import ProgramServer


class Bare(ProgramServer):
    """A protocol that writes prepared bytes, or calls sendfile: no HTTP, no cache, no count of anything."""

    name: ClassVar[str] = "bare"

    def argv(self) -> list[str]:
        """One process."""
        app = str(ROOT / "bench" / "servers" / "bare_app.py")
        return [sys.executable, app, str(self.port), str(self.origin.files)]

    @classmethod
    def version(cls) -> str:
        """Uvloop's."""
        return metadata.version("uvloop")
