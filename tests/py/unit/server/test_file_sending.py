"""Files by the kernel: to clients of any speed, off disks of any speed, and to nobody any more."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.until import PATIENCE_SECONDS
from unit.store.limits import no_more_files

from sidecar.errors import BodyLost
from sidecar.server.file_sending import TURN_BYTES, FileSending, send_at_once
from sidecar.server.hot_entry import FileBody, FileSpan
from sidecar.tasks import Tasks

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
BODY = os.urandom(5 * TURN_BYTES + 77)


class Body:
    """A file that is at hand as far as a test wants it to be."""

    def __init__(self, path: Path, *, is_warm: bool = True) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        self.is_warm = is_warm
        self.error: Exception | None = None
        self.shared: list[Body] = []
        self.read_offsets: list[int] = []
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.is_asked = asyncio.Event()

    def is_at_hand(self, offset: int, size: int) -> bool:
        """As a test says."""
        return self.is_warm

    def send(self, connection: int, offset: int, size: int) -> int:
        """Let the kernel do it."""
        if self.error is not None:
            raise self.error
        return os.sendfile(connection, self.descriptor, offset, size)

    def read_now(self, offset: int, size: int) -> bytes | None:
        """Never needed here."""
        raise AssertionError

    async def read(self, offset: int, size: int) -> bytes:
        """Take as long as a test wants."""
        self.read_offsets.append(offset)
        self.is_asked.set()
        await self.may_read.wait()
        if self.error is not None:
            raise self.error
        return os.pread(self.descriptor, size, offset)

    def fileno(self) -> int:
        """The file's."""
        return self.descriptor

    def trust(self) -> None:
        """Never needed here."""
        raise AssertionError

    def share(self) -> "Body":
        """Another one, which behaves the same."""
        other = Body(self.path, is_warm=self.is_warm)
        other.error, other.read_offsets = self.error, self.read_offsets
        other.may_read, other.is_asked = self.may_read, self.is_asked
        self.shared.append(other)
        return other

    def close(self) -> None:
        """Once."""
        os.close(self.descriptor)
        self.descriptor = -1


@pytest.fixture
async def body(tmp_path: Path) -> Body:
    """Write one."""
    path = tmp_path / "body"
    path.write_bytes(BODY)
    return Body(path)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect a server to a client, neither of which waits."""
    server, client = socket.socketpair()
    with server, client:
        server.setblocking(False)
        client.setblocking(False)
        yield server, client


class Ends:
    """How it ended."""

    def __init__(self) -> None:
        self.told: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def __call__(self, error: Exception | None) -> None:
        """Once."""
        self.told.set_result(error)

    async def outcome(self) -> Exception | None:
        """Wait for it."""
        return await asyncio.wait_for(self.told, PATIENCE_SECONDS)


async def received(client: socket.socket, count: int) -> bytes:
    """So many bytes, or what there is before the end."""
    taken = bytearray()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(taken) < count:
            piece = await asyncio.get_running_loop().sock_recv(client, 65536)
            if not piece:
                break
            taken += piece
    return bytes(taken)


def fill(server: socket.socket) -> int:
    """Send until nothing fits any more; how much that was."""
    filled = 0
    try:
        while True:
            filled += server.send(bytes(65536))
    except BlockingIOError:
        return filled


async def never() -> None:
    """Do what nobody should."""
    raise AssertionError


def spanning(body: Body, offset: int, size: int) -> FileSpan:
    """A part of it."""
    return FileSpan(FileBody(body, never), offset, size)


def begin(server: socket.socket, body: Body, offset: int = 0, size: int = len(BODY)) -> FileSending:
    """Send to this client what it takes at once, which must not be all."""
    span = spanning(body, offset, size)
    sent = send_at_once(server.fileno(), HEAD, span)
    assert sent is not None
    assert sent < len(HEAD) + size
    return FileSending(server.fileno(), HEAD, span, sent, Tasks())


async def test_what_is_short_is_sent_at_once(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """The head, and the part; nothing stays open."""
    server, client = pair
    assert send_at_once(server.fileno(), HEAD, spanning(body, 7, 1000)) == len(HEAD) + 1000
    assert client.recv(65536) == HEAD + BODY[7:1007]
    assert body.shared == []


async def test_what_is_not_at_hand_is_not_begun(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """Not even the head is sent: somebody else answers."""
    server, client = pair
    body.is_warm = False
    assert send_at_once(server.fileno(), HEAD, spanning(body, 0, 9)) is None
    with pytest.raises(BlockingIOError):
        client.recv(1)


async def test_who_is_gone_is_sent_nothing(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """Which is told before anything was sent."""
    server, client = pair
    client.close()
    with pytest.raises(ConnectionError):
        send_at_once(server.fileno(), HEAD, spanning(body, 0, 9))


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BodyLost("altered")], ids=["disk", "altered"])
async def test_what_fails_after_the_head_is_met_again(
    pair: tuple[socket.socket, socket.socket], body: Body, error: Exception
) -> None:
    """By who goes on: the head cannot be taken back."""
    server, client = pair
    body.error = error
    part, ends = begin(server, body, 0, 9), Ends()
    assert part.sent == len(HEAD)
    part.go_on(ends)
    assert await ends.outcome() is error
    assert client.recv(100) == HEAD


async def test_what_is_long_is_sent_as_it_is_taken(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """Though its owner closes the file meanwhile."""
    server, client = pair
    part, ends = begin(server, body, 3, len(BODY) - 3), Ends()
    part.go_on(ends)
    body.close()
    assert await received(client, len(HEAD) + len(BODY) - 3) == HEAD + BODY[3:]
    assert await ends.outcome() is None
    assert part.sent == len(HEAD) + len(BODY) - 3
    assert [other.descriptor for other in body.shared] == [-1]


async def test_a_client_that_takes_nothing_gets_its_head_later(
    pair: tuple[socket.socket, socket.socket], body: Body
) -> None:
    """Not even that fits."""
    server, client = pair
    filled = fill(server)
    part, ends = begin(server, body, 0, 9), Ends()
    assert part.sent == 0
    part.go_on(ends)
    assert (await received(client, filled + len(HEAD) + 9))[filled:] == HEAD + BODY[:9]
    assert await ends.outcome() is None


async def test_what_is_not_in_memory_is_read_by_others(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """Turn by turn, while the loop goes on."""
    server, client = pair
    part, ends = begin(server, body), Ends()
    body.is_warm = False
    part.go_on(ends)
    assert await received(client, len(HEAD) + len(BODY)) == HEAD + BODY
    assert await ends.outcome() is None
    assert len(body.read_offsets) >= len(BODY) // TURN_BYTES


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BodyLost("altered")], ids=["disk", "altered"])
@pytest.mark.parametrize("is_warm", [True, False], ids=["sent", "read"])
async def test_what_cannot_be_had_ends_it(
    pair: tuple[socket.socket, socket.socket], body: Body, error: Exception, *, is_warm: bool
) -> None:
    """And says why."""
    server, client = pair
    part, ends = begin(server, body), Ends()
    body.error, body.is_warm = error, is_warm
    part.go_on(ends)
    reading = asyncio.ensure_future(received(client, len(HEAD) + len(BODY)))  # noqa: TID251 - a test's own
    assert await ends.outcome() is error
    server.close()
    assert len(await reading) == part.sent
    assert [other.descriptor for other in body.shared] == [-1]


@pytest.mark.parametrize("is_warm", [True, False], ids=["sent", "read"])
async def test_a_body_that_was_cut_ends_it(
    pair: tuple[socket.socket, socket.socket], body: Body, *, is_warm: bool
) -> None:
    """A client must not wait for what will not come."""
    server, client = pair
    part, ends = begin(server, body), Ends()
    os.truncate(body.path, 10)
    body.is_warm = is_warm
    part.go_on(ends)
    await received(client, part.sent)
    assert isinstance(await ends.outcome(), BodyLost)


async def test_a_client_that_leaves_ends_it(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """With an error of the connection."""
    server, client = pair
    part, ends = begin(server, body), Ends()
    client.close()
    part.go_on(ends)
    assert isinstance(await ends.outcome(), ConnectionError)


@pytest.mark.parametrize("is_warm", [True, False], ids=["waiting for the client", "waiting for the disk"])
async def test_who_cancels_hears_nothing(
    pair: tuple[socket.socket, socket.socket], body: Body, *, is_warm: bool
) -> None:
    """Nothing stays open or is sent any more."""
    server, client = pair
    part, ends = begin(server, body), Ends()
    body.is_warm = is_warm
    body.may_read.clear()
    part.go_on(ends)
    if not is_warm:
        await received(client, part.sent)
        await asyncio.wait_for(body.is_asked.wait(), PATIENCE_SECONDS)
    part.cancel()
    part.cancel()
    sent = part.sent
    body.may_read.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (part.sent, ends.told.done()) == (sent, False)
    assert [other.descriptor for other in body.shared] == [-1]


async def test_without_descriptors_it_cannot_go_on(pair: tuple[socket.socket, socket.socket], body: Body) -> None:
    """That is said at once."""
    server, _ = pair
    part = begin(server, body)
    with no_more_files(1), pytest.raises(OSError, match="Too many open files"):
        part.go_on(Ends())
    assert [other.descriptor for other in body.shared] == [-1]
