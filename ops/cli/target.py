"""Where a server is, and how a URL says so."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

OPS_PATH = "/_proxy"
"""Where a server has its management endpoints unless it was told otherwise."""

OPS_PORT = 9180
"""Where a server has its ops listener unless it was told otherwise."""

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a server may listen on
"""The addresses that stand for all of a machine's, and how that machine itself reaches them."""

_PORTS = {"http": 80, "https": 443}
_UNIX = "unix:"
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_URL_CHARACTERS = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Target:
    """One server.

    `host` is what it is called, in the Host field and in its certificate; `address` is where to connect, if elsewhere:
    one of the addresses of that name. With `unix_path` it is a socket on this machine.
    """

    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 8000
    address: str = ""
    unix_path: str = ""
    ops_path: str = OPS_PATH
    certificate: Path | None = None
    """The very certificate that the server shows, known because it is this container's."""

    @property
    def pod(self) -> str:
        """What tables call it: address and port, or the socket."""
        if self.unix_path:
            return f"{_UNIX}{self.unix_path}"
        return f"{_bracketed(self.address or self.host)}:{self.port}"

    @property
    def host_field(self) -> str:
        """The value of Host (RFC 9110 7.2)."""
        if self.unix_path:
            return "localhost"
        return _bracketed(self.host) if self.port == _PORTS[self.scheme] else f"{_bracketed(self.host)}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, as far as its name tells."""
        if self.unix_path:
            return True
        try:
            return ip_address(self.address or self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def url(self) -> str:
        """How to name this server to a person."""
        return self.pod if self.unix_path else f"{self.scheme}://{self.pod}"


def parse(text: str) -> Target:
    """Read `http://host:port`, `https://…`, `host:port` or `unix:/path`; a path after the port is that of `--ops-path`.

    Raises ValueError with what would be right; the text itself, which may hold a password, is not in the message.
    """
    if text.startswith(_UNIX):
        return _unix(text.removeprefix(_UNIX))
    parts = urlsplit(text if _HAS_SCHEME.match(text) else f"http://{text}")
    if parts.scheme not in _PORTS:
        raise ValueError("must be http://host:port, https://host:port or unix:/path")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must have no user, no query and no fragment; the token goes into S3OPS_TOKEN or --token-file")
    host = parts.hostname or ""
    if not host or not host.isascii() or not host.isprintable() or " " in host:
        raise ValueError("must name a host, as in http://127.0.0.1:8000")
    path = quote(parts.path.rstrip("/"), safe=_URL_CHARACTERS)
    return Target(parts.scheme, host, _port(parts), ops_path=path or OPS_PATH)


def _unix(path: str) -> Target:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError("must be unix: and the whole path of a socket, as in unix:/run/s3proxy.sock")
    return Target(unix_path=path)


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("must have a port from 1 to 65535")
    return port or _PORTS[parts.scheme]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
