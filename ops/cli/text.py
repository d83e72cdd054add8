"""Text that came from elsewhere, and numbers, as a terminal may show them."""

from collections.abc import Sequence

_ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_KIBI = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_TEN = 10
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SPARKS = "▁▂▃▄▅▆▇█"


def printable(text: str) -> str:
    """The text with what steers a terminal as escapes; a key of a bucket may hold anything."""
    return text.translate(_ESCAPED).encode("utf-8", "replace").decode()


def size(count: float) -> str:
    """Bytes, in powers of 1,024: `812 B`, `3.4 MiB`."""
    step = 0
    while count >= _KIBI and step < len(_UNITS) - 1:
        count, step = count / _KIBI, step + 1
    return f"{count:.0f} {_UNITS[step]}" if step == 0 or count >= 100 * _TEN else f"{count:.1f} {_UNITS[step]}"


def duration(seconds: float) -> str:
    """A span: `850 µs`, `12 ms`, `3.1 s`, `289 s`, `12 min`, `2 h`, `3 d`."""
    if seconds < 0.001:  # noqa: PLR2004 - a millisecond
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.{1 if seconds < 0.01 else 0}f} ms"  # noqa: PLR2004 - ten of them
    if seconds < 10 * _MINUTE:
        return f"{seconds:.{0 if seconds >= _MINUTE else 1}f} s"
    for unit, length in (("d", _DAY), ("h", _HOUR)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / _MINUTE:.0f} min"


def ratio(part: float, whole: float) -> str:
    """A share in per cent; a dash where there is nothing to share."""
    return f"{part / whole:.1%}" if whole else "-"


def count(number: float) -> str:
    """A number with its thousands apart; fractions only where they tell something."""
    return f"{number:,.0f}" if number >= 100 * _TEN or number == int(number) else f"{number:,.1f}"


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as bars between nothing and the highest of them."""
    shown = values[-width:]
    top = max(shown, default=0.0)
    if top <= 0:
        return _SPARKS[0] * len(shown)
    return "".join(_SPARKS[min(7, int(value / top * 7.999))] for value in shown)
