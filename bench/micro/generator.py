"""Is wrk the limit? wrk with and without our script, against a server that does nothing.

`python -m bench.micro.generator`. The server answers each head with the same bytes and looks at nothing else: nothing
that is measured can be faster.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import cast

import uvloop
from support.http_client import request
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program

from bench import ROOT, measure
from bench.cpus import Cpus, started_on
from bench.load.requests import distinct_requests
from bench.load.wrk import wrk
from bench.site import SMALL

_ROUNDS = 5
_SECONDS = 2
_CONNECTIONS = 64
_END_OF_HEAD = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (SMALL.size, SMALL.body())


class Bare(asyncio.Protocol):
    """One answer for each end of a head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._write = cast("asyncio.WriteTransport", transport).write

    def data_received(self, data: bytes) -> None:
        """Heads are never cut in two by a client that sends one at a time."""
        self._write(_ANSWER * data.count(_END_OF_HEAD))


async def serve(port: int) -> None:
    """Run until killed."""
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main() -> None:
    """Alternate, and print the medians."""
    cpus = Cpus.choose()
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "bench.micro.generator", str(port)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started_on({cpus.server}):
            bare = Process(argv, log=folder / "bare.log", env=clean_environment(folder), cwd=ROOT)
        with bare, started_on({cpus.load}):
            bare.wait_until(lambda: _answers(port), 10)
            rates = [(_plain(port), *_scripted(port)) for _ in range(_ROUNDS)]
    plain, scripted, capacity = map(median, zip(*rates, strict=True))
    print(f"wrk alone {plain:,.0f}/s, with requests of the script {scripted:,.0f}/s")
    print(f"with the script it can do {capacity:,.0f} in a second of CPU time")


def _answers(port: int) -> bool:
    try:
        return request(port, "GET", "/", timeout=1).status == 200
    except OSError:
        return False


def _plain(port: int) -> float:
    argv = [find_program("wrk"), "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", f"http://127.0.0.1:{port}/"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return float(found[1]) if found else 0.0


def _scripted(port: int) -> tuple[float, float]:
    """Answers in a second, and in a second of CPU time of wrk."""
    requests = list(distinct_requests(SMALL.path, host=f"127.0.0.1:{port}"))
    before = measure.own_cpu_seconds()
    reading = wrk(port, requests, connections=_CONNECTIONS, seconds=_SECONDS)
    return reading.answers_per_second, reading.answers / (measure.own_cpu_seconds() - before)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        uvloop.run(serve(int(sys.argv[1])))
    else:
        main()
