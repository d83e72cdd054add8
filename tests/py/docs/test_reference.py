"""The generated pages of docs/reference."""

import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.settings import OPTIONS
from sidecar.settings.option import Option

ROOT = Path(__file__).parents[3]
SETTINGS = ROOT / "docs" / "reference" / "settings.md"


def test_pages_are_current() -> None:
    """The pages say what the code says; `make docs` writes them anew."""
    check = [sys.executable, "docs/generate.py", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_page_that_is_not_current_is_caught(tmp_path: Path) -> None:
    """The check exits with 1 and names the page; writing it makes the check pass."""
    script = tmp_path / "docs" / "generate.py"
    script.parent.mkdir()
    for name in ("generate.py", "generated.py"):
        (script.parent / name).write_text((ROOT / "docs" / name).read_text())
    for package in ("sidecar", "ops"):
        (tmp_path / package).symlink_to(ROOT / package)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(script), *options], capture_output=True, text=True, check=False)

    check = run("--check")
    stale = [f"docs/reference/{page}.md is not current: make docs\n" for page in ("settings", "metrics", "s3ops")]
    assert (check.returncode, check.stderr) == (1, "".join(stale))
    assert run().returncode == 0
    assert run("--check").returncode == 0


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_every_setting_has_a_row(option: Option) -> None:
    """A setting's row has its flags and its names in the environment, in a table of four columns."""
    (row,) = (line for line in SETTINGS.read_text().splitlines() if f"`{option.long_flag}`" in line.split(" | ")[0])
    assert all(f"`{name}`" in row for name in (*option.flags, *option.env))
    assert row.replace(r"\|", "").count("|") == 5
