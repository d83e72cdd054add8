"""What a request is called in logs."""

import itertools
import os
import re
from typing import Final

_SANE: Final = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,128}")
_process: Final = os.urandom(10).hex()
_numbers: Final = itertools.count(1)


def request_id(given: str | None) -> str:
    """The client's X-Request-Id, if it is one word of at most 128 plain characters; else 32 hexadecimal digits."""
    if given is not None and _SANE.fullmatch(given):
        return given
    # Drawn once for each process and counted on from there: bytes from the kernel for each would cost a system call.
    return f"{_process}{next(_numbers):012x}"
