"""Where the time goes: py-spy on a worker under load. `python -m bench.micro.profile hit|miss` (`pip install py-spy`).

Prints in which share of the time that the worker was at work each function was, alone and with what it calls.
"""

import subprocess
import sys
import threading
from collections import Counter
from itertools import islice
from pathlib import Path

from support.programs import find_program

from bench.counts import USUAL
from bench.cpus import Cpus
from bench.load.connections import exchange
from bench.load.requests import distinct_requests
from bench.load.wrk import wrk
from bench.servers import Server
from bench.servers.ours import Ours
from bench.site import SMALL, small_objects
from bench.stage import Stage

_SECONDS = 6
_SAMPLES_A_SECOND = 400
_COLD_KEYS = 6_000
_LINES = 45
_WAITING_FOR_WORK = "_worker (concurrent/futures/thread.py"


def main(what: str) -> None:
    """Profile and print."""
    with Stage(USUAL, Cpus.choose()) as stage:
        cold = small_objects("cold", _COLD_KEYS)
        stage.origin.hold((SMALL,) if what == "hit" else cold)
        with stage.fresh() as server:
            if not isinstance(server, Ours):
                raise TypeError(f"{server.name} is not ours")
            load = threading.Thread(target=_hits if what == "hit" else _misses, args=(server,))
            load.start()
            stacks = _record(server.sidecar.worker_pids()[0], stage.folder / "stacks")
            load.join()
    _print(stacks)


def _hits(server: Server) -> None:
    requests = list(distinct_requests(SMALL.path, host=f"127.0.0.1:{server.port}"))
    wrk(server.port, requests, connections=64, seconds=_SECONDS + 1)


def _misses(server: Server) -> None:
    host = f"127.0.0.1:{server.port}"
    items = small_objects("cold", _COLD_KEYS)
    exchange(server.port, [next(distinct_requests(item.path, host=host, count=1)) for item in items], connections=32)


def _record(pid: int, file: Path) -> Counter[tuple[str, ...]]:
    """Stacks, outermost function first, and how often each was seen."""
    how = ["--rate", str(_SAMPLES_A_SECOND), "--duration", str(_SECONDS), "--format", "raw", "--function"]
    argv = [find_program("py-spy"), "record", "--pid", str(pid), "--output", str(file), *how]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found: Counter[tuple[str, ...]] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = tuple(stack.split(";"))
        if not frames[-1].startswith(_WAITING_FOR_WORK):
            found[frames] += int(count)
    return found


def _print(stacks: Counter[tuple[str, ...]]) -> None:
    alone: Counter[str] = Counter()
    with_callees: Counter[str] = Counter()
    for stack, count in stacks.items():
        alone[stack[-1]] += count
        for name in set(stack):
            with_callees[name] += count
    total = stacks.total()
    print(f"{total} samples\n  with callees   alone")
    shown = ((name, count) for name, count in with_callees.most_common() if count < 0.95 * total)
    for name, count in islice(shown, _LINES):
        print(f"{count / total:13.1%} {alone[name] / total:7.1%}  {name}")
    print("most alone:")
    for name, count in alone.most_common(_LINES // 2):
        print(f"{'':13} {count / total:7.1%}  {name}")


if __name__ == "__main__":
    main(sys.argv[1])
