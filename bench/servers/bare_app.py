"""A protocol on uvloop that looks at nothing but the path and one range: `bare_app.py PORT FOLDER`."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

_IN_MEMORY_BYTES = 64 * 1024
_TURN_BYTES = 1024 * 1024
_RANGE = re.compile(rb"[Rr]ange: bytes=([0-9]+)-([0-9]+)\r\n")
_FIELDS = b'cache-control: public, max-age=86400\r\netag: "bare"\r\ncontent-type: text/html; charset=utf-8\r\n'


@dataclass(frozen=True, slots=True)
class Item:
    """A file, and all of the answer to it where that is short."""

    descriptor: int
    size: int
    answer: bytes


class Bare(asyncio.Protocol):
    """One connection."""

    items: dict[bytes, Item]
    folder: Path
    transport: Any

    def connection_made(self, transport: Any) -> None:
        """Know the socket, under a number that the loop does not watch."""
        self.transport = transport
        self._socket = os.dup(transport.get_extra_info("socket").fileno())
        self._file, self._offset, self._left = -1, 0, 0

    def connection_lost(self, _: Exception | None) -> None:
        """Close it."""
        asyncio.get_running_loop().remove_writer(self._socket)
        os.close(self._socket)

    def data_received(self, data: bytes) -> None:
        """One request is one piece."""
        item = self._item(data[5 : data.find(b" ", 5)])
        if item is None:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        if item.answer:
            self.transport.write(item.answer)
            return
        wanted = _RANGE.search(data)
        start, stop = (int(wanted[1]), int(wanted[2]) + 1) if wanted else (0, item.size)
        os.write(self._socket, _head(start, stop, item.size, is_part=wanted is not None))
        self._file, self._offset, self._left = item.descriptor, start, stop - start
        if not self._send():
            asyncio.get_running_loop().add_writer(self._socket, self._go_on)

    def _item(self, path: bytes) -> Item | None:
        item, file = self.items.get(path), self.folder / path.decode()
        if item is None and file.is_file():
            descriptor, size = os.open(file, os.O_RDONLY), file.stat().st_size
            answer = _head(0, size, size, is_part=False) + file.read_bytes() if size <= _IN_MEMORY_BYTES else b""
            item = self.items[path] = Item(descriptor, size, answer)
        return item

    def _send(self) -> bool:
        """Whether that was all."""
        try:
            while self._left:
                sent = os.sendfile(self._socket, self._file, self._offset, min(self._left, _TURN_BYTES))
                self._offset += sent
                self._left -= sent
        except BlockingIOError:
            return False
        return True

    def _go_on(self) -> None:
        if self._send():
            asyncio.get_running_loop().remove_writer(self._socket)


def _head(start: int, stop: int, size: int, *, is_part: bool) -> bytes:
    status = b"206 Partial Content" if is_part else b"200 OK"
    span = b"content-range: bytes %d-%d/%d\r\n" % (start, stop - 1, size) if is_part else b""
    return b"HTTP/1.1 %b\r\n%bcontent-length: %d\r\n%b\r\n" % (status, _FIELDS, stop - start, span)


async def main(port: int, folder: Path) -> None:
    """Serve what is in the folder."""
    Bare.items, Bare.folder = {}, folder
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
