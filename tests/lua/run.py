"""Run the black-box specs against s3proxy with two workers, before a private bucket that holds the sample site."""

import re
import signal
import sys
import tempfile
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "py"))

from support.process import Process  # noqa: E402 - the path is set above
from support.programs import clean_environment  # noqa: E402 - likewise
from support.seaweedfs import SeaweedFS  # noqa: E402 - likewise
from support.sidecar import AUTH_KEY, Sidecar  # noqa: E402 - likewise
from support.site_upload import upload_site  # noqa: E402 - likewise

WORKERS = 2
LIMIT_SECONDS = 300.0
SUMMARY = re.compile(
    r"^(?P<successes>\d+) success(?:es)? / (?P<failures>\d+) failures? / (?P<errors>\d+) errors?"
    r" / (?P<pending>\d+) pending : ",
    re.MULTILINE,
)


def main() -> int:
    """Run all of it; busted's exit code."""
    if which("busted") is None:
        sys.exit("busted is not installed: apt-get install lua-busted lua-socket lua-inspect")
    # As an exception, so that what was started is ended, and what was written removed.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="s3-sidecar-lua-") as name:
        return serve_and_run(Path(name))


def serve_and_run(folder: Path) -> int:
    """Fill a bucket, serve it, and run the specs; busted's exit code."""
    with SeaweedFS(folder) as store:
        upload_site(store)
        with Sidecar(store, workers=WORKERS) as server:
            code, output = run_busted(server.url, folder)
    write(output)
    write(count_of(output))
    return code


def run_busted(url: str, folder: Path) -> tuple[int, str]:
    """Run the specs against a server; busted's exit code and output. Raises ProcessFailedError when they hang."""
    environment = clean_environment(folder) | {"SIDECAR_URL": url, "SIDECAR_AUTH_KEY": AUTH_KEY}
    argv = ["busted", "-v", "tests/lua"]
    with Process(argv, log=folder / "busted.log", env=environment, cwd=ROOT) as busted:
        return busted.wait(LIMIT_SECONDS), busted.log()


def count_of(output: str) -> str:
    """Count in one line what passed, failed and was left out; exits when busted has not come to its summary."""
    summary = SUMMARY.search(output)
    if summary is None:
        sys.exit(f"busted wrote no summary:\n{output}")
    failed = int(summary["failures"]) + int(summary["errors"])
    return f"{summary['successes']} passed, {failed} failed, {summary['pending']} skipped"


def write(text: str) -> None:
    """Print a text with one line break at its end."""
    print(text.rstrip("\n"), flush=True)  # noqa: T201 - it talks to a person


if __name__ == "__main__":
    sys.exit(main())
