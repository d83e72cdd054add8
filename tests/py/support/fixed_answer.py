"""A server of one socket that says the same to whatever comes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.ports import free_ports

END_OF_HEAD = b"\r\n\r\n"


@contextmanager
def answering(answer: bytes, *, closes: bool = False) -> Iterator[int]:
    """Answer each request on each connection with these bytes, and close after the first where `closes`; its port."""
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        threading.Thread(target=_accept, args=(listener, answer, closes), daemon=True).start()
        yield port
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, answer: bytes, closes: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answer, closes), daemon=True).start()


def _serve(connection: socket.socket, answer: bytes, closes: bool) -> None:
    with connection, suppress(ConnectionError):
        seen = b""
        while piece := connection.recv(65536):
            seen += piece
            while END_OF_HEAD in seen:
                _, _, seen = seen.partition(END_OF_HEAD)
                connection.sendall(answer)
                if closes:
                    return
