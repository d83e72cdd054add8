"""Numbers and foreign text as a terminal may show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cli.text import count, duration, printable, ratio, size, sparkline

SIZES = {0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 * 1024**3: "5.0 GiB", 2 * 1024**6: "2048 PiB"}
SPANS = {
    0.0000004: "0 µs",
    0.00085: "850 µs",
    0.0012: "1.2 ms",
    0.012: "12 ms",
    3.14: "3.1 s",
    289.5: "290 s",
    720: "12 min",
    7200: "2 h",
    259200: "3 d",
}
COUNTS = {0: "0", 2.5: "2.5", 3.0: "3", 1234: "1,234", 1234.56: "1,235"}

ESCAPED = {
    "escape-sequence": ("\x1b[31mred", r"\x1b[31mred"),
    "line-feed": ("a\nb", r"a\x0ab"),
    "one-byte-escape-sequence": ("\x9b31m", r"\x9b31m"),
    "line-separator": ("a\u2028b", r"a\u2028b"),
    "lone-surrogate": ("a\udcffb", "a?b"),
    "markup-stays": ("[red]a[/red]", "[red]a[/red]"),
    "other-letters-stay": ("größe 日本", "größe 日本"),
}


@pytest.mark.parametrize(("number", "expected"), SIZES.items())
def test_size(number: int, expected: str) -> None:
    """Bytes in powers of 1,024."""
    assert size(number) == expected


@pytest.mark.parametrize(("seconds", "expected"), SPANS.items())
def test_duration(seconds: float, expected: str) -> None:
    """Spans in the unit that fits."""
    assert duration(seconds) == expected


@pytest.mark.parametrize(("number", "expected"), COUNTS.items())
def test_count(number: float, expected: str) -> None:
    """Thousands apart, fractions where they tell something."""
    assert count(number) == expected


def test_ratio() -> None:
    """A share in per cent; nothing of nothing is no share."""
    assert (ratio(1, 3), ratio(0, 3), ratio(0, 0)) == ("33.3%", "0.0%", "-")


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_printable(text: str, expected: str) -> None:
    """What steers a terminal is shown as an escape."""
    assert printable(text) == expected


@given(st.text())
def test_printable_text_steers_no_terminal(text: str) -> None:
    """No control character is left, and it can be written anywhere."""
    shown = printable(text)
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown)
    shown.encode()


SPARKS = {
    "nothing": ([], 10, ""),
    "only-zeroes": ([0, 0], 10, "▁▁"),
    "from-nothing-to-the-highest": ([0, 1, 2, 4], 10, "▁▂▄█"),
    "the-last-ones": ([9, 9, 0, 8], 2, "▁█"),
}


@pytest.mark.parametrize(("values", "width", "expected"), SPARKS.values(), ids=SPARKS)
def test_sparkline(values: list[float], width: int, expected: str) -> None:
    """Bars between nothing and the highest that is shown."""
    assert sparkline(values, width) == expected
