"""A headless Chromium, driven through its DevTools protocol."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from support.http_client import LOOPBACK, request
from support.process import Process
from support.programs import clean_environment, find_program

_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # it refuses to run as root otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)


class PageError(RuntimeError):
    """What a page was told to do failed there, or was not done in time."""


class Page:
    """A tab of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self.events: list[dict[str, Any]] = []
        """What DevTools has reported, of the domains that are enabled: the newest is the last."""

    def slow_down(self, bytes_per_second: int) -> None:
        """Let the network be no faster than that, and no cache help out."""
        self._call("Network.enable")
        self._call("Network.setCacheDisabled", cacheDisabled=True)
        self._call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=0,
            downloadThroughput=bytes_per_second,
            uploadThroughput=bytes_per_second,
        )

    def open(self, url: str) -> None:
        """Go to a page, and return when it is loaded with all that it names; raises PageError."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self.events.clear()
        reply = self._call("Page.navigate", url=url)
        if "errorText" in reply:
            raise PageError(f"{url}: {reply['errorText']}")
        self._wait_for_load()

    def reload(self) -> None:
        """Do what the button does: ask for the page once more, and take from the cache what has not changed."""
        self.events.clear()
        self._call("Page.reload")
        self._wait_for_load()

    def evaluate(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to, awaited when it is a promise; raises PageError."""
        reply = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in reply:
            raise PageError(json.dumps(reply["exceptionDetails"], indent=1))
        return reply["result"].get("value")

    def statuses(self, url: str) -> list[int]:
        """List the statuses of the answers that the page has got from a URL, those of preflights left out."""
        answers = [event["params"] for event in self.events if event["method"] == "Network.responseReceived"]
        return [
            answer["response"]["status"]
            for answer in answers
            if answer["response"]["url"] == url and answer["type"] != "Preflight"
        ]

    def complaints(self) -> list[str]:
        """List what the browser has written to the page's console as an error."""
        entries = [event["params"]["entry"] for event in self.events if event["method"] == "Log.entryAdded"]
        thrown = [event["params"] for event in self.events if event["method"] == "Runtime.exceptionThrown"]
        return [entry["text"] for entry in entries if entry["level"] == "error"] + [str(one) for one in thrown]

    def _wait_for_load(self) -> None:
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == self._count:
                if "error" in message:
                    raise PageError(f"{method}: {message['error']}")
                return dict(message["result"])

    def _receive(self) -> dict[str, Any]:
        try:
            message = dict(json.loads(self._socket.recv(_ANSWER_SECONDS)))
        except TimeoutError:
            raise PageError(f"nothing was heard for {_ANSWER_SECONDS} s; the last: {self.events[-5:]}") from None
        if "method" in message:
            self.events.append(message)
        return message


class Chromium:
    """A browser with a new profile in `folder` (must exist), as a context manager that runs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._profile = folder / "profile"
        self._process: Process | None = None
        self._port = 0

    def __enter__(self) -> Self:
        argv = [find_program("chromium"), *_OPTIONS, f"--user-data-dir={self._profile}", "about:blank"]
        log = self._folder / "chromium.log"
        self._process = Process(argv, log=log, env=clean_environment(self._folder), cwd=self._folder)
        try:
            self._process.wait_until(self._is_ready, _START_SECONDS)
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a tab, which is closed with the block."""
        target = json.loads(request(self._port, "PUT", "/json/new?about:blank").body)
        with connect(target["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
            yield Page(socket)
        request(self._port, "GET", f"/json/close/{target['id']}")

    def _is_ready(self) -> bool:
        # It writes its port there once it listens.
        written = self._profile / "DevToolsActivePort"
        lines = written.read_text().splitlines() if written.exists() else []
        if not lines:
            return False
        self._port = int(lines[0])
        try:
            return request(self._port, "GET", "/json/version", host=LOOPBACK, timeout=1).status == 200
        except OSError:
            return False
