"""httperf as our users run it: one connection after the other, many calls on each."""

import re
import subprocess

from support.programs import find_program

from bench.load.reading import Reading

_LIMIT_SECONDS = 7_200
_FIELDS = {
    "replies": r"Total: connections \d+ requests \d+ replies (\d+)",
    "seconds": r"test-duration ([\d.]+) s",
    "header": r"Reply size \[B\]: header ([\d.]+)",
    "content": r"Reply size \[B\]: header [\d.]+ content ([\d.]+)",
    "good": r"Reply status: 1xx=\d+ 2xx=(\d+)",
    "errors": r"Errors: total (\d+)",
    "response_ms": r"Reply time \[ms\]: response ([\d.]+)",
}


def httperf(port: int, path: str, *, connections: int, calls: int) -> Reading:
    """`httperf --num-conns=… --num-calls=…`. Raises CalledProcessError when httperf gives up."""
    where = ["--hog", "--server=127.0.0.1", f"--port={port}", f"--uri={path}"]
    argv = [find_program("httperf"), *where, f"--num-conns={connections}", f"--num-calls={calls}"]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS)
    return read_httperf(ran.stdout, connections * calls)


def read_httperf(output: str, requests: int) -> Reading:
    """What httperf has printed; a reply that never came is an error. Raises ValueError when something is missing."""
    found: dict[str, float] = {}
    for name, pattern in _FIELDS.items():
        match = re.search(pattern, output)
        if match is None:
            raise ValueError(f"httperf did not print {name}:\n{output}")
        found[name] = float(match[1])
    replies = int(found["replies"])
    return Reading(
        answers=replies,
        seconds=found["seconds"],
        bytes=int(replies * (found["header"] + found["content"])),
        errors=max(int(found["errors"]), requests - int(found["good"])),
        p50_ms=found["response_ms"],  # the mean: it prints no percentiles of replies
    )
