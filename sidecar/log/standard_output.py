"""Standard output, which a container's log is made of."""

import os
import select
import sys


class StandardOutput:
    """Lines for standard output; those of several processes never mix, since a pipe takes so many bytes as one."""

    name = "stdout"
    piece_bytes = select.PIPE_BUF

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()

    def write(self, data: bytes) -> None:
        """Write all of it, however long that takes. Raises OSError."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # somebody who shares it has made it so
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()

    def close(self) -> None:
        """Leave it open: it is not ours."""
