"""Keeps the kernel from pacing what goes to a client on the same machine."""

import ipaddress
import socket
from contextlib import suppress
from typing import Any, Final

WORTH_SPEEDING_UP: Final = 256 * 1024
"""From how many bytes on a body gains by it; ranges of 64 KiB cost up to a tenth more without BBR."""

_PACING: Final = b"bbr"
_UNPACED: Final = b"reno"
_NAME_BYTES: Final = 16


def stop_pacing(connection: Any, peer: str) -> None:
    """Give a connection from this machine Reno in the place of BBR; `connection` is its socket.

    BBR sends at the rate that it takes the path for, by a timer for each 64 KiB. A loopback is as fast as the memory,
    and has nothing that could be congested: paced, large bodies take seven times as long. Reno is part of every
    kernel and allowed to everybody (tcp(7), TCP_CONGESTION). Where it cannot be had, nothing changes.
    """
    if not _is_here(peer):
        return
    with suppress(OSError):
        used: bytes = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _NAME_BYTES)
        if used.startswith(_PACING):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _UNPACED)


def _is_here(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:  # a Unix socket has none
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
