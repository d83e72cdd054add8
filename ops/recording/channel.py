"""The way from the workers to the process that writes records: messages, which the kernel holds until they are read.

Both ends are inherited, so there is no name, no folder and no permission to it, and nothing to connect again: who is
started in the place of a reader that was killed goes on with the next message. Once nobody can write any more, the
reader comes to the end.
"""

import socket
from typing import NamedTuple

_BUFFER_BYTES = 1024 * 1024
"""What is asked for; the kernel gives no more than its net.core.wmem_max."""


class Channel(NamedTuple):
    """Both ends; neither ever blocks."""

    reading: socket.socket
    writing: socket.socket


def open_channel() -> Channel:
    """Make one."""
    # Messages stay whole, however many write; and this kind comes to an end, which SOCK_DGRAM does not (unix(7)).
    channel = Channel(*socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    channel.writing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    for end in channel:
        end.setblocking(False)
    return channel
