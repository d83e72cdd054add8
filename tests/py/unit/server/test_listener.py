"""The listening socket: what it claims, what it leaves alone, and how it ends."""

import contextlib
import re
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sidecar.errors import SettingsError
from sidecar.server.listener import Listener
from sidecar.settings import load

LOOPBACK = "127.0.0.1"
NOT_OF_THIS_MACHINE = "192.0.2.1"  # TEST-NET-1 of RFC 5737

Listen = Callable[..., Listener]


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Open listeners that are closed with the test."""
    with ExitStack() as opened:

        def listen(host: str = LOOPBACK, port: int | str = 0) -> Listener:
            listener = Listener(load({"bucket": "site", "host": host, "port": str(port)}, {}))
            opened.callback(listener.socket.close)
            opened.callback(listener.close)
            return listener

        yield listen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a socket of the file system may be."""
    return tmp_path / "s3proxy.sock"


def _mistake(listen: Listen, host: str, port: int | str = 0) -> str:
    with pytest.raises(SettingsError) as caught:
        listen(host, port)
    (mistake,) = caught.value.mistakes
    return mistake


def _connect(address: str | tuple[str, int]) -> None:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        client.connect(address)


def test_port_0_picks_a_free_port(listen: Listen) -> None:
    """The URL has the port that was picked, and it answers."""
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)", listen().url)
    assert match is not None
    assert int(match[1]) > 0
    _connect((LOOPBACK, int(match[1])))


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6_url(listen: Listen) -> None:
    """An IPv6 address stands in brackets (RFC 3986 3.2.2)."""
    assert re.fullmatch(r"http://\[::1\]:\d+", listen("::1").url)


def test_a_name_is_resolved(listen: Listen) -> None:
    """A host's name stands for its address."""
    assert re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]):\d+", listen("localhost").url)


def test_a_port_that_is_taken(listen: Listen) -> None:
    """The message names the port and the option that changes it."""
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        mistake = _mistake(listen, LOOPBACK, port)
    assert mistake.startswith(f"port {port} on {LOOPBACK} is already in use; choose another with --port (or PORT)")


def test_a_port_can_be_taken_again_at_once(listen: Listen) -> None:
    """A restart does not wait until the kernel has forgotten the last connections."""
    first = listen()
    port = first.socket.getsockname()[1]
    with socket.create_connection((LOOPBACK, port)) as client:
        accepted, _ = first.socket.accept()
        accepted.close()  # this end closes first, and stays in TIME_WAIT
        client.recv(1)
    first.close()
    first.socket.close()
    assert listen(port=port).url.endswith(f":{port}")


def test_an_address_of_another_machine(listen: Listen) -> None:
    """The message names the option and the address."""
    assert _mistake(listen, NOT_OF_THIS_MACHINE).startswith(f"--host cannot be used: '{NOT_OF_THIS_MACHINE}' port 0: ")


def test_close_refuses_new_connections_at_once(listen: Listen) -> None:
    """After close nobody gets in, though other processes still hold the socket; who is in already stays."""
    listener = listen()
    address = listener.socket.getsockname()
    with listener.socket.dup(), socket.create_connection(address) as client:
        accepted, _ = listener.socket.accept()
        listener.close()
        with pytest.raises(ConnectionRefusedError):
            _connect(address)
        with accepted:
            client.sendall(b"still here")
            assert accepted.recv(10) == b"still here"


def test_close_twice(listen: Listen, path: Path) -> None:
    """Closing again does nothing, not even to the socket of a successor."""
    listener = listen(f"unix:{path}")
    listener.close()
    successor = listen(f"unix:{path}")
    listener.close()
    _connect(str(path))
    assert successor.url == f"unix:{path}"


def test_unix_socket(listen: Listen, path: Path) -> None:
    """A path is made a socket that any user who may enter the folder can connect to."""
    listener = listen(f"unix:{path}")
    assert listener.url == f"unix:{path}"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    _connect(str(path))


def test_close_removes_a_unix_socket(listen: Listen, path: Path) -> None:
    """After close the path is free."""
    listener = listen(f"unix:{path}")
    listener.close()
    assert not path.exists()


def test_close_refuses_connections_to_an_open_path(listen: Listen, path: Path) -> None:
    """Also who reaches the socket by another name is refused after close."""
    listener = listen(f"unix:{path}")
    other_name = path.with_suffix(".link")
    other_name.hardlink_to(path)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        _connect(str(other_name))


def test_a_dead_socket_is_replaced(listen: Listen, path: Path) -> None:
    """What a killed server left behind does not keep the next one from starting."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(ConnectionRefusedError):
        _connect(str(path))
    listen(f"unix:{path}")
    _connect(str(path))


def test_a_live_socket_is_refused(listen: Listen, path: Path) -> None:
    """A server that runs keeps its socket."""
    listen(f"unix:{path}")
    assert _mistake(listen, f"unix:{path}") == f"--host cannot be used: {path}: Address already in use"
    _connect(str(path))


def test_a_live_socket_that_accepts_nobody_is_refused(listen: Listen, path: Path) -> None:
    """A server that hangs, its queue full, keeps its socket too, and nobody waits for it."""
    with ExitStack() as waiting, socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(path))
        hanging.listen(0)
        with pytest.raises(BlockingIOError):  # noqa: PT012 - until the queue is full
            while True:
                client = waiting.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(str(path))
        assert _mistake(listen, f"unix:{path}").startswith(f"--host cannot be used: {path}: ")
    assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_anything_else_is_left_alone(listen: Listen, path: Path, kind: str) -> None:
    """What is no socket stays, and is a mistake."""
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    assert _mistake(listen, f"unix:{path}") == f"--host cannot be used: {path}: Address already in use"
    assert path.is_symlink() or path.is_dir() or path.read_text() == "mine"


def test_a_folder_that_is_missing(listen: Listen, path: Path) -> None:
    """The message names the path and the reason."""
    missing = path.parent / "missing" / "s3proxy.sock"
    assert _mistake(listen, f"unix:{missing}") == f"--host cannot be used: {missing}: No such file or directory"


def test_a_path_that_is_too_long(listen: Listen, path: Path) -> None:
    """The kernel's limit of 107 bytes is told as a mistake."""
    long = path.parent / ("s" * 108)
    assert _mistake(listen, f"unix:{long}").startswith(f"--host cannot be used: {long}: ")
