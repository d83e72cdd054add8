"""The ops listener: metrics and health on a port of their own, in a thread of the main process.

It shares nothing with the workers but memory, so it answers when they are busy, hang or are dead.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from ops.health import Report, health_of, origin_of, readiness_of
from ops.metrics.exposition import Exposition
from ops.metrics.numbers import Part
from ops.metrics.overview import Overview

if TYPE_CHECKING:
    import socket

    from sidecar.clock import Clock

logger = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0
"""How long a look at the numbers is good for: nobody makes the server look more often."""
_PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.1
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>s3-sidecar</title>
<h1>s3-sidecar {version}</h1>
<ul>
<li><a href="/metrics">/metrics</a>: for Prometheus
<li><a href="/healthz">/healthz</a>: whether it works
<li><a href="/readyz">/readyz</a>: whether it can take traffic
</ul>
</html>
"""


class OpsListener:
    """Answers who scrapes and probes, until `stop`; `look` gives the numbers of the moment."""

    def __init__(
        self, socket: "socket.socket", look: Callable[[], Overview], own: Part, clock: "Clock", *, serves_stale: bool
    ) -> None:
        self._socket = socket
        self._look = look
        self._own = own
        self._clock = clock
        self._serves_stale = serves_stale
        self._exposition = Exposition(look)
        self._ready: tuple[float, Report] | None = None
        self._thread = threading.Thread(target=self._run, name="ops listener", daemon=True)
        self.is_draining = False

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def withdraw(self) -> None:
        """Say from now on that it is not ready."""
        self.is_draining = True

    drain = withdraw

    def close(self) -> None:
        """It answers to the last, and goes with the process."""

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            logger.exception("the ops listener has failed")

    async def _serve(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._health),
                web.get("/readyz", self._readiness),
            ]
        )
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        host, port = self._socket.getsockname()[:2]
        logger.info("ops listener on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        await asyncio.Event().wait()

    async def _page(self, _: web.Request) -> web.Response:
        text = _PAGE.format(version=self._look().server.version)
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    async def _metrics(self, request: web.Request) -> web.Response:
        text, media_type = self._exposition.write(request.headers.get("accept", ""))
        return web.Response(body=text, headers={"content-type": media_type})

    async def _health(self, _: web.Request) -> web.Response:
        return _answer(health_of(self._look(), self._clock.now()))

    async def _readiness(self, _: web.Request) -> web.Response:
        """The report of the last second; where nobody has asked the bucket yet, once that is done."""
        now = time.monotonic()
        if self._ready is None or self.is_draining or now - self._ready[0] >= _FRESH_SECONDS:
            self._own.tell("asked_ns", time.monotonic_ns())
            while self._is_to_wait(now):  # noqa: ASYNC110 - another process knows it first
                await asyncio.sleep(_LOOK_SECONDS)
            report = readiness_of(self._look(), is_draining=self.is_draining, serves_stale=self._serves_stale)
            self._ready = (time.monotonic(), report)
        return _answer(self._ready[1])

    def _is_to_wait(self, since: float) -> bool:
        return not origin_of(self._look()).is_known and time.monotonic() - since < _PATIENCE_SECONDS


def _answer(report: Report) -> web.Response:
    status = HTTPStatus.OK if report.is_passed else HTTPStatus.SERVICE_UNAVAILABLE
    text = json.dumps(report.document(), indent=2) + "\n"
    headers = {"cache-control": "no-store"}
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)
