"""What a relay sees of one request and its answer."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import httptools


@dataclass(slots=True)
class Exchange:
    """A request and, as far as it has come, its answer. Header names are in lower case."""

    method: str
    target: str
    """As sent: percent-encoded, with its query."""
    key: str | None
    """The object key, empty for the bucket itself, None when the target is outside the bucket."""
    headers: list[tuple[str, str]]
    status: int | None = None
    """Of the final answer, once its head has come to the relay."""
    body_bytes: int = 0
    """Passed on to the client; of a chunked body with its framing."""
    completed: threading.Event = field(default_factory=threading.Event)
    """Set when the whole answer was passed on, which the client may know a moment before."""

    def header(self, name: str) -> str | None:
        """Return the first value of a request header, None when it is missing."""
        return next((value for other, value in self.headers if other == name.lower()), None)


def key_in(target: str, bucket: str) -> str | None:
    """Read the key in a path-style target: `/site/a%20b?x=1` is `a b` in `site`."""
    root = f"/{bucket}"
    path = target.partition("?")[0]
    if path == root:
        return ""
    return unquote(path.removeprefix(f"{root}/")) if path.startswith(f"{root}/") else None


class RequestReader:
    """Reads requests in the bytes of one connection and reports each when its head is complete.

    One request at a time: raises httptools.HttpParserCallbackError when another begins before `take` was called.
    """

    def __init__(self, bucket: str, on_request: Callable[[Exchange], None]) -> None:
        self._bucket = bucket
        self._on_request = on_request
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self.current: Exchange | None = None
        """The request whose head has come, until it is complete and taken."""
        self.is_complete = False
        """Whether the body of the current request has come too."""

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the connection; raises httptools.HttpParserError for what is not HTTP."""
        self._parser.feed_data(data)

    def take(self) -> None:
        """Be ready for the next request."""
        self.current = None
        self.is_complete = False

    def on_message_begin(self) -> None:
        """Begin a request (httptools calls these)."""
        if self.current is not None:
            raise RuntimeError("the relay knows no pipelining")
        self._target = b""
        self._headers = []

    def on_url(self, piece: bytes) -> None:
        """Add to the target."""
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header."""
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Report the request."""
        target = self._target.decode("latin-1")
        method = self._parser.get_method().decode("latin-1")
        self.current = Exchange(method, target, key_in(target, self._bucket), self._headers)
        self._on_request(self.current)

    def on_message_complete(self) -> None:
        """Note that its body has come."""
        self.is_complete = True
