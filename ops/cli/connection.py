"""Connections to a server: over TCP, to one address of a name, with TLS, or to a socket of this machine."""

import http.client
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from ops.cli.target import Target

_PARTIAL_CHAIN = 0x80000
"""OpenSSL's X509_V_FLAG_PARTIAL_CHAIN: a certificate that is trusted by name needs no issuer that is."""


class Connection(http.client.HTTPConnection):
    """Speaks HTTP/1.1 with one target; `timeout` is the longest silence, in seconds."""

    def __init__(self, target: "Target", timeout: float, context: "ssl.SSLContext | None") -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self._context = context

    def connect(self) -> None:
        """Open the connection. Raises OSError; ssl.SSLError is one."""
        self.sock = self._socket()
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._target.host)

    def _socket(self) -> socket.socket:
        if not self._target.unix_path:
            made = socket.create_connection((self._target.address or self.host, self.port), self.timeout)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(self.timeout)
            made.connect(self._target.unix_path)
        except BaseException:
            made.close()
            raise
        return made


def context_of(target: "Target", ca_file: Path | None) -> "ssl.SSLContext | None":
    """How the target's certificate is checked; None for plain HTTP. Raises OSError for a file that is none."""
    if target.scheme != "https":
        return None
    import ssl  # noqa: PLC0415 - plain HTTP does not pay for it

    if target.certificate is None:
        return ssl.create_default_context(cafile=ca_file)
    # It is made out to the name that clients use, not to the loopback address: it is known by itself instead.
    context = ssl.create_default_context(cafile=target.certificate)
    context.check_hostname = False
    context.verify_flags |= _PARTIAL_CHAIN
    return context
