"""The addresses of a host, asked for where a name server that hangs holds up nothing."""

import asyncio
import ipaddress
import socket
from contextlib import suppress

from ops.sinks.aside import begin


class Resolver:
    """Looks a name up, once at a time however many wait for it."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._asked: asyncio.Future[list[str]] | None = None

    async def addresses(self) -> list[str]:
        """Every address, in the order in which they are to be tried; raises OSError. Bounded by who waits for it."""
        with suppress(ValueError):
            return [str(ipaddress.ip_address(self._host))]
        if self._asked is None or self._asked.done():
            self._asked = begin(self._look_up, "resolver")
        return await asyncio.shield(self._asked)

    def _look_up(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise OSError("it is no name of a host") from None
        return list(dict.fromkeys(str(address[0]) for *_, address in found))
