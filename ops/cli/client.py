"""Asks one server: requests with a token, bounded answers, and errors that say what to do."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.cli.connection import Connection, context_of
from ops.cli.faults import data_of, unreachable
from ops.cli.target import Target

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024
_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `headers` by lower-case name, `body` in full."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """Asks `target`; `timeout` is the longest silence and, without a stream, the longest answer, in seconds."""

    target: Target
    token: str = ""
    timeout: float = 10.0
    ca_file: Path | None = None

    def get(self, endpoint: str) -> Any:
        """The JSON of a management endpoint. Raises CommandError."""
        return data_of(self.ask("GET", self.path(endpoint)), has_token=bool(self.token))

    def post(self, endpoint: str, content: Any = None) -> Any:
        """Have a management endpoint do something, and return the JSON that it answers. Raises CommandError."""
        return data_of(self.ask("POST", self.path(endpoint), content), has_token=bool(self.token))

    def post_for_lines(self, endpoint: str, content: Any) -> Iterator[Any]:
        """The same for an answer of many lines, each of them JSON. Raises CommandError."""
        for reply in self.stream("POST", self.path(endpoint), content):
            yield data_of(reply, has_token=bool(self.token))

    def path(self, endpoint: str) -> str:
        """Where an endpoint is."""
        return f"{self.target.ops_path}/_private/{endpoint}"

    def ask(self, method: str, path: str, content: Any = None) -> Reply:
        """Send a request for a path of the server, with `content` as JSON. Raises CommandError without an answer."""
        with self._sent(method, path, content) as response:
            return Reply(response.status, _headers(response), self._read(response))

    def stream(self, method: str, path: str, content: Any = None) -> Iterator[Reply]:
        """The same for an answer of lines, each as soon as it has come. Raises CommandError."""
        with self._sent(method, path, content) as response:
            while line := response.readline(MAX_LINE_BYTES):
                if line.strip():
                    yield Reply(response.status, _headers(response), line)

    @contextmanager
    def _sent(self, method: str, path: str, content: Any) -> Iterator[http.client.HTTPResponse]:
        try:
            with closing(Connection(self.target, self.timeout, context_of(self.target, self.ca_file))) as connection:
                body = None if content is None else json.dumps(content).encode()
                connection.request(method, path, body, self._fields(body))
                yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(error, self.timeout) from None

    def _fields(self, body: bytes | None) -> dict[str, str | bytes]:
        fields: dict[str, str | bytes] = {"Host": self.target.host_field, "User-Agent": "s3ops", "Connection": "close"}
        if self.token:
            fields["Authorization"] = b"Bearer " + self.token.encode()
        if body is not None:
            fields["Content-Type"] = "application/json"
        return fields

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """The whole body: within the time, for a server that sends a little now and then, and the size."""
        deadline = time.monotonic() + self.timeout
        body = bytearray()
        while block := response.read1(_BLOCK_BYTES):
            body += block
            if len(body) > MAX_ANSWER_BYTES:
                raise http.client.HTTPException(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return bytes(body)


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
