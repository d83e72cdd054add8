"""A part of a file on its way to a client, sent by the kernel out of its page cache."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from sidecar.errors import BodyLost

if TYPE_CHECKING:
    from sidecar.cache.body_reader import BodyReader
    from sidecar.server.hot_entry import FileSpan

TURN_BYTES: Final = 4 * 1024 * 1024
"""The most that one client is sent before it is another one's turn: half a millisecond's work, if it takes that much.

A quarter of it would cost half as much again for each byte.
"""

_PIECE_BYTES: Final = 1024 * 1024

_CUT: Final = "the stored body was cut short while it was being sent"


def send_at_once(connection: int, data: bytes, span: "FileSpan") -> int | None:
    """Send `data` and then a part of a file to a socket, as far as it takes them at once: how many bytes it took.

    None where the first bytes of the part are not at hand, or `data` cannot be sent: nothing was. What cannot be sent
    of the part is met again by who goes on. Raises OSError, when nothing was sent.
    """
    body, offset, size = span
    size = _at_hand(body.reader, offset, size)
    if size == 0:
        return None
    try:
        sent = os.write(connection, data)
    except BlockingIOError:
        return 0
    if sent == len(data):
        with suppress(OSError, BodyLost):
            sent += body.reader.send(connection, offset, size)
    return sent


def _at_hand(reader: "BodyReader", offset: int, size: int) -> int:
    """How many bytes from `offset` can be sent without waiting: all that is wanted and one turn, a piece, or none."""
    for most in (TURN_BYTES, _PIECE_BYTES):
        wanted = min(size, most)
        if reader.is_at_hand(offset, wanted):
            return wanted
    return 0


class Spawner(Protocol):
    """Runs work in the background."""

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Task[None]":
        """Begin."""
        ...


class FileSending:
    """Sends bytes and then a part of a file, on a connection whose transport has nothing to send.

    What the client does not take at once is sent when it can take more; what is not in memory is read by a thread.
    """

    def __init__(self, connection: int, data: bytes, span: "FileSpan", sent: int, tasks: Spawner) -> None:
        """Send on the socket with this descriptor; `send_at_once` has `sent` so many of the bytes."""
        self._connection = connection
        self._waiting = memoryview(data)[sent:]
        self._reader, self._offset, self._left = span.body.reader, span.offset, span.size
        self._pass(max(0, sent - len(data)))
        self._tasks = tasks
        self._ended: Callable[[Exception | None], None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.sent = sent
        """Bytes that the kernel took, those before the part included."""

    def go_on(self, ended: Callable[[Exception | None], None]) -> None:
        """Send the rest, and say how that ended: by OSError, BodyLost or nothing. Raises OSError: it cannot be done."""
        # The transport's own descriptor cannot be watched by others; and the reader's owner may close it at any time.
        reader = self._reader.share()
        try:
            self._connection = os.dup(self._connection)
        except OSError:
            reader.close()
            raise
        self._reader, self._ended = reader, ended
        self._wait()

    def cancel(self) -> None:
        """Send nothing more, and say nothing."""
        if self._ended is None:
            return
        self._ended = None
        if self._task is not None:
            self._task.cancel()
        asyncio.get_running_loop().remove_writer(self._connection)
        os.close(self._connection)
        self._reader.close()

    def _step(self) -> None:
        """Send once, and wait: for the client, for others whose turn it is, or for the disk."""
        try:
            if self._waiting:
                self._write()
            elif size := _at_hand(self._reader, self._offset, self._left):
                self._send(size)
            else:
                asyncio.get_running_loop().remove_writer(self._connection)
                self._task = self._tasks.spawn(self._read(), name="read a body")
        except BlockingIOError:
            return
        except (OSError, BodyLost) as error:
            self._end(error)
            return
        if not self._left and not self._waiting:
            self._end(None)

    def _wait(self) -> None:
        """Until the client can take more."""
        asyncio.get_running_loop().add_writer(self._connection, self._step)

    def _write(self) -> None:
        """Send of what was read or given."""
        count = os.write(self._connection, self._waiting)
        self._waiting = self._waiting[count:]
        self.sent += count

    def _send(self, size: int) -> None:
        """Send so much of the file, which is at hand."""
        count = self._reader.send(self._connection, self._offset, size)
        if count == 0:
            raise BodyLost(_CUT)
        self._pass(count)
        self.sent += count

    def _pass(self, count: int) -> None:
        self._offset += count
        self._left -= count

    async def _read(self) -> None:
        """Read what has to be waited for, and send that."""
        try:
            read = await self._reader.read(self._offset, min(self._left, _PIECE_BYTES))
        except (OSError, BodyLost) as error:
            self._end(error)
            return
        self._task = None
        if read:
            self._waiting = memoryview(read)
            self._pass(len(read))
            self._wait()
        else:
            self._end(BodyLost(_CUT))

    def _end(self, error: Exception | None) -> None:
        ended, self._task = self._ended, None
        self.cancel()
        if ended is not None:
            ended(error)
