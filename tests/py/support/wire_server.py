"""A server that says, byte for byte, what a script has for a request; for servers that are old, broken or strange."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from support.http_client import LOOPBACK

Script = Callable[[bytes], bytes | None]
"""From the first line of a request to all bytes of the answer; None is silence until the client goes."""


class WireServer:
    """Answers each connection once, as the script says, and closes it; a context manager that runs it."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(ConnectionError):  # a client that has had enough may leave
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        raw = b""
        # Its body too: who closes with bytes unread resets the connection, and the answer may be lost with that.
        while not _is_whole(raw) and (block := connection.recv(65536)):
            raw += block
        self.requests.append(raw)
        answer = self._script(raw.partition(b"\r\n")[0])
        if answer is None:
            connection.recv(65536)
        else:
            connection.sendall(answer)


def _is_whole(raw: bytes) -> bool:
    head, end, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    return end != b"" and len(body) >= (int(length[1]) if length else 0)
