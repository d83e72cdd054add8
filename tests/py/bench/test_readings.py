"""What ab, httperf and wrk print, as they printed it."""

import pytest

from bench.load.ab import read_ab
from bench.load.httperf import read_httperf
from bench.load.reading import Reading
from bench.load.wrk import read_wrk

AB = """
Concurrency Level:      10
Time taken for tests:   0.004 seconds
Complete requests:      100
Failed requests:        0
Total transferred:      318400 bytes
HTML transferred:       295000 bytes
Requests per second:    23747.33 [#/sec] (mean)

Percentage of the requests served within a certain time (ms)
  50%      3
  66%      4
  98%      8
  99%     12
 100%     14 (longest request)
"""

HTTPERF = """
Total: connections 5 requests 50 replies 50 test-duration 0.004 s

Reply rate [replies/s]: min 0.0 avg 0.0 max 0.0 stddev 0.0 (0 samples)
Reply time [ms]: response 0.1 transfer 0.0
Reply size [B]: header 239.0 content 2950.0 footer 0.0 (total 3189.0)
Reply status: 1xx=0 2xx=50 3xx=0 4xx=0 5xx=0

Errors: total 0 client-timo 0 socket-timo 0 connrefused 0 connreset 0
Errors: fd-unavail 0 addrunavail 0 ftab-full 0 other 0
"""


def test_ab() -> None:
    """All that it says is good."""
    assert read_ab(AB, 100) == Reading(100, 0.004, 318_400, 0, p50_ms=3, p99_ms=12)


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        ("Failed requests:        0", "Failed requests:        7", 7),
        ("Complete requests:      100", "Complete requests:      98", 2),
        ("Failed requests:        0", "Failed requests:        0\nNon-2xx responses:      100", 100),
    ],
    ids=["failed", "never-came", "status"],
)
def test_errors_of_ab(old: str, new: str, errors: int) -> None:
    """Whatever is not a good answer is an error."""
    assert read_ab(AB.replace(old, new), 100).errors == errors


def test_httperf() -> None:
    """All that it says is good."""
    assert read_httperf(HTTPERF, 50) == Reading(50, 0.004, 159_450, 0, p50_ms=0.1)


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        ("2xx=50", "2xx=47", 3),
        ("Errors: total 0", "Errors: total 2", 2),
    ],
    ids=["status", "connections"],
)
def test_errors_of_httperf(old: str, new: str, errors: int) -> None:
    """Whatever is not a good answer is an error."""
    assert read_httperf(HTTPERF.replace(old, new), 50).errors == errors


def test_wrk() -> None:
    """The line of the script, after whatever wrk itself prints."""
    report = '{"answers": 10, "microseconds": 2000000, "bytes": 300, "errors": 1, "p50": 1500, "p99": 2500}'
    assert read_wrk(f"Running 2s test\n{report}\n") == Reading(10, 2.0, 300, 1, p50_ms=1.5, p99_ms=2.5)


@pytest.mark.parametrize("read", [lambda text: read_ab(text, 1), lambda text: read_httperf(text, 1), read_wrk])
def test_no_report(read: object) -> None:
    """A tool that gave up is no result."""
    assert callable(read)
    with pytest.raises(ValueError, match="unable to connect"):
        read("unable to connect\n")
