"""What Akumuli makes of the bytes it is sent, as observed on 0.8.80.

Where that was not enough, as its source has it (akumulid/protocolparser.cpp, libakumuli/index/seriesparser.cpp).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_SERIES_LINE = 1022
MOST_TEXT = 1022
MOST_TAGS = 32
_EVENT_NS = 1024
"""Events are kept to about a microsecond (docs.akumuli.org, Writing data)."""
_WHOLE = re.compile(rb":([0-9]{1,84})")
_BASIC_ISO = re.compile(rb"\+[0-9]{8}T[0-9]{6}(\.[0-9]{1,9})?")
_FLOAT = re.compile(rb"\+[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_EVENT_MARK = "!"


class Stored(NamedTuple):
    """A point as it was stored."""

    timestamp_ns: int
    value: float | str


class RefusedError(Exception):
    """The server says so and closes the connection; the text is what it says, without its line break."""


class CrashError(Exception):
    """The server aborts."""


@dataclass
class Series:
    """Every point of every series, by the name with its tags in order; refuses what comes late."""

    points: dict[str, list[Stored]] = field(default_factory=dict)

    def write(self, name: str, timestamp_ns: int, value: float | str) -> None:
        """Store a point; raises RefusedError."""
        is_event = name.startswith(_EVENT_MARK)
        stored = self.points.get(name)
        if stored and is_event and timestamp_ns // _EVENT_NS <= stored[-1].timestamp_ns // _EVENT_NS:
            raise RefusedError("-DB late write")
        if stored and timestamp_ns < stored[-1].timestamp_ns:
            raise RefusedError("-DB late write")
        self.points.setdefault(name, []).append(Stored(timestamp_ns, value))


class Parser:
    """One connection's parser; every complete point is written to `series` at once."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes; raises RefusedError and CrashError, after which there is nothing more to be fed."""
        self._buffer += data
        while frame := self._frame():
            names, timestamp, values = frame
            for name, value in zip(names, values, strict=True):
                self._series.write(name, timestamp, value)

    def _frame(self) -> tuple[list[str], int, list[float | str]] | None:
        lines = self._lines()
        try:
            names = _series(next(lines))
            timestamp = _timestamp(next(lines))
            if len(names) == 1:
                values = [_value(names[0], next(lines))]
            else:
                if next(lines) != b"*%d" % len(names):
                    raise RefusedError("-PARSER wrong array size")
                values = [_value(name, next(lines)) for name in names]
        except StopIteration:
            return None
        self._buffer = self._buffer[self._place :]
        return names, timestamp, values

    def _lines(self) -> Iterator[bytes]:
        self._place = 0
        while True:
            end = self._buffer.find(b"\n", self._place)
            most = MOST_TEXT + len(b"+\r\n") if self._place else MOST_SERIES_LINE
            if (len(self._buffer) if end < 0 else end + 1) - self._place > most:
                raise RefusedError("-PARSER out of quota")
            if end < 0:
                return
            line, self._place = self._buffer[self._place : end], end + 1
            yield line.removesuffix(b"\r")


def _series(line: bytes) -> list[str]:
    """The names of one or more series, with their tags in order."""
    if not line.startswith(b"+"):
        raise RefusedError("-PARSER unexpected parameter id format")
    if b"'" in line:
        raise CrashError
    text = line[1:].partition(b"\0")[0].decode()
    names, *tags = [word for word in re.split("[ \t]+", text) if word] or [""]
    if not tags or not all(re.fullmatch(".+?=.*", tag, re.DOTALL) for tag in tags):
        raise RefusedError("-PARSER invalid series name format")
    return [" ".join([name, *sorted(tags[:MOST_TAGS])]) for name in names.split("|")]


def _timestamp(line: bytes) -> int:
    if match := _WHOLE.fullmatch(line):
        return int(match[1])
    if _BASIC_ISO.fullmatch(line):
        raise NotImplementedError("the tests send nanoseconds")
    raise RefusedError("-PARSER unexpected parameter timestamp format")


def _value(name: str, line: bytes) -> float | str:
    if name.startswith(_EVENT_MARK):
        if not line.startswith(b"+"):
            raise RefusedError("-PARSER unexpected parameter value format")
        if len(line) == 1:
            raise RefusedError("-DB bad argument")
        return line[1:].decode()
    if match := _WHOLE.fullmatch(line):
        return float(match[1])
    if _FLOAT.fullmatch(line):
        return float(line[1:])
    raise RefusedError("-PARSER can't parse a value")
