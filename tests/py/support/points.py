"""Records read back from what Akumuli has stored, by what docs/reference/records-wire.md says and nothing else."""

import re
from itertools import pairwise
from typing import NamedTuple

from support.akumuli_parser import Series, Stored

_OLDER_NS = 1000
_TOKEN = re.compile("__#([A-Z0-9]+)#__")
_WORDS = {"SPACE": " ", "QUOTE": "'", "TAB": "\t", "LF": "\n", "CR": "\r", "NUL": "\0", "HASH": "#", "CUT": "…"}


class Request(NamedTuple):
    """What the points of one record tell; `place` is the text of its event."""

    timestamp_ns: int
    tags: dict[str, str]
    counter: float
    size: float
    milliseconds: float
    place: str | None = None
    place_tags: dict[str, str] | None = None


def unescape(value: str) -> str:
    """The value of a tag as it was before; an ellipsis stands where it was cut."""
    return _TOKEN.sub(lambda token: _WORDS.get(token[1]) or chr(int(token[1].removeprefix("U"), 16)), value)


def tags_of(text: str) -> dict[str, str]:
    """The tags of a series, decoded."""
    pairs = [tag.partition("=") for tag in text.split(" ")]
    return {name: unescape(value) for name, _, value in pairs}


def requests(series: Series, prefix: str = "request") -> list[Request]:
    """Every record, in the order of time; fails where the three numbers of one are not there, or there twice.

    A point that was sent again is up to a microsecond older than the others of its record.
    """
    counters, sizes, times = (_column(series, f"{prefix}.{name}") for name in ("counter", "size", "time"))
    places = [
        (point, tags_of(tags)) for tags, points in _column(series, f"!{prefix}.location").items() for point in points
    ]
    assert counters.keys() == sizes.keys() == times.keys()
    found = []
    for tags, points in counters.items():
        for counter, size, time in zip(points, sizes[tags], times[tags], strict=True):
            at = counter.timestamp_ns
            assert _are_of_one([counter, size, time])
            place = next((place for place in places if _are_of_one([place[0], counter])), None)
            text, place_tags = (str(place[0].value), place[1]) if place else (None, None)
            c, s, t = (float(point.value) for point in (counter, size, time))
            found.append(Request(at, tags_of(tags), c, s, t, text, place_tags))
    return sorted(found, key=lambda request: request.timestamp_ns)


def _column(series: Series, metric: str) -> dict[str, list[Stored]]:
    found = {}
    for name, stored in series.points.items():
        if name.startswith(f"{metric} "):
            assert not any(_are_of_one(list(pair)) for pair in pairwise(stored)), f"{metric} was stored twice"
            found[name.removeprefix(f"{metric} ")] = stored
    return found


def _are_of_one(points: list[Stored]) -> bool:
    instants = [point.timestamp_ns for point in points]
    return max(instants) - min(instants) <= _OLDER_NS
