"""The command line of s3ops itself."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command, Context, Group, Option
from click.testing import CliRunner, Result

from ops.cli.exit_code import ExitCode
from ops.cli.program import program

BAIT = "correct-horse-battery-staple"
ROOT = Path(__file__).parents[5]


def commands(group: Group = program, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command, as it is typed."""
    for name, command in group.commands.items():
        if isinstance(command, Group):
            yield from commands(command, *words, name)
        else:
            yield (*words, name)


ALL = list(commands())
ASKING = [words for words in ALL if words not in {("config", "check"), ("health",), ("logs",), ("completion",)}]
ARGUMENTS: dict[tuple[str, ...], list[str]] = {
    ("cache", "purge"): ["a"],
    ("cache", "warm"): ["/"],
    ("cache", "explain"): ["/"],
    ("release", "switch"): ["v"],
}


def _run(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env).invoke(program, words)


def _command(words: tuple[str, ...]) -> Command:
    command: Command = program
    for word in words:
        assert isinstance(command, Group)
        command = command.commands[word]
    return command


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help(words: tuple[str, ...]) -> None:
    """Each command explains itself, and has a sentence for the list of commands."""
    result = _run(*words, "--help", env={"S3OPS_TOKEN": BAIT, "AUTH_KEY": BAIT})
    assert result.exit_code == 0
    assert BAIT not in result.output
    assert _command(words).get_short_help_str(200)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_no_option_is_unknown_to_help(words: tuple[str, ...]) -> None:
    """Every option has words."""
    parameters = _command(words).get_params(Context(program))
    assert all(parameter.help for parameter in parameters if isinstance(parameter, Option))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_an_unknown_option(words: tuple[str, ...]) -> None:
    """A usage error is a 2, and its text is on stderr."""
    result = _run(*words, "--nonsense")
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "--nonsense" in result.stderr


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_nobody_listens(words: tuple[str, ...]) -> None:
    """Every command that asks a server ends with 3 when there is none, with a reason and no traceback."""
    result = _run(*words, *ARGUMENTS.get(words, []), "--url", "http://127.0.0.1:1", "--token", BAIT)
    assert (result.exit_code, result.stdout) == (ExitCode.UNREACHABLE, "")
    assert result.stderr.startswith("s3ops: 127.0.0.1:1: nobody listens there")
    assert BAIT not in result.output


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--token", "a", "--token-file", "b"], {}),
        (["--token-file", "/nowhere"], {}),
        (["--token", f"{BAIT}\nHost: b"], {}),
        ([], {"S3OPS_TOKEN": f"{BAIT}\x7f"}),
        (["--token", " "], {}),
        (["--url", f"http://me:{BAIT}@a:1"], {}),
        (["--timeout", "0"], {}),
        (["--url", "http://127.0.0.1:1", "leftover"], {}),
    ],
    ids=["both", "no-file", "header-injection", "control-character", "empty", "user-in-url", "timeout", "argument"],
)
def test_usage(words: list[str], env: dict[str, str]) -> None:
    """What cannot be used is a 2 before anybody is asked, and shows no secret."""
    result = _run("cache", "clear", *words, env={"S3OPS_URL": "http://127.0.0.1:1"} | env)
    assert result.exit_code == ExitCode.USAGE
    assert BAIT not in result.output


def test_a_token_file_wins_over_the_environment(tmp_path: Path) -> None:
    """Two sources are a contradiction only on one command line."""
    file = tmp_path / "token"
    file.write_text("abc\n")
    result = _run("cache", "clear", "--url", "http://127.0.0.1:1", "--token-file", str(file), env={"S3OPS_TOKEN": BAIT})
    assert result.exit_code == ExitCode.UNREACHABLE


def test_bench_stays_on_this_machine() -> None:
    """A load on somebody else's server needs a word more."""
    result = _run("bench", "--url", "http://192.0.2.1:80")
    assert result.exit_code == ExitCode.USAGE
    assert "--remote" in result.stderr


def test_version() -> None:
    """Name and version."""
    assert _run("--version").output.startswith("s3ops, version ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """What a shell evaluates, with the variable that makes s3ops answer it."""
    assert "_S3OPS_COMPLETE" in _run("completion", shell).output


def test_sanic_is_not_imported() -> None:
    """Starting, and importing all that any command needs, brings in neither Sanic nor the server."""
    modules = [f"ops.cli.{file.stem}" for file in (ROOT / "ops" / "cli").glob("*.py") if file.stem != "__main__"]
    code = f"import sys, {', '.join(modules)}; print(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {
        name for name in done.stdout.split() if name.startswith(("sanic", "sidecar.server", "aiobotocore", "uvloop"))
    }
    assert "ops.cli.watching" in done.stdout
    assert not loaded


def test_help_is_quick_to_import() -> None:
    """What only a command needs is not imported for help: measured in modules, since time depends on the machine."""
    code = "import sys; from ops.cli.program import program; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"http.client", "ssl", "rich.live", "sidecar.settings", "prometheus_client"} & set(done.stdout.split())


def test_a_health_check_takes_little() -> None:
    """What a container asks of itself all the time brings in nothing to show, to parse options or to speak TLS with."""
    code = "import sys, ops.cli.__main__, sidecar.settings; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "ops.cli.probe" in done.stdout
    assert not {"asyncio", "click", "http.client", "rich", "ssl"} & set(done.stdout.split())
