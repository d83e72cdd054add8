"""The floor: what Sanic costs when the handler does nothing."""

import sys
from importlib import metadata
from typing import ClassVar

from bench import ROOT
from bench.servers.base import ProgramServer


class Floor(ProgramServer):
    """A Sanic handler that returns bytes from a dict."""

    name: ClassVar[str] = "floor"

    def argv(self) -> list[str]:
        """One process, no access log."""
        return [
            sys.executable,
            str(ROOT / "bench" / "servers" / "floor_app.py"),
            str(self.port),
            str(self.origin.files),
        ]

    @classmethod
    def version(cls) -> str:
        """Sanic's."""
        return metadata.version("sanic")
