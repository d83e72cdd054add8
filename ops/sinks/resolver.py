"""The addresses of a host, asked for where a name server that hangs holds up nothing."""

import asyncio
import ipaddress
import socket
import threading
from contextlib import suppress


class Resolver:
    """Looks a name up in a thread of its own, one at a time.

    Not in the event loop's threads: look-ups that hang would take one after the other, and the process could not end.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._asked: asyncio.Future[list[str]] | None = None

    async def addresses(self) -> list[str]:
        """Every address, in the order in which they are to be tried; raises OSError. Bounded by who waits for it."""
        with suppress(ValueError):
            return [str(ipaddress.ip_address(self._host))]
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().create_future()
            thread = threading.Thread(target=self._look_up, args=(self._asked,), name="resolver", daemon=True)
            thread.start()
        return await asyncio.shield(self._asked)

    def _look_up(self, asked: "asyncio.Future[list[str]]") -> None:
        found: list[str] | OSError
        try:
            infos = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else OSError("it is no name of a host")
        with suppress(RuntimeError):  # nobody waits any more: the loop is closed
            asked.get_loop().call_soon_threadsafe(_tell, asked, found)


def _tell(asked: "asyncio.Future[list[str]]", found: list[str] | OSError) -> None:
    if isinstance(found, OSError):
        asked.set_exception(found)
        asked.exception()  # whoever asked may have gone
    else:
        asked.set_result(found)
