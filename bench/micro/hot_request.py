"""What a hot request costs: CPU time to read its head, answer it and tell of it, with each kind of access log.

Nothing is sent. Loops take turns, the fastest of each counts: `python -m bench.micro.hot_request`.
"""

import dataclasses
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ops.metrics.numbers import Counts, Part, shared_numbers
from ops.metrics.observer import Metrics
from sidecar.audience import Audience
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.clock import SystemClock
from sidecar.log.access_log import AccessLog
from sidecar.observe import Observer
from sidecar.server.finish import Asked, Finish
from sidecar.server.front import Front
from sidecar.server.hot_entry import Entry, MemoryBody, Representation
from sidecar.server.hotpath import HotPath
from sidecar.server.responses import Question, Reply, reply_to
from sidecar.server.waiting_list import WaitingLists
from sidecar.settings import Settings, load

REQUESTS = 5_000
TURNS = 25
BODY = b"x" * 1024
REQUEST = (
    b"GET /assets/app.js?v=3 HTTP/1.1\r\nHost: www.example.com\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36\r\n"
    b"Accept: */*\r\nAccept-Encoding: gzip, br\r\nReferer: https://www.example.com/docs/\r\n"
    b"X-Forwarded-For: 203.0.113.9\r\n\r\n"
)
STORED = StoredResponse(
    kind=Kind.OBJECT,
    headers=(("content-type", "text/javascript"), ("etag", '"a"')),
    content_length=len(BODY),
    etag='"a"',
    last_modified=1_700_000_000,
    received_at=0.0,
    initial_age_seconds=0.0,
    lifetime_seconds=9e9,
    stale_while_revalidate_seconds=0.0,
    stale_if_error_seconds=0.0,
    tags=(),
    epoch=0,
    purge_count=0,
    identity="",
)


def main() -> None:
    """Measure each, and print microseconds of CPU time for one request."""
    with tempfile.TemporaryDirectory() as folder:
        loops = {kind: _loop(_settings(kind, Path(folder))) for kind in ("off", "combined", "json")}
        least = dict.fromkeys(loops, math.inf)
        for _ in range(TURNS):
            for kind, loop in loops.items():
                least[kind] = min(least[kind], _measured(loop))
    for kind, seconds in least.items():
        print(f"{kind:9} {seconds * 1e6:6.2f} µs")


def _settings(kind: str, folder: Path) -> Settings:
    flags = {
        "bucket": "site",
        "log_dir": str(folder),
        "auth_key": "a-key-of-nobody",
        "key": "an-id",
        "secret": "s3cr3t",
    }
    return load(flags | ({"access_log": kind} if kind != "off" else {}), {})


def _measured(loop: Callable[[], None]) -> float:
    before = time.process_time()  # of all threads: what writes lines counts too
    loop()
    return (time.process_time() - before) / REQUESTS


def _loop(settings: Settings) -> Callable[[], None]:
    observer, flush = _observer(settings)
    hot, clock = HotPath(2**20, frozenset(), WaitingLists(time.monotonic), ignores_query=True), SystemClock()
    stored = dataclasses.replace(STORED, received_at=clock.now(), lifetime_seconds=2.0**31)
    entry = Entry("a", stored, is_negotiable=False, long_way_at=math.inf)
    body = MemoryBody(BODY)
    representation = Representation("/assets/app.js", stored, _rendered, body, len(BODY), lambda: True, math.inf)
    hot.put(b"/assets/app.js", None, entry, representation)
    front = Front(settings, hot, Finish(("*",)), clock, observer)

    def loop() -> None:
        for _ in range(REQUESTS):
            head = front.heads.read_usual(REQUEST)
            assert head is not None  # noqa: S101 - else nothing is measured
            answer = front.answer(head)
            assert answer is not None  # noqa: S101
            front.tell(head, answer, "127.0.0.1")
        flush()

    return loop


def _rendered(question: Question, method: str, now: float) -> Reply:
    reply = reply_to(question, STORED, media_type="text/javascript", now=now, is_seekable=True)
    return Finish(("*",)).dress(reply, Asked(method))


def _observer(settings: Settings) -> tuple[Observer, Callable[[], bool]]:
    audience = Audience(settings, Metrics(Counts(Part(shared_numbers(1), 1))))
    log = audience.observer
    return log, (lambda: log.flush(10)) if isinstance(log, AccessLog) else lambda: True


if __name__ == "__main__":
    main()
