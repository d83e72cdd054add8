"""The listening socket, owned by the main process and shared by all workers."""

import contextlib
import errno
import logging
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar.errors import SettingsError

if TYPE_CHECKING:
    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

BACKLOG = 1024
OPS_PORT = 9180
_UNIX = "unix:"


class Listener:
    """A socket that listens; `close` makes the kernel refuse new connections in every process that shares it."""

    def __init__(self, settings: "Settings") -> None:
        self._scheme = "http" if settings.tls_cert is None else "https"
        self._unix_path = Path(settings.host.removeprefix(_UNIX)) if settings.host.startswith(_UNIX) else None
        self.socket = self._open_unix(self._unix_path) if self._unix_path else _open_tcp(settings.host, settings.port)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        if self._unix_path:
            return f"{_UNIX}{self._unix_path}"
        host, port = self.socket.getsockname()[:2]
        return f"{self._scheme}://[{host}]:{port}" if ":" in host else f"{self._scheme}://{host}:{port}"

    def close(self) -> None:
        """Stop accepting; connections already accepted go on."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        if self._unix_path:
            self._unix_path.unlink(missing_ok=True)
            self._unix_path = None

    def _open_unix(self, path: Path) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            _remove_dead_socket(path)
            made.bind(str(path))
            path.chmod(0o666)  # a sidecar's neighbour often runs as another user; the folder's mode is the lock
            made.listen(BACKLOG)
        except OSError as error:
            made.close()
            raise SettingsError((f"--host cannot be used: {path}: {error.strerror or error}",)) from error
        return made


def ops_socket(settings: "Settings") -> socket.socket | None:
    """The socket of the ops listener; None where it is turned off. Raises SettingsError.

    A port that nobody has asked for must not keep a second server of a machine from starting.
    """
    if settings.ops_port is not None:
        return _open_tcp(settings.ops_host, settings.ops_port, "ops-") if settings.ops_port else None
    try:
        return _open_tcp(settings.ops_host, OPS_PORT, "ops-")
    except SettingsError as error:
        logger.warning("there is no /metrics, /healthz and /readyz: %s", error.mistakes[0])
        return None


def _open_tcp(host: str, port: int, group: str = "") -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except socket.gaierror as error:
        raise SettingsError(
            (f"--{group}host cannot be used: {host!r} is no address of this machine ({error.strerror})",)
        ) from error
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise SettingsError((_why_not(error, host, port, group),)) from error
    return made


def _why_not(error: OSError, host: str, port: int, group: str) -> str:
    flag, zero = f"--{group}port", "turns it off" if group else "picks a free one"
    variable = flag.removeprefix("--").replace("-", "_").upper()
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is already in use; choose another with {flag} (or {variable}), 0 {zero}"
    if error.errno == errno.EACCES:
        return (
            f"port {port} needs privileges this process does not have; choose one above 1023 with {flag} "
            f"(or {variable})"
        )
    return f"--{group}host cannot be used: {host!r} port {port}: {error.strerror}"


def _remove_dead_socket(path: Path) -> None:
    """Take away the socket of a server that is gone; anything else at the path stays and makes bind fail."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a server that hangs accepts nobody
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
