"""Log lines as JSON."""

import json
import logging
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.log.json_lines import JsonFormatter
from sidecar.log.masking import Masking
from sidecar.secret import MASK

BAIT = 'correct"horse\\é'
NOW = 784_111_777.0625


def _record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    trace = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("sidecar.part", logging.WARNING, __file__, 1, message, values, trace)
    record.created, record.msecs = NOW, 62.5
    return record


def _line(record: logging.LogRecord) -> str:
    return JsonFormatter(Masking((BAIT,))).format(record)


def _raised(error: Exception) -> Exception:
    """The error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_members() -> None:
    """All of a message, in the same order each time; the time is UTC."""
    assert list(json.loads(_line(_record("hello %s", "you"))).items()) == [
        ("time", "1994-11-06T08:49:37.062Z"),
        ("level", "warning"),
        ("logger", "sidecar.part"),
        ("pid", os.getpid()),
        ("worker", "MainProcess"),
        ("message", "hello you"),
    ]


def test_an_exception() -> None:
    """Its traceback is a member, and the line still one."""
    line = _line(_record("failed", error=_raised(ValueError("a\nb"))))
    assert "\n" not in line
    assert json.loads(line)["exception"].startswith("Traceback (most recent call last):\n")
    assert json.loads(line)["exception"].endswith("ValueError: a\nb")


def test_secrets_are_masked() -> None:
    """In the message and in a traceback, whatever JSON makes of their characters."""
    line = _line(_record("the key is %s", BAIT, error=_raised(ValueError(BAIT))))
    assert "horse" not in line
    assert json.loads(line)["message"] == f"the key is {MASK}"
    assert line.count(MASK) >= 2


def test_a_traceback_is_masked_for_every_destination() -> None:
    """What another formatter has left in the record is not shown."""
    record = _record("failed", error=_raised(ValueError(BAIT)))
    logging.Formatter().format(record)
    assert "horse" not in _line(record)


@given(st.text())
def test_one_line_of_ascii(text: str) -> None:
    """Whatever is logged, it begins no other line and steers no terminal."""
    line = _line(_record("%s", text))
    assert line.isascii()
    assert line.isprintable()
    json.loads(line).get("message").encode()


@pytest.mark.parametrize("name", ["message", "level", "a\nb"])
def test_a_logger_of_any_name(name: str) -> None:
    """No member is another's."""
    record = _record("m")
    record.name = name
    assert json.loads(_line(record))["logger"] == name
