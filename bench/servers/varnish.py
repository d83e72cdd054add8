"""Varnish, in its own words."""

import subprocess
from typing import ClassVar

from support.programs import find_program

from bench.servers.base import ProgramServer

_CONFIGURATION = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
"""
"""Its built-in rules are those of a cache that honours max-age; nothing has to be added to them."""


class Varnish(ProgramServer):
    """Debian's Varnish with its cache in memory."""

    name: ClassVar[str] = "varnish"

    def argv(self) -> list[str]:
        """In the foreground, without a change of user, for which it would need accounts of its own."""
        configuration = self.folder / "bench.vcl"
        configuration.write_text(_CONFIGURATION.format(origin=self.origin.static_port))
        address = f"127.0.0.1:{self.port}"
        state = str(self.folder / "state")
        return ["varnishd", "-F", "-j", "none", "-n", state, "-a", address, "-f", str(configuration), "-s", "malloc,1g"]

    @classmethod
    def version(cls) -> str:
        """As it says itself."""
        said = subprocess.run([find_program("varnishd"), "-V"], capture_output=True, text=True, check=True).stderr
        return said.partition("varnish-")[2].split()[0]
