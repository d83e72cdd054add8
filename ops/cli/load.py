"""A small load: a few connections that ask for a path over and over."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from ops.cli.connection import Connection, context_of
from ops.cli.exit_code import ExitCode
from ops.cli.faults import unreachable
from ops.cli.fleet import Answer
from ops.cli.latency import histogram, quantile

if TYPE_CHECKING:
    from ops.cli.client import Client
    from ops.cli.fleet import Report

BARS = 12
SHARES = (0.5, 0.9, 0.99, 0.999)
_REPORT_EVERY = 50
_GOOD = range(200, 400)


@dataclass(slots=True)
class Samples:
    """What one connection saw: spans in seconds, statuses, bytes, and requests without an answer."""

    spans: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    body_bytes: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """How much: so many requests over so many connections, for at most so many seconds."""

    path: str
    requests: int
    connections: int
    seconds: float

    def carry_out(self, client: "Client", report: "Report") -> Answer:
        """Load one pod. Raises CommandError when it cannot be reached; the token is not sent."""
        self._try_once(client)
        tickets, begun = _Tickets(self.requests, time.monotonic() + self.seconds), time.monotonic()
        with ThreadPoolExecutor(self.connections) as pool:
            parts = list(pool.map(lambda _: self._ask(client, tickets, report), range(self.connections)))
        return _answer(parts, time.monotonic() - begun)

    def _try_once(self, client: "Client") -> None:
        connection = Connection(client.target, client.timeout, context_of(client.target, client.ca_file))
        try:
            connection.connect()
        except OSError as error:
            raise unreachable(error, client.timeout) from None
        finally:
            connection.close()

    def _ask(self, client: "Client", tickets: "_Tickets", report: "Report") -> Samples:
        samples = Samples()
        connection = Connection(client.target, client.timeout, context_of(client.target, client.ca_file))
        while (number := tickets.take()) is not None:
            try:
                self._once(connection, client.target.host_field, samples)
            except (OSError, http.client.HTTPException):
                samples.broken += 1
                connection.close()
            if number % _REPORT_EVERY == 0 or number == self.requests:
                report(number, self.requests)
        connection.close()
        return samples

    def _once(self, connection: Connection, host: str, samples: Samples) -> None:
        begun = time.perf_counter()
        connection.request("GET", self.path, headers={"Host": host, "User-Agent": "s3ops bench"})
        response = connection.getresponse()
        while block := response.read(256 * 1024):
            samples.body_bytes += len(block)
        samples.spans.append(time.perf_counter() - begun)
        samples.statuses[response.status] += 1
        samples.outcomes[_outcome(response.getheader("cache-status", ""))] += 1


class _Tickets:
    """Hands out the numbers of requests until there are enough, or the time is over."""

    def __init__(self, most: int, until: float) -> None:
        self._most = most
        self._until = until
        self._numbers = count(1)
        self._lock = threading.Lock()

    def take(self) -> int | None:
        with self._lock:
            number = next(self._numbers)
        return number if number <= self._most and time.monotonic() < self._until else None


def _outcome(field_value: str) -> str:
    """The first word of Cache-Status that says what happened (RFC 9211 2)."""
    words = [part.strip() for part in field_value.split(";")[1:]]
    return next((word for word in words if word == "hit" or word.startswith("fwd=")), "none")


def _answer(parts: Sequence[Samples], seconds: float) -> Answer:
    spans = sorted(span for part in parts for span in part.spans)
    statuses: Counter[int] = sum((part.statuses for part in parts), Counter())
    broken = sum(part.broken for part in parts)
    wrong = broken + sum(number for status, number in statuses.items() if status not in _GOOD)
    data = {
        "requests": len(spans) + broken,
        "seconds": seconds,
        "requests_per_second": len(spans) / seconds,
        "bytes_per_second": sum(part.body_bytes for part in parts) / seconds,
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "cache_status": dict(sum((part.outcomes for part in parts), Counter())),
        "broken": broken,
        "latency_seconds": _latency(spans),
        "histogram": histogram(spans, BARS) if spans else [],
    }
    if not wrong:
        return Answer(data)
    code = ExitCode.FAILED if wrong == data["requests"] else ExitCode.PARTLY
    return Answer(
        data, code, f"{wrong} of {data['requests']} requests failed", "s3ops logs, or the server's own, say why"
    )


def _latency(spans: Sequence[float]) -> Mapping[str, Any]:
    if not spans:
        return {}
    shares = {f"p{share * 100:g}": quantile(spans, share) for share in SHARES}
    return {"min": spans[0], **shares, "max": spans[-1]}
