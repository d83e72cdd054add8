"""Log lines: where they go, and what never gets into them."""

import contextlib
import json
import logging
import os
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import SettingsError
from sidecar.secret import MASK
from sidecar.server import logs
from sidecar.settings import Settings, load

BAIT = "correct-horse-battery-staple"
NOW = 784_111_777.0
LAYOUT = "%(asctime)s %(levelname)s %(message)s"
OURS = ("sidecar", "ops")

ESCAPED = {
    "newline": ("a\nb", r"a\u000ab"),
    "carriage-return": ("a\r\nb", r"a\u000d\u000ab"),
    "escape-sequence": ("\x1b[31mred", r"\u001b[31mred"),
    "nul": ("a\0b", r"a\u0000b"),
    "delete": ("a\x7fb", r"a\u007fb"),
    "next-line": ("a\x85b", r"a\u0085b"),
    "one-byte-escape-sequence": ("\x9b31mred", r"\u009b31mred"),
    "line-separator": ("a\u2028b", r"a\u2028b"),
    "paragraph-separator": ("a\u2029b", r"a\u2029b"),
    "tab-stays": ("a\tb", "a\tb"),
    "other-letters-stay": ("é 日本 🦕", "é 日本 🦕"),
}

# The operator's level → the lowest level written of our own lines, and of a library's.
LEVELS = {
    "critical": (logging.CRITICAL, logging.CRITICAL),
    "error": (logging.ERROR, logging.ERROR),
    "warn": (logging.WARNING, logging.WARNING),
    "info": (logging.INFO, logging.WARNING),
    "debug": (logging.DEBUG, logging.WARNING),
}


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger without the handlers of pytest, which come back afterwards."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *OURS)}
    root.handlers.clear()
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory for log files that exists."""
    made = tmp_path / "logs"
    made.mkdir()
    return made


@pytest.fixture(params=["UTC0", "JST-9", "EST5EDT"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of this process."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", request.param)
        time.tzset()
        yield str(request.param)
    time.tzset()


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal to write to, and the descriptor that what it shows can be read from."""
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as screen:
        yield screen, master
    os.close(master)


def _settings(folder: Path, **flags: str) -> Settings:
    return load({"bucket": "site", "log_dir": str(folder), **flags}, {})


def _record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    trace = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("sidecar", logging.ERROR, __file__, 1, message, values, trace)
    record.created = NOW
    return record


def _line(record: logging.LogRecord, *secrets: str) -> str:
    return logs.LineFormatter(secrets, LAYOUT).format(record)


def _raised(error: Exception) -> Exception:
    """The error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def _written(folder: Path) -> str:
    return (folder / logs.FILE_NAME).read_text()


def test_a_line_is_in_utc(zone: str) -> None:
    """Lines of servers in two zones can be merged."""
    assert _line(_record("hello")) == "1994-11-06T08:49:37 ERROR hello"


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_control_characters_are_escaped(text: str, expected: str) -> None:
    """What a client sent neither ends a line nor steers the terminal that shows it."""
    assert _line(_record("%s", text)).endswith(f"ERROR {expected}")


@given(st.text())
def test_a_message_is_one_line(text: str) -> None:
    """Whatever is logged, one message is one line."""
    assert len(_line(_record("%s", text)).splitlines()) == 1


@given(st.text())
def test_a_traceback_begins_no_line(text: str) -> None:
    """An exception that repeats what a client sent cannot forge a line: all but the first are indented."""
    _, *rest = re.split("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", _line(_record("failed", error=ValueError(text))))
    assert rest
    assert all(line.startswith("  ") for line in rest)


def test_secrets_are_masked_in_the_message() -> None:
    """A secret in the text itself is masked, each time."""
    assert _line(_record(f"{BAIT} and {BAIT}"), BAIT).endswith(f"ERROR {MASK} and {MASK}")


def test_secrets_are_masked_in_the_arguments() -> None:
    """A secret among the arguments is masked, also within another value."""
    line = _line(_record("%s %r", BAIT, {"Authorization": f"Bearer {BAIT}"}), BAIT)
    assert BAIT not in line
    assert line.count(MASK) == 2


def test_secrets_are_masked_in_the_traceback() -> None:
    """A secret in an exception's text is masked."""
    line = _line(_record("failed", error=_raised(ValueError(f"wrong key {BAIT}"))), BAIT)
    assert "Traceback" in line
    assert f"wrong key {MASK}" in line
    assert BAIT not in line


def test_a_traceback_is_masked_for_every_destination() -> None:
    """The traceback that the record remembers from another formatter is masked too."""
    record = _record("failed", error=_raised(ValueError(BAIT)))
    logging.Formatter().format(record)
    assert BAIT not in _line(record, BAIT)


def test_the_longest_secret_is_masked_first() -> None:
    """A secret that begins like another leaves nothing of it behind."""
    assert _line(_record("abcdef"), "abc", "abcdef").endswith(f"ERROR {MASK}")


def test_an_empty_secret_masks_nothing() -> None:
    """No secret is not an empty one between all letters."""
    assert _line(_record("hello"), "").endswith("ERROR hello")


@pytest.mark.parametrize(("word", "expected"), LEVELS.items(), ids=LEVELS)
def test_levels(root: logging.Logger, folder: Path, word: str, expected: tuple[int, int]) -> None:
    """The operator's word decides about our lines; libraries, which log headers, never go below warnings."""
    logs.configure(_settings(folder, log_level=word))
    ours = {logging.getLogger(f"{name}.part").getEffectiveLevel() for name in OURS}
    assert (ours, logging.getLogger("botocore").getEffectiveLevel()) == ({expected[0]}, expected[1])


@pytest.mark.parametrize("slash", ["", "/"])
def test_no_directory_no_file(root: logging.Logger, tmp_path: Path, slash: str) -> None:
    """Without its directory no log file is written, and the directory is not made."""
    settings = _settings(tmp_path / "logs", log_dir=f"{tmp_path / 'logs'}{slash}")
    logs.configure(settings)
    logging.getLogger("sidecar").error("hello")
    assert not (tmp_path / "logs").exists()
    assert not logs.has_destination(settings)


@pytest.mark.parametrize("slash", ["", "/"])
def test_directory_and_file(root: logging.Logger, folder: Path, slash: str) -> None:
    """With its directory the log file is written, secrets masked."""
    settings = _settings(folder, log_dir=f"{folder}{slash}", auth_key=BAIT)
    logs.configure(settings)
    logging.getLogger("sidecar").info("the key is %s", BAIT)
    assert _written(folder).endswith(f"the key is {MASK}\n")
    assert logs.has_destination(settings)


def test_libraries_lines_are_masked_too(root: logging.Logger, folder: Path) -> None:
    """What a library logs of a secret goes through the same formatter."""
    logs.configure(_settings(folder, key="an-id", secret=BAIT))
    logging.getLogger("botocore.auth").warning("signing with %s", BAIT)
    assert _written(folder).endswith(f"signing with {MASK}\n")


def test_a_file_of_that_name_is_no_directory(root: logging.Logger, tmp_path: Path) -> None:
    """A regular file where the directory should be is left alone."""
    (tmp_path / "logs").write_text("mine")
    logs.configure(_settings(tmp_path / "logs"))
    logging.getLogger("sidecar").error("hello")
    assert (tmp_path / "logs").read_text() == "mine"


def test_a_file_that_cannot_be_written(root: logging.Logger, folder: Path) -> None:
    """A log file that cannot be written is a mistake that names the option and the file."""
    (folder / logs.FILE_NAME).mkdir()
    with pytest.raises(SettingsError) as caught:
        logs.configure(_settings(folder))
    (mistake,) = caught.value.mistakes
    assert mistake == f"--dir cannot be used: {folder / logs.FILE_NAME} cannot be written (Is a directory)"


def test_configuring_again_does_not_repeat_lines(root: logging.Logger, folder: Path) -> None:
    """Every process configures its log when it makes its application; a line is still written once."""
    for _ in range(2):
        logs.configure(_settings(folder))
    logging.getLogger("sidecar").info("hello")
    assert _written(folder).count("hello") == 1


def test_console(root: logging.Logger, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With --console lines go to stdout, and nowhere without it."""
    for console in ("true", "false"):
        logs.configure(_settings(tmp_path / "logs", console=console, log_format="text", auth_key=BAIT))
        logging.getLogger("sidecar").warning("console is %s, the key is %s", console, BAIT)
    captured = capfd.readouterr()
    assert captured.out.endswith(f"console is true, the key is {MASK}\n")
    assert captured.out.count("\n") == 1
    assert captured.err == ""


@pytest.mark.parametrize("log_format", ["auto", "json"])
def test_console_for_machines(
    root: logging.Logger, folder: Path, capfd: pytest.CaptureFixture[str], log_format: str
) -> None:
    """Where stdout is no terminal a line is JSON; the file's is text as ever."""
    logs.configure(_settings(folder, console="true", log_format=log_format, auth_key=BAIT))
    logging.getLogger("sidecar").warning("the key is %s\n", BAIT)
    told = json.loads(capfd.readouterr().out)
    assert (told["level"], told["logger"], told["message"]) == ("warning", "sidecar", f"the key is {MASK}\n")
    assert _written(folder).endswith(rf"WARNING  pid={os.getpid()} sidecar: the key is {MASK}\u000a" + "\n")


def test_console_in_a_terminal(root: logging.Logger, tmp_path: Path, terminal: tuple[TextIO, int]) -> None:
    """Colours and columns for a person change nothing about what may be shown."""
    screen, descriptor = terminal
    with contextlib.redirect_stdout(screen):
        logs.configure(_settings(tmp_path / "logs", console="true", auth_key=BAIT))
    logging.getLogger("sidecar").warning("[bold]key%s %s", "\x1b]0;title", BAIT)
    screen.flush()
    shown = os.read(descriptor, 4096).decode()
    assert r"[bold]key\u001b]0;title" in re.sub("\x1b\\[[0-9;]*m", "", shown)
    assert MASK in shown
    assert BAIT not in shown


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_console_in_a_terminal_as_asked(
    root: logging.Logger, tmp_path: Path, terminal: tuple[TextIO, int], log_format: str
) -> None:
    """A terminal gets JSON too, if that is asked for."""
    screen, descriptor = terminal
    with contextlib.redirect_stdout(screen):
        logs.configure(_settings(tmp_path / "logs", console="true", log_format=log_format))
    logging.getLogger("sidecar").warning("hello")
    screen.flush()
    assert os.read(descriptor, 4096).startswith(b'{"time"') == (log_format == "json")


def test_console_and_file(root: logging.Logger, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both destinations get the same line."""
    logs.configure(_settings(folder, console="true", log_format="text"))
    logging.getLogger("ops").error("failed", exc_info=_raised(ValueError("no such thing")))
    assert capfd.readouterr().out == _written(folder) != ""


@pytest.mark.parametrize(
    ("access_log", "to", "is_used"), [("json", "auto", True), ("json", "stdout", False), ("off", "auto", False)]
)
def test_an_access_log_that_cannot_be_written(
    root: logging.Logger, folder: Path, access_log: str, to: str, is_used: bool
) -> None:
    """It is a mistake like one of the log's own, if the file is to be written at all."""
    (folder / "access.log").mkdir()
    with pytest.raises(SettingsError, match=r"access\.log cannot be written") if is_used else contextlib.nullcontext():
        logs.configure(_settings(folder, access_log=access_log, access_log_to=to))


def test_warnings_are_logged(root: logging.Logger, folder: Path) -> None:
    """What Python warns of is a line in the log."""
    logs.configure(_settings(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this goes away", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: this goes away" in _written(folder)
