"""Warms a prefix or a list of keys, and follows how far it has come."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.fleet import Answer
from ops.cli.text import printable

if TYPE_CHECKING:
    from ops.cli.client import Client
    from ops.cli.fleet import Report

MAX_BODY_BYTES = 60 * 1024
"""Of keys in one request: the server takes 64 KiB in all."""
MAX_FAILURES = 10
COUNTS = ("done", "hits", "fetched", "missing", "failed")

Counts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Warming:
    """What is to be fetched, by every pod: all below `prefix`, or `keys`."""

    prefix: str | None
    keys: Sequence[str]
    concurrency: int

    def carry_out(self, client: "Client", report: "Report") -> Answer:
        """Warm one pod. Raises CommandError when it cannot be asked."""
        sums: Counts = dict.fromkeys(COUNTS, 0) | {"failures": []}
        for body in self._bodies():
            last: Counts = {}
            try:
                for last in client.post_for_lines("cache/warm", body):
                    report(sums["done"] + last.get("done", 0), self._total(last))
            except CommandError as error:
                if not sums["done"] and not last:
                    raise
                return _broken_off(added(sums, last), error.message)
            sums = added(sums, last)
            if last.get("state") != "done":
                return _broken_off(sums, str(last.get("error") or "the server ended its answer early"))
        return _found_nothing(sums, self.prefix) if self.prefix is not None and not sums["done"] else _finished(sums)

    def _total(self, told: Counts) -> int | None:
        return len(self.keys) if self.prefix is None else told.get("total")

    def _bodies(self) -> Iterator[dict[str, Any]]:
        names = (
            [{"prefix": self.prefix}] if self.prefix is not None else [{"keys": keys} for keys in batches(self.keys)]
        )
        for name in names:
            yield {**name, "concurrency": self.concurrency}


def batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys in as few lists as fit into requests."""
    batch: list[str] = []
    taken = 0
    for key in keys:
        length = len(json.dumps(key)) + 2
        if batch and taken + length > MAX_BODY_BYTES:
            yield batch
            batch, taken = [], 0
        batch.append(key)
        taken += length
    if batch:
        yield batch


def added(sums: Counts, told: Counts) -> Counts:
    """The sums with what one request came to; the last few failures are kept."""
    counts = {name: sums[name] + told.get(name, 0) for name in COUNTS}
    return counts | {"failures": [*sums["failures"], *told.get("failures", [])][-MAX_FAILURES:]}


def _finished(sums: Counts) -> Answer:
    failed, done = sums["failed"], sums["done"]
    if not failed:
        return Answer(sums)
    last = f": {printable(str(sums['failures'][-1]))}" if sums["failures"] else ""
    code = ExitCode.FAILED if failed == done else ExitCode.PARTLY
    return Answer(
        sums, code, f"{failed} of {done} objects failed{last}", "warm again: what is stored is not fetched twice"
    )


def _found_nothing(sums: Counts, prefix: str) -> Answer:
    """A mistyped prefix: whoever warms one wants to serve what lies below it."""
    named = f"below {printable(prefix)}" if prefix.strip("/") else "at all"
    advice = "check the name: one that begins with / is a path of the website, another a key as the bucket has it"
    return Answer(sums, ExitCode.FAILED, f"the bucket has nothing {named}", advice)


def _broken_off(sums: Counts, reason: str) -> Answer:
    code = ExitCode.PARTLY if sums["hits"] + sums["fetched"] else ExitCode.FAILED
    return Answer(sums, code, f"the warm broke off: {printable(reason)}", "the server's log says more; then warm again")
