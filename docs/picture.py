"""Print what `s3ops top` shows of a server under a small load: the picture in README.md. Needs tmux."""  # noqa: INP001 - a script

import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "py")]

from support.http_client import Connection  # noqa: E402 - the path is set above
from support.operator import S3OPS  # noqa: E402 - likewise
from support.seaweedfs import SeaweedFS  # noqa: E402 - likewise
from support.sidecar import AUTH_KEY, Sidecar  # noqa: E402 - likewise
from support.terminal import Terminal  # noqa: E402 - likewise

OBJECTS = 800
CLIENTS = 4
SECONDS = 20
PAUSE_SECONDS = 0.02
COLUMNS, ROWS = 78, 30


def main() -> None:
    """Run a bucket, a server, four clients and a terminal, and print the screen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with SeaweedFS(folder) as store:
            for number in range(OBJECTS):
                store.put(_key(number), os.urandom(1024 * (1 + number % 40)))
            with Sidecar(store, workers=2, folder=folder) as server:
                print(_screen(server, folder))  # noqa: T201 - this is what it is for


def _screen(server: Sidecar, folder: Path) -> str:
    env = {"PORT": str(server.port), "AUTH_KEY": AUTH_KEY, "PYTHONPATH": str(ROOT)}
    ended = threading.Event()
    clients = [threading.Thread(target=_load, args=(server.port, number, ended)) for number in range(CLIENTS)]
    with Terminal([*S3OPS, "top"], folder=folder, env=env, columns=COLUMNS, rows=ROWS) as terminal:
        for client in clients:
            client.start()
        try:
            time.sleep(SECONDS)
            return terminal.wait_for(lambda screen: all(str(pid) in screen for pid in server.worker_pids())).rstrip()
        finally:
            ended.set()


def _load(port: int, seed: int, ended: threading.Event) -> None:
    """Ask for few objects often, and for many now and then."""
    choice = random.Random(seed)  # noqa: S311 - the same load each time
    with Connection(port) as connection:
        while not ended.is_set():
            connection.request("GET", f"/{_key(int(OBJECTS * choice.random() ** 6))}")
            time.sleep(PAUSE_SECONDS * choice.random())


def _key(number: int) -> str:
    return f"assets/{number:03}.bin"


if __name__ == "__main__":
    main()
