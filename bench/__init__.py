"""How fast s3proxy is: ratios to other servers, measured in one run."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder."""

# Real stores and servers are started as the tests start them. At the end: tests/py has a folder `bench` too.
sys.path.append(str(ROOT / "tests" / "py"))
