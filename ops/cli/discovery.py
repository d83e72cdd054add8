"""Finds the servers that a command is meant for."""

import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.target import EVERYWHERE, OPS_PORT, Target, parse
from sidecar.errors import SettingsError

MAX_PODS = 1000
_OWN = ("host", "port", "tls_cert", "ops_path")


def targets_of(urls: Iterable[str], names: Iterable[str]) -> list[Target]:
    """The servers of `--url` and every address behind the names of `--dns`; without any, the one of this container.

    Raises CommandError when a name leads nowhere, or the environment cannot be read.
    """
    given = [_parsed("--url", url) for url in urls]
    found = [target for name in names for target in _behind(_parsed("--dns", name))]
    targets = list(dict.fromkeys(given + found)) or [_own()]
    if len(targets) > MAX_PODS:
        raise CommandError(f"{len(targets)} servers are more than {MAX_PODS}", "name fewer", ExitCode.USAGE)
    return targets


def _parsed(flag: str, text: str) -> Target:
    try:
        return parse(text)
    except ValueError as error:
        raise CommandError(f"{flag} {error}", f"see s3ops --help for {flag}", ExitCode.USAGE) from None


def _behind(name: Target) -> list[Target]:
    """One target for each address of the name."""
    if name.unix_path:
        raise CommandError("--dns must be name:port", "a socket is named with --url", ExitCode.USAGE)
    try:
        found = socket.getaddrinfo(name.host, name.port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "check the name; within Kubernetes a headless service lists only pods that are ready"
        reason = error.strerror or str(error)
        raise CommandError(f"{name.host} does not resolve: {reason}", advice, ExitCode.UNREACHABLE) from None
    return [replace(name, address=str(address[0])) for *_, address in found]


def _own() -> Target:
    """The server that was started with this environment."""
    found = own_settings(_OWN)
    host, certificate = str(found["host"]), found["tls_cert"]
    scheme = "http" if certificate is None else "https"
    own = Target(scheme, port=found["port"], ops_path=found["ops_path"], certificate=certificate)
    if host.startswith("unix:"):
        return replace(own, unix_path=host.removeprefix("unix:"))
    if own.port == 0:
        raise CommandError("the server's port is 0: it took a free one", "give --url; its log says it", ExitCode.USAGE)
    return replace(own, host=EVERYWHERE.get(host, host))


def own_ops_listener() -> Target | None:
    """The ops listener of the server that was started with this environment; None when that has none."""
    found = own_settings(("ops_host", "ops_port"))
    host, port = str(found["ops_host"]), found["ops_port"]
    return None if port == 0 else Target(host=EVERYWHERE.get(host, host), port=port or OPS_PORT)


def own_token() -> str:
    """The token of the server that was started with this environment; empty when it has none."""
    key = own_settings(("auth_key",))["auth_key"]
    return "" if key is None else str(key.reveal())


def own_settings(names: Iterable[str]) -> dict[str, Any]:
    """What the server of this environment reads. Raises CommandError when that cannot be used."""
    from sidecar.settings import read_some  # noqa: PLC0415 - only who was given no URL or token pays for it

    try:
        return read_some(names)
    except SettingsError as error:
        message = "the server's own settings cannot be read: " + "; ".join(error.mistakes)
        raise CommandError(message, "give --url and --token-file, or correct them", ExitCode.USAGE) from None
