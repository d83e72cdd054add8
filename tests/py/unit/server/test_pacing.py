"""Which congestion control a connection has after it was asked to be as fast as it can."""

import socket
from collections.abc import Iterator

import pytest

from sidecar.server.pacing import stop_pacing

BBR = b"bbr"


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """Make one that is connected to nothing yet, which makes no difference."""
    with socket.socket() as made:
        yield made


def control_of(connection: socket.socket) -> bytes:
    """What it uses."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


def use(connection: socket.socket, control: bytes) -> None:
    """Have it use another one."""
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control)
    except OSError as error:
        pytest.skip(f"this kernel has no {control.decode()}, or does not let us use it: {error}")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_bbr_makes_way_on_this_machine(connection: socket.socket, peer: str) -> None:
    """For what does not pace."""
    use(connection, BBR)
    stop_pacing(connection, peer)
    assert control_of(connection) == b"reno"


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "", "/run/a.sock"])
def test_bbr_stays_towards_others(connection: socket.socket, peer: str) -> None:
    """What the operator has chosen for the network is not ours to change."""
    use(connection, BBR)
    stop_pacing(connection, peer)
    assert control_of(connection) == BBR


@pytest.mark.parametrize("control", [b"cubic", b"reno"])
def test_others_stay(connection: socket.socket, control: bytes) -> None:
    """They do not pace."""
    use(connection, control)
    stop_pacing(connection, "127.0.0.1")
    assert control_of(connection) == control


def test_where_there_is_none() -> None:
    """A socket that knows nothing of it raises nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stop_pacing(ours, "127.0.0.1")
