"""The health check of a container, with little memory: it comes every few seconds, and takes what is the server's."""

import socket

from ops.cli.discovery import own_ops_listener
from ops.cli.failure import CommandError
from ops.cli.target import Target

WORDS = ["health", "--quiet"]
"""What asks for no more than this."""

_SECONDS = 2.5
_HEALTHY = b"HTTP/1.1 200 "


def is_healthy() -> bool:
    """Whether `/healthz` of this container's ops listener says so; if it does not, the whole command finds out why."""
    try:
        target = own_ops_listener()
        return target is not None and _status_line(target).startswith(_HEALTHY)
    except (CommandError, OSError):
        return False


def _status_line(target: Target) -> bytes:
    """What is answered first. Raises OSError when nobody answers."""
    asked = f"GET /healthz HTTP/1.1\r\nHost: {target.host_field}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((target.host, target.port), timeout=_SECONDS) as connection:
        connection.sendall(asked.encode("ascii"))
        with connection.makefile("rb") as answer:
            return answer.readline(len(_HEALTHY))
