"""Who is told of requests: nobody that is not wanted, and no library for it either."""

import subprocess
import sys
from pathlib import Path

import pytest
from unit.log.requests import a_record

from sidecar.audience import Audience
from sidecar.log.access_log import AccessLog
from sidecar.request_log import RequestLog
from sidecar.settings import load
from sidecar.trace import passed_on

ROOT = Path(__file__).parents[3]
LOOK = "import sys, sidecar.app; print(*(name for name in sys.modules if name.split('.')[0] == 'opentelemetry'))"


class Nobody:
    """Is told, and does nothing."""

    def request_began(self) -> None:
        """See `Observer`."""

    def request_ended(self) -> None:
        """See `Observer`."""

    def request_answered(self, record: object) -> None:
        """See `Observer`."""

    def hit(self, answer: object, request: object, peer: str, timestamp_ns: int, spent_ns: int) -> None:
        """See `Observer`."""


def audience(folder: Path, counts: Nobody | None = None, **flags: str) -> Audience:
    """The audience that the flags ask for."""
    return Audience(load({"bucket": "site", "log_dir": str(folder), **flags}, {}), counts or Nobody())


def test_by_default(tmp_path: Path) -> None:
    """Who counts, alone; no file, and nothing to be closed."""
    counts = Nobody()
    made = audience(tmp_path, counts)
    assert made.observer is counts
    assert made.trace is passed_on
    made.observer.request_answered(a_record())
    made.close()
    assert (made.lost_lines, list(tmp_path.iterdir())) == (0, [])


def test_a_line_for_each_request_is_for_debugging(tmp_path: Path) -> None:
    """Nobody else pays for it."""
    assert isinstance(audience(tmp_path, log_level="debug").observer, RequestLog)


@pytest.mark.parametrize("kind", ["json", "combined"])
def test_an_access_log(tmp_path: Path, kind: str) -> None:
    """Closing it writes what was told."""
    made = audience(tmp_path, access_log=kind)
    assert isinstance(made.observer, AccessLog)
    made.observer.request_answered(a_record())
    made.close()
    assert "/a.css?v=1" in (tmp_path / "access.log").read_text()


def test_without_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Stdout is where lines go that have no file."""
    made = audience(tmp_path / "none", access_log="json")
    made.observer.request_answered(a_record())
    made.close()
    assert "/a.css?v=1" in capfd.readouterr().out


def test_opentelemetry_is_not_imported() -> None:
    """It takes memory and time of whoever does not want it."""
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
