"""Random access to a stored body."""

from typing import Protocol


class BodyReader(Protocol):
    """Random access to one body; must be closed. Stays readable after its file was replaced or removed."""

    async def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of what is there. Raises OSError, or BodyLost."""
        ...

    def read_now(self, offset: int, size: int) -> bytes | bytearray | None:
        """`size` bytes from `offset`, when nothing has to be waited for; None otherwise. Raises OSError."""
        ...

    def is_at_hand(self, offset: int, size: int) -> bool:
        """Whether these bytes can be sent without waiting for a disk. Raises OSError."""
        ...

    def send(self, connection: int, offset: int, size: int) -> int:
        """Send up to `size` bytes from `offset` to a socket; how many it took, 0 when there are none.

        Raises BlockingIOError when it takes nothing, and OSError.
        """
        ...

    def fileno(self) -> int:
        """The descriptor of the file."""
        ...

    def trust(self) -> None:
        """Look once more, and then no more, whether the file was written to: whoever calls this closes the reader then.

        Raises OSError.
        """
        ...

    def share(self) -> "BodyReader":
        """Another reader of the same body. Raises OSError."""
        ...

    def close(self) -> None:
        """Give back what is held; safe to repeat."""
        ...
