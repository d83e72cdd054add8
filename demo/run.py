"""`make demo`: a private bucket, a website in it, and s3proxy in front, until Ctrl-C.

The bucket is a SeaweedFS that checks signatures as AWS does; it is started as the tests start it (tests/py/support).
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "py"))

from support.http_client import request  # noqa: E402 - the path is set above
from support.programs import clean_environment  # noqa: E402 - likewise
from support.s3_store import S3Store  # noqa: E402 - likewise
from support.seaweedfs import SeaweedFS  # noqa: E402 - likewise
from support.site_upload import BIG_KEY, upload_site  # noqa: E402 - likewise

AUTH_KEY = "demo"
STOP_SECONDS = 15
POLL_SECONDS = 0.05


class Stopped(Exception):  # noqa: N818 - it is no error
    """Somebody asked the demo to end."""


def main() -> int:
    """Run the demo; the exit code of the command."""
    port = parse_port()
    if not is_free(port):
        print(f"Port {port} is already in use. Choose another one: make demo PORT={port + 1}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with suppress(Stopped), tempfile.TemporaryDirectory(prefix="s3-sidecar-demo-") as folder:
        return run(port, Path(folder))
    print("\nThe demo has ended; nothing is left running.")
    return 0


def run(port: int, folder: Path) -> int:
    """Fill a bucket, serve it, and wait until the server ends."""
    print("Starting a private bucket (SeaweedFS) …", flush=True)
    with SeaweedFS(folder) as store:
        count = upload_site(store)
        print(f"Uploaded {count} objects. Starting s3proxy with two workers …", flush=True)
        with s3proxy(store, port, folder) as server:
            wait_until_served(port, server)
            print(what_to_try(port), flush=True)
            return server.wait()


@contextmanager
def s3proxy(store: S3Store, port: int, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """s3proxy in front of the bucket; secrets go by the environment, where `ps` does not show them."""
    settings = {
        "PORT": str(port),
        "OPS_PORT": "0",
        "THREADS": "2",
        "S3_BUCKET": store.bucket,
        "S3_ENDPOINT_URL": store.endpoint_url,
        "AWS_KEY": store.access_key,
        "AWS_SECRET": store.secret_key,
        "AUTH_KEY": AUTH_KEY,
        "ERROR_DOCUMENT": "404.html",
        "CACHE_DIR": str(folder / "cache"),
        "CONSOLE": "true",
        "LOG_LEVEL": "debug",
    }
    environment = clean_environment(folder) | settings
    # In a session of its own: Ctrl-C is for the demo, which then stops the server in an orderly way.
    server = subprocess.Popen([sys.executable, "-m", "sidecar"], cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_until_served(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Poll until a worker answers, or the server has ended."""
    while server.poll() is None:
        with suppress(OSError):
            request(port, "HEAD", "/robots.txt", timeout=1)
            return
        time.sleep(POLL_SECONDS)


def what_to_try(port: int) -> str:
    """What a newcomer may type now."""
    url = f"http://localhost:{port}"
    page = quote("docs/größe & ordnung.html")
    return f"""
  The website            {url}/
  Headers of a hit       curl -i {url}/robots.txt
  A folder's index       curl -i {url}/docs/
  An unusual key         curl -i '{url}/{page}'
  Part of a big object   curl -i -o /dev/null -D - -r 0-99 {url}/{BIG_KEY}
  A missing object       curl -i {url}/no-such-page
  Clear the cache        curl -i -H 'Authorization: Bearer {AUTH_KEY}' {url}/_proxy/_private/_cache/clear

  Ask twice and watch cache-status and age. Ctrl-C ends everything.
"""


def parse_port() -> int:
    """The port of --port or PORT."""
    parser = argparse.ArgumentParser(description="Serve the sample site out of a private bucket.")
    given = os.environ.get("PORT") or "8000"  # noqa: TID251 - the demo is no part of the server
    parser.add_argument("--port", type=int, default=given, help="port to listen on (or PORT; 8000)")
    port: int = parser.parse_args().port
    if not 0 < port < 65536:  # noqa: PLR2004 - the range of ports
        parser.error(f"--port must be from 1 to 65535, not {port}")
    return port


def is_free(port: int) -> bool:
    """Whether s3proxy will be able to listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - where s3proxy listens
        except OSError:
            return False
    return True


def stop(_number: int, _frame: FrameType | None) -> None:
    """End the demo once, in an orderly way: what comes after the first signal is ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
