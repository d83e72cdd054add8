"""Purges names and tags, one request for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.fleet import Answer

if TYPE_CHECKING:
    from ops.cli.client import Client
    from ops.cli.fleet import Report

MAX_PURGES = 4096
"""As many rules as a server remembers: more would make everything stale."""
MAX_FAILURES = 10

Purge = dict[str, Any]


def purges_of(names: Iterable[str], tags: Iterable[str], *, kind: str | None, is_soft: bool) -> list[Purge]:
    """The bodies to post, one for each name and tag. Raises CommandError for none and for too many."""
    scopes = [*(_scope(name, kind) for name in names), *({"tag": tag} for tag in tags)]
    if not scopes:
        raise CommandError("nothing to purge", "name a key, a prefix or a --tag; / is everything", ExitCode.USAGE)
    if len(scopes) > MAX_PURGES:
        advice = "purge their common prefix, or clear the cache"
        raise CommandError(f"a server remembers {MAX_PURGES} purges, not {len(scopes)}", advice, ExitCode.USAGE)
    return [{**scope, "soft": is_soft} for scope in scopes]


def _scope(name: str, kind: str | None) -> dict[str, str]:
    if kind is not None:
        return {kind: name}
    return {"prefix": name.removesuffix("*")} if name.endswith(("/", "*")) else {"key": name}


@dataclass(frozen=True, slots=True)
class Purges:
    """What is to be purged, of every pod."""

    asked: Sequence[Purge]

    def carry_out(self, client: "Client", report: "Report") -> Answer:
        """Purge all of it at one pod. Raises CommandError when nothing was."""
        rules: list[Any] = []
        removed, failures = 0, []
        for number, asked in enumerate(self.asked, start=1):
            try:
                done = client.post("cache/purge", asked)
            except CommandError as error:
                if not rules:
                    raise
                failures.append(error.message)
            else:
                rules += done.get("rules", [])
                removed += done.get("removed", 0)
            report(number, len(self.asked))
        data = {"rules": rules, "removed": removed, "failed": len(failures), "failures": failures[-MAX_FAILURES:]}
        if not failures:
            return Answer(data)
        told = f"{len(failures)} of {len(self.asked)} purges failed: {failures[-1]}"
        return Answer(data, ExitCode.PARTLY, told, "purge again: to purge twice does no harm")
