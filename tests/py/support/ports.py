"""Free TCP ports on the loopback."""

import random
import socket
from contextlib import ExitStack

_LOWEST = 10_000
_HIGHEST = 22_000
"""Below Linux's ephemeral range (32768 and up), also with 10000 added: while a server is stopped for an outage test,
no outgoing connection is given its port."""


def free_ports(count: int, *, with_offset: int = 0) -> list[int]:
    """Find `count` distinct ports that nobody listens on, nor on any of them plus `with_offset`.

    The ports are free when this returns; nothing reserves them. Raises RuntimeError when there are not enough.
    """
    found: set[int] = set()
    with ExitStack() as bound:
        for port in random.sample(range(_LOWEST, _HIGHEST), _HIGHEST - _LOWEST):
            if len(found) == count:
                break
            wanted = {port, port + with_offset}
            if max(wanted) < 65536 and all(_bind(bound, number) for number in wanted):
                found.add(port)
    if len(found) < count:
        raise RuntimeError(f"only {len(found)} of {count} free ports between {_LOWEST} and {_HIGHEST}")
    return list(found)


def _bind(bound: ExitStack, port: int) -> bool:
    """Tell whether `port` could be bound; it stays bound until `bound` closes, so that no port is found twice."""
    listener = bound.enter_context(socket.socket())
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
