"""wrk, on one thread, with requests that were made before."""

import json
import math
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from support.programs import find_program

from bench.load.reading import Reading

_SCRIPT = Path(__file__).with_name("wrk.lua")
_GRACE_SECONDS = 30


def wrk(port: int, requests: Iterable[bytes], *, connections: int, seconds: float) -> Reading:
    """Send the requests in turn for so many seconds. Raises ValueError when wrk fails, TimeoutExpired if it hangs."""
    with tempfile.NamedTemporaryFile(prefix="wrk-", suffix=".requests") as file:
        file.write(b"\0".join(requests))
        file.flush()
        how = ["-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "--timeout", "10s", "-s", str(_SCRIPT)]
        argv = [find_program("wrk"), *how, f"http://127.0.0.1:{port}", "--", file.name]
        return read_wrk(_output(argv, seconds))


def _output(argv: list[str], seconds: float) -> str:
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            if not float(seconds).is_integer():
                with suppress(subprocess.TimeoutExpired):
                    return running.communicate(timeout=seconds)[0]
                running.send_signal(signal.SIGINT)  # it knows whole seconds only, and reports when it is interrupted
            output = running.communicate(timeout=seconds + _GRACE_SECONDS)[0]
        except BaseException:
            running.kill()
            raise
    # On a busy machine the signal may come before wrk expects it.
    return _output(argv, math.ceil(seconds)) if running.returncode == -signal.SIGINT else output


def read_wrk(output: str) -> Reading:
    """What the script has reported; raises ValueError when it did not."""
    report = next((line for line in output.splitlines() if line.startswith('{"answers"')), None)
    if report is None:
        raise ValueError(f"wrk reported nothing:\n{output}")
    found = json.loads(report)
    return Reading(
        answers=found["answers"],
        seconds=found["microseconds"] / 1e6,
        bytes=found["bytes"],
        errors=found["errors"],
        p50_ms=found["p50"] / 1e3,
        p99_ms=found["p99"] / 1e3,
    )
