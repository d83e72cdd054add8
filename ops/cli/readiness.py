"""How one server is: its numbers, and what its ops listener says of readiness."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.faults import data_of
from ops.cli.fleet import Answer
from ops.cli.target import EVERYWHERE
from ops.cli.text import printable

if TYPE_CHECKING:
    from ops.cli.client import Client
    from ops.cli.target import Target

_MAX_WAIT = 3.0
"""Seconds for the ops listener, which a firewall may well swallow: it is not what was asked for."""


def look(client: "Client") -> Answer:
    """The data: `stats`, and `ready`, what `/readyz` says, None when that cannot be asked. Raises CommandError."""
    data = {"stats": client.get("cache/stats"), "ready": _ready(client)}
    wrong = failing(data["ready"])
    if wrong:
        return Answer(data, ExitCode.FAILED, f"not ready: {printable('; '.join(wrong))}", "its log says more")
    return Answer(data)


def failing(ready: Any) -> list[str]:
    """What keeps it from being ready."""
    checks = {} if ready is None else ready.get("checks", {})
    return [f"{name}: {check.get('detail', '')}" for name, check in checks.items() if check.get("status") != "pass"]


def _ready(client: "Client") -> Any:
    """Ask the ops listener, which wants no token and is not told one."""
    try:
        target = _ops_listener(client.target, client.get("config")["settings"])
        if target is None:
            return None
        asked = replace(client, target=target, token="", timeout=min(client.timeout, _MAX_WAIT))
        reply = asked.ask("GET", "/readyz")
        known = {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
        return data_of(replace(reply, status=HTTPStatus.OK), has_token=False) if reply.status in known else None
    except (CommandError, LookupError, TypeError, AttributeError):
        return None


def _ops_listener(target: "Target", settings: Mapping[str, Any]) -> "Target | None":
    """Where the server says that it is; None when it has none, or one that cannot be reached from here."""
    host, port = settings["ops_host"], settings["ops_port"]
    there = replace(target, scheme="http", port=port, unix_path="", certificate=None)
    if host not in EVERYWHERE:
        there = replace(there, host=host, address="")
    return there if port and (target.is_loopback or not there.is_loopback) else None
