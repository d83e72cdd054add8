"""Whether the server of this container works: asked of its ops listener, which wants no token."""

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from ops.cli.client import Client
from ops.cli.discovery import own_ops_listener, targets_of
from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.faults import data_of, refusal
from ops.cli.fleet import Answer, PodResult, ask_all
from ops.cli.readiness import failing
from ops.cli.text import printable

if TYPE_CHECKING:
    from ops.cli.client import Reply

_REPORTS = frozenset({HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE})


def health(timeout: float) -> list[PodResult]:
    """What `/healthz` reports; without an ops listener any answer of the public port will do. Raises CommandError."""
    target = own_ops_listener()
    if target is not None:
        return ask_all([Client(target, timeout=timeout)], lambda client: _report(client.ask("GET", "/healthz")))
    (public,) = targets_of((), ())
    return ask_all([Client(public, timeout=timeout)], _any_answer)


def readiness(timeout: float) -> list[PodResult]:
    """What `/readyz` reports. Raises CommandError without an ops listener."""
    target = own_ops_listener()
    if target is None:
        raise CommandError("this server has no ops listener to ask", "give it one with OPS_PORT", ExitCode.USAGE)
    return ask_all([Client(target, timeout=timeout)], lambda client: _report(client.ask("GET", "/readyz")))


def _report(reply: "Reply") -> Answer:
    if reply.status not in _REPORTS:
        raise refusal(reply, has_token=False)
    report = data_of(replace(reply, status=HTTPStatus.OK), has_token=False)
    if reply.status == HTTPStatus.OK:
        return Answer(report)
    return Answer(report, ExitCode.FAILED, printable("; ".join(failing(report))), "its log says more")


def _any_answer(client: Client) -> Answer:
    reply = client.ask("GET", client.path("cache/stats"))
    detail = f"it answers with {reply.status}; there is no ops listener"
    return Answer({"status": "pass", "checks": {"public port": {"status": "pass", "detail": detail}}})
