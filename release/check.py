"""`make release-check`: whether this tree may be released, and the files of the release in dist/."""  # noqa: INP001 - a script

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SBOM = DIST / "s3-sidecar.cdx.json"
LOCK = ROOT / "image" / "requirements.lock"

_VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
_TAIL_LINES = 15


class Failed(Exception):  # noqa: N818 - it says what is wrong with the tree, not with this program
    """A check has failed; the message says what to do."""


def main() -> int:
    """Make every check, say how each went, and return the exit code."""
    failures = [name for name, check in CHECKS.items() if not passes(name, check)]
    if failures:
        print(f"\nNot ready for a release: {', '.join(failures)}")  # noqa: T201 - the command's answer
        return 1
    print(f"\nReady to be released; the files are in {DIST.name}/.")  # noqa: T201 - likewise
    return 0


def passes(name: str, check: Callable[[], str]) -> bool:
    """Make a check and say how it went."""
    try:
        told, is_passed = check(), True
    except Failed as failure:
        told, is_passed = str(failure), False
    print(f"{'ok    ' if is_passed else 'FAILED'}  {name:<10} {told}", flush=True)  # noqa: T201 - the command's answer
    return is_passed


def version() -> str:
    """The version of pyproject.toml. Raises Failed when it is no version."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if not _VERSION.fullmatch(found):
        raise Failed(f"pyproject.toml: {found!r} is not of the form 1.2.3 or 1.2.3rc1")
    return found


def check_version() -> str:
    """The image's label says the same version."""
    if f"ARG VERSION={version()}\n" not in (ROOT / "Dockerfile").read_text():
        raise Failed(f"Dockerfile: ARG VERSION is not {version()}, which pyproject.toml says")
    return version()


def check_changelog() -> str:
    """Operators are told what is new in it."""
    text = (ROOT / "CHANGELOG.md").read_text()
    section = re.search(rf"^## {re.escape(version())} \(([^)]*)\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None or "- [" not in section[2]:
        raise Failed(f"CHANGELOG.md: there is no section '## {version()} (date)' with lines in it")
    date, lines = section[1], section[2].count("\n- [")
    return f"{lines} lines" + (
        "; put the date into its heading before you tag" if date == "unreleased" else f", {date}"
    )


def check_chart() -> str:
    """The chart's version and the image it runs move with the project's."""
    chart = ROOT / "helm" / "s3-sidecar" / "Chart.yaml"
    if not chart.exists():
        return "there is none"
    found = dict(re.findall(r"^(version|appVersion):\s*[\"']?([^\"'\s]+)", chart.read_text(), re.MULTILINE))
    if found != {"version": version(), "appVersion": version()}:
        raise Failed(f"{chart.relative_to(ROOT)}: version and appVersion must be {version()}, and are {found}")
    return version()


def check_docs() -> str:
    """The generated pages, and what the chart repeats, are current."""
    run(sys.executable, "docs/generate.py", "--check")
    run(sys.executable, "helm/generate.py", "--check")
    return "the generated pages are current"


def check_lock() -> str:
    """The lock files meet pyproject.toml."""
    run(sys.executable, "-m", "pytest", "-q", "tests/py/unit/image/test_lock.py")
    return "the image's packages are pinned"


def check_build() -> str:
    """Wheel and sdist are built."""
    for old in DIST.glob("s3_sidecar-*"):
        old.unlink()
    run(sys.executable, "-m", "build", "--outdir", str(DIST))
    return ", ".join(f"{path.name} ({path.stat().st_size // 1024} KiB)" for path in (built("whl"), built("tar.gz")))


def check_wheel() -> str:
    """The wheel runs beside exactly what the image holds, which the SBOM lists."""
    with tempfile.TemporaryDirectory() as folder:
        python = empty_environment(Path(folder))
        install(python, "--require-hashes", "--requirement", str(LOCK))
        install(python, "--no-deps", str(built("whl")))
        ran = run_programs(python)
        bom = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON"]
        run(*bom, "--pyproject", "pyproject.toml", "--output-file", str(SBOM), str(python))
    return f"{ran}; {SBOM.name} lists {len(components())} packages"


def check_sdist() -> str:
    """The sdist can be installed by whoever has Python and pip alone."""
    with tempfile.TemporaryDirectory() as folder:
        python = empty_environment(Path(folder))
        install(python, str(built("tar.gz")))
        return run_programs(python)


def built(ending: str) -> Path:
    """What was built. Raises Failed when nothing was."""
    found = list(DIST.glob(f"s3_sidecar-{version()}*.{ending}"))
    if not found:
        raise Failed(f"dist/ holds no .{ending} of {version()}")
    return found[0]


def components() -> list[str]:
    """The packages of the SBOM. Raises Failed when it lacks one that is imported."""
    names = [component["name"] for component in json.loads(SBOM.read_text())["components"]]
    if "aiobotocore" not in names:
        raise Failed(f"{SBOM.name} does not list aiobotocore")
    return names


def empty_environment(folder: Path) -> Path:
    """An environment without anything; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    return folder / "bin" / "python"


def install(python: Path, *words: str) -> None:
    """Install into an environment with this one's pip."""
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *words)


def run_programs(python: Path) -> str:
    """Start both programs. Raises Failed when one says another version."""
    for name in ("s3proxy", "s3ops"):
        told = run(str(python.parent / name), "--version")
        if told.strip() != f"{name}, version {version()}":
            raise Failed(f"{name} --version says {told.strip()!r}")
    return f"s3proxy and s3ops {version()} run"


def run(*words: str) -> str:
    """What a command prints. Raises Failed with its last lines when it fails."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).splitlines()[-_TAIL_LINES:]
        raise Failed("\n          ".join([f"{command(words)} ended with {done.returncode}:", *tail]))
    return done.stdout


def command(words: Sequence[str]) -> str:
    """A command as a person would type it."""
    return " ".join("python" if word == sys.executable else word for word in words)


CHECKS = {
    "version": check_version,
    "changelog": check_changelog,
    "chart": check_chart,
    "docs": check_docs,
    "lock": check_lock,
    "build": check_build,
    "wheel": check_wheel,
    "sdist": check_sdist,
}

if __name__ == "__main__":
    sys.exit(main())
