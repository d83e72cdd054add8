"""Reads a server's metrics."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ops.cli.failure import CommandError
from ops.cli.faults import refusal

if TYPE_CHECKING:
    from ops.cli.client import Client


@dataclass(frozen=True, slots=True)
class Scrape:
    """Which metrics are wanted: what names begin with, and whether every bucket of histograms is."""

    name: str
    has_buckets: bool

    def carry_out(self, client: "Client") -> list[dict[str, Any]]:
        """The samples of one pod. Raises CommandError, also when there is no such metric."""
        from ops.cli.exposition import samples_of  # noqa: PLC0415 - only `metrics` pays for the parser

        reply = client.ask("GET", client.path("metrics"))
        if reply.status != HTTPStatus.OK:
            raise refusal(reply, has_token=bool(client.token))
        try:
            found = samples_of(reply.body.decode(), self.name)
        except ValueError:
            raise CommandError("the answer is not in Prometheus' text format", "see --url") from None
        told = [sample.as_json() for sample in found if self.has_buckets or not sample.name.endswith("_bucket")]
        if not told:
            raise CommandError(f"no metric begins with {self.name}", "s3ops metrics lists all of them")
        return told
