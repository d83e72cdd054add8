"""ApacheBench as our users run it: HTTP/1.0, a connection for each request."""

import re
import subprocess

from support.programs import find_program

from bench.load.reading import Reading

_LIMIT_SECONDS = 1_800
_FIELDS = {
    "answers": r"Complete requests:\s+(\d+)",
    "seconds": r"Time taken for tests:\s+([\d.]+) seconds",
    "bytes": r"Total transferred:\s+(\d+) bytes",
    "failed": r"Failed requests:\s+(\d+)",
    "p50": r"^\s+50%\s+(\d+)",
    "p99": r"^\s+99%\s+(\d+)",
}
_BAD_STATUS = re.compile(r"Non-2xx responses:\s+(\d+)")


def ab(port: int, path: str, *, requests: int, connections: int) -> Reading:
    """`ab -H 'x-forwarded-for: 184.105.163.155' -n … -c …`. Raises CalledProcessError when ab gives up."""
    load = ["-q", "-n", str(requests), "-c", str(connections)]
    argv = [find_program("ab"), "-H", "x-forwarded-for: 184.105.163.155", *load, f"http://127.0.0.1:{port}{path}"]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS)
    return read_ab(ran.stdout, requests)


def read_ab(output: str, requests: int) -> Reading:
    """What ab has printed; an answer that never came is an error. Raises ValueError when something is missing."""
    found: dict[str, float] = {}
    for name, pattern in _FIELDS.items():
        match = re.search(pattern, output, re.MULTILINE)
        if match is None:
            raise ValueError(f"ab did not print {name}:\n{output}")
        found[name] = float(match[1])
    bad = _BAD_STATUS.search(output)
    missing = requests - int(found["answers"])
    return Reading(
        answers=int(found["answers"]),
        seconds=found["seconds"],
        bytes=int(found["bytes"]),
        errors=int(found["failed"]) + missing + (int(bad[1]) if bad else 0),
        p50_ms=found["p50"],
        p99_ms=found["p99"],
    )
