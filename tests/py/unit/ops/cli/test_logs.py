"""Lines of the server's log, and the end of a file of them."""

import io
import json
import logging
import os
from pathlib import Path

import pytest

from ops.cli.log_line import LevelFilter, fields_of, styled
from ops.cli.tail import follow, last_lines
from sidecar.log.json_lines import JsonFormatter
from sidecar.log.masking import Masking

TEXT = "2026-11-22T10:00:00.123Z WARNING  pid=12 sidecar.cache.tools: answers pass: a: b"
JSON = '{"time": "2026-11-22T10:00:00Z", "level": "ERROR", "message": "m"}'

LINES = {
    "text": (
        TEXT,
        {
            "time": "2026-11-22T10:00:00.123Z",
            "level": "warning",
            "pid": 12,
            "logger": "sidecar.cache.tools",
            "message": "answers pass: a: b",
        },
    ),
    "json": (JSON, {"time": "2026-11-22T10:00:00Z", "level": "error", "message": "m"}),
    "broken-json": ('{"time": ', {"message": '{"time": '}),
    "traceback": ("  File x", {"message": "  File x"}),
    "empty": ("", {"message": ""}),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES)
def test_fields(line: str, expected: dict[str, object]) -> None:
    """Text and JSON are read alike; what is neither is a message."""
    assert fields_of(line) == expected


def test_level_filter() -> None:
    """A traceback goes with the line that it belongs to."""
    lines = [TEXT, "  of the warning", TEXT.replace("WARNING ", "INFO    "), "  of the info", JSON, "  of the error"]
    levels = LevelFilter("warning")
    assert [line for line in lines if levels.passes(fields_of(line))] == [lines[0], lines[1], lines[4], lines[5]]


def test_a_line_steers_no_terminal() -> None:
    """A file may have been written by anybody."""
    assert styled("a\x1b[2J", {}).plain == r"a\x1b[2J"


def test_json_is_shown_as_text() -> None:
    """What a container's log has is read as easily as the file; what else is JSON, such as the access log, stays."""
    record = logging.LogRecord("sidecar.a", logging.WARNING, __file__, 1, "a\x1b[2J b", (), None)
    line = JsonFormatter(Masking(())).format(record)
    when = json.loads(line)["time"]
    assert styled(line, fields_of(line)).plain == rf"{when} WARNING  pid={os.getpid()} sidecar.a: a\x1b[2J b"
    assert styled('{"status":200}', fields_of('{"status":200}')).plain == '{"status":200}'


def test_a_traceback_in_json_is_shown_below() -> None:
    """In lines of its own, none of which looks like another message's."""
    told = {"time": "t", "level": "error", "pid": 1, "logger": "l", "message": "m", "exception": "Traceback\n\x1b: a"}
    line = json.dumps(told)
    assert styled(line, fields_of(line)).plain.splitlines() == ["t ERROR    pid=1 l: m", "  Traceback", r"  \x1b: a"]


@pytest.mark.parametrize("wanted", [0, 1, 3, 4, 100])
@pytest.mark.parametrize("end", ["", "\n"], ids=["half-a-line", "whole-lines"])
def test_last_lines(wanted: int, end: str) -> None:
    """As many as are wanted, of lines longer than a block too, and the file is at its end."""
    lines = ["a" * 100_000, "b", "c" * 70_000, "d"]
    file = io.BytesIO(("\n".join(lines) + end).encode())
    assert last_lines(file, wanted) == (lines[-wanted:] if wanted else [])
    assert file.read() == b""


def test_last_lines_of_an_empty_file() -> None:
    """Nothing is no line."""
    assert last_lines(io.BytesIO(b""), 5) == []


def test_follow(tmp_path: Path) -> None:
    """New lines come in order, over a rotation and a truncation, and half a line waits for its end."""
    path = tmp_path / "log"
    path.write_text("old\nha")
    with path.open("rb") as file:
        file.seek(4)
        lines = follow(path, file)
        with path.open("a") as writer:
            writer.write("lf\none\n")
        assert [next(lines), next(lines)] == ["half", "one"]
        path.rename(tmp_path / "log.1")
        path.write_text("two\n")
        assert next(lines) == "two"
        path.write_text("3\n")
        assert next(lines) == "3"
        lines.close()
