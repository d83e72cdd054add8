"""The body of an answer, read as far as a test wants."""

from collections.abc import Iterator
from typing import BinaryIO

from support.http_reply import Head


class ClosedEarlyError(ConnectionError):
    """The connection ended within an answer; `received` is what had come of the head or body being read."""

    def __init__(self, message: str, received: bytes = b"") -> None:
        super().__init__(message)
        self.received = received


class Body:
    """The body that follows `head` in `source`."""

    def __init__(self, source: BinaryIO, head: Head, method: str) -> None:
        self._source = source
        self._spans = _spans(source, head, method)
        self._left: int | None = 0
        """Bytes until the next span begins; None until the connection ends."""

    def read(self, limit: int | None = None) -> bytes:
        """Read `limit` bytes, or fewer when the body ends before; without a limit, all the rest.

        Raises ClosedEarlyError with what came, TimeoutError when the next byte does not come.
        """
        received = bytearray()
        while limit is None or len(received) < limit:
            if self._left == 0:
                self._left = next(self._spans, 0)
                if self._left == 0:
                    break
            piece = self._read_piece(None if limit is None else limit - len(received), received)
            if not piece:
                break
            received += piece
        return bytes(received)

    def _read_piece(self, limit: int | None, received: bytearray) -> bytes:
        wanted = [size for size in (limit, self._left) if size is not None]
        piece = self._source.read(min(wanted, default=-1))
        if self._left is not None:
            if len(piece) < min(wanted):
                raise ClosedEarlyError("within a body", bytes(received) + piece)
            self._left -= len(piece)
        return piece


def _spans(source: BinaryIO, head: Head, method: str) -> Iterator[int | None]:
    """Yield the sizes of what follows, one after the other is read; None for all until the end of the connection."""
    if not head.has_body(method):
        return
    if head.is_chunked:
        yield from _chunks(source)
    else:
        yield head.content_length


def _chunks(source: BinaryIO) -> Iterator[int]:
    while size := int(_line(source).partition(b";")[0], 16):
        yield size
        if _line(source):
            raise ValueError("a chunk is longer than it says")
    while _line(source):  # trailers
        pass


def _line(source: BinaryIO) -> bytes:
    line = source.readline()
    if not line.endswith(b"\r\n"):
        raise ClosedEarlyError("within the framing of a chunk", line)
    return line.removesuffix(b"\r\n")
