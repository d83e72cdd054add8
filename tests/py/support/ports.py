"""Free TCP ports on the loopback."""

import fcntl
import os
import random
import socket
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

_LOWEST = 10_000
_HIGHEST = 22_000
"""Below Linux's ephemeral range (32768 and up), also with 10000 added: while a server is stopped for an outage test,
no outgoing connection is given its port."""


def free_ports(count: int, *, with_offset: int = 0) -> list[int]:
    """Find `count` distinct ports that nobody listens on, nor on any of them plus `with_offset`.

    Nothing binds them when this returns, but no test process of this user is given one of them again before this one
    has ended: not while its server starts, nor during an outage. Raises RuntimeError when there are not enough.
    """
    found: set[int] = set()
    with ExitStack() as bound:
        for port in random.sample(range(_LOWEST, _HIGHEST), _HIGHEST - _LOWEST):
            if len(found) == count:
                break
            wanted = {port, port + with_offset}
            if max(wanted) < 65536 and all(_claim(number) and _bind(bound, number) for number in wanted):
                found.add(port)
    if len(found) < count:
        raise RuntimeError(f"only {len(found)} of {count} free ports between {_LOWEST} and {_HIGHEST}")
    return list(found)


def _claim(port: int) -> bool:
    """Tell whether nobody has claimed `port`; it is this process's until it ends."""
    claimed = _claimed()
    if port in claimed:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    claimed.add(port)
    return True


@cache
def _claims() -> int:
    """A file whose byte n is locked by who has claimed port n: the kernel lets go of it when that process ends."""
    path = Path(tempfile.gettempdir()) / f"s3-sidecar-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


@cache
def _claimed() -> set[int]:
    """Those of this process, which its own locks do not keep out."""
    return set()


def _bind(bound: ExitStack, port: int) -> bool:
    """Tell whether `port` could be bound; it stays bound until `bound` closes, so that no port is found twice."""
    listener = bound.enter_context(socket.socket())
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
