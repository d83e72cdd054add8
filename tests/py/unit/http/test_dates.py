"""HTTP dates, from RFC 9110 5.6.7."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.dates import format_http_date, parse_http_date


def _at(iso_8601: str) -> int:
    return int(datetime.fromisoformat(iso_8601).replace(tzinfo=UTC).timestamp())


EXAMPLE = _at("1994-11-06T08:49:37")
NOW = _at("2026-07-01")
FIRST = _at("0001-01-01")
LAST = _at("9999-12-31T23:59:59")
FORTY_NINE_YEARS = 49 * 365 * 86_400

FORMATTED = {
    "rfc9110-5.6.7-example": (EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT"),
    "rfc9110-5.6.7-epoch": (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    "rfc9110-5.6.7-floor": (0.999_999, "Thu, 01 Jan 1970 00:00:00 GMT"),
    "rfc9110-5.6.7-floor-below-epoch": (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"),
    "rfc9110-5.6.7-leap-day": (_at("2024-02-29T23:59:59"), "Thu, 29 Feb 2024 23:59:59 GMT"),
    "rfc9110-5.6.7-four-digit-year": (FIRST, "Mon, 01 Jan 0001 00:00:00 GMT"),
}

PARSED = {
    "rfc9110-5.6.7-imf-fixdate": ("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE),
    "rfc9110-5.6.7-rfc850": ("Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE),
    "rfc9110-5.6.7-asctime": ("Sun Nov  6 08:49:37 1994", EXAMPLE),
    "rfc9110-5.6.7-asctime-two-digit-day": ("Wed Nov 16 08:49:37 1994", _at("1994-11-16T08:49:37")),
    "rfc9110-5.6.7-asctime-zero-padded-day": ("Sun Nov 06 08:49:37 1994", EXAMPLE),
    "rfc9110-5.6.7-leap-second": ("Sat, 31 Dec 2016 23:59:60 GMT", _at("2017-01-01")),
    "rfc9110-5.6.7-leap-day": ("Thu, 29 Feb 2024 00:00:00 GMT", _at("2024-02-29")),
    "rfc9110-5.6.7-day-name-not-checked": ("Mon, 06 Nov 1994 08:49:37 GMT", EXAMPLE),
    "rfc9110-5.6.7-rfc850-no-now-69": ("Wednesday, 01-Jan-69 00:00:00 GMT", _at("1969-01-01")),
    "rfc9110-5.6.7-rfc850-no-now-68": ("Sunday, 01-Jan-68 00:00:00 GMT", _at("2068-01-01")),
    "rfc9110-5.5-outer-whitespace": ("\t Sun, 06 Nov 1994 08:49:37 GMT ", EXAMPLE),
    "rfc9111-4.2-any-case": ("SUN, 06 nov 1994 08:49:37 gmt", EXAMPLE),
}

INVALID = {
    "rfc9110-5.6.7-empty": "",
    "rfc9110-5.6.7-zero": "0",
    "rfc9110-5.6.7-epoch-seconds": "784111777",
    "rfc9110-5.6.7-iso-8601": "1994-11-06T08:49:37Z",
    "rfc9110-5.6.7-list": "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-single-digit-day": "Sun, 6 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-single-digit-hour": "Sun, 06 Nov 1994 8:49:37 GMT",
    "rfc9110-5.6.7-no-seconds": "Sun, 06 Nov 1994 08:49 GMT",
    "rfc9110-5.6.7-no-zone": "Sun, 06 Nov 1994 08:49:37",
    "rfc9110-5.6.7-unknown-day-name": "Son, 06 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-unknown-month": "Sun, 06 Nox 1994 08:49:37 GMT",
    "rfc9110-5.6.7-long-day-in-imf-fixdate": "Sunday, 06 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-two-spaces": "Sun,  06 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-hour-24": "Sun, 06 Nov 1994 24:00:00 GMT",
    "rfc9110-5.6.7-minute-60": "Sun, 06 Nov 1994 08:60:37 GMT",
    "rfc9110-5.6.7-second-61": "Sun, 06 Nov 1994 08:49:61 GMT",
    "rfc9110-5.6.7-day-0": "Sun, 00 Nov 1994 08:49:37 GMT",
    "rfc9110-5.6.7-31-february": "Sun, 31 Feb 1994 08:49:37 GMT",
    "rfc9110-5.6.7-29-february-1900": "Thu, 29 Feb 1900 08:49:37 GMT",
    "rfc9110-5.6.7-year-0": "Sat, 01 Jan 0000 00:00:00 GMT",
    "rfc9110-5.6.7-other-digits": "Sun, 06 Nov \u0661\u0669\u0669\u0664 08:49:37 GMT",
    "rfc9110-5.6.7-other-letters": "\u017fun, 06 Nov 1994 08:49:37 GMT",
    "rfc9111-4.2-utc": "Sun, 06 Nov 1994 08:49:37 UTC",
    "rfc9111-4.2-offset": "Sun, 06 Nov 1994 08:49:37 +0000",
    "rfc9111-4.2-other-zone": "Sun, 06 Nov 1994 08:49:37 EST",
}

CENTURIES = {
    "rfc9110-5.6.7-past": ("06-Nov-94 08:49:37", NOW, EXAMPLE),
    "rfc9110-5.6.7-near-future": ("01-Jan-30 00:00:00", NOW, _at("2030-01-01")),
    "rfc9110-5.6.7-49-years-ahead": ("01-Jul-75 00:00:00", NOW, _at("2075-07-01")),
    "rfc9110-5.6.7-50-years-ahead": ("01-Jul-76 00:00:00", NOW, _at("2076-07-01")),
    "rfc9110-5.6.7-50-years-and-a-second-ahead": ("01-Jul-76 00:00:01", NOW, _at("1976-07-01T00:00:01")),
    "rfc9110-5.6.7-51-years-ahead": ("01-Jul-77 00:00:00", NOW, _at("1977-07-01")),
    "rfc9110-5.6.7-before-the-turn": ("01-Jan-45 00:00:00", _at("1994-11-06"), _at("1945-01-01")),
    "rfc9110-5.6.7-over-the-turn": ("01-Jan-05 00:00:00", _at("1994-11-06"), _at("2005-01-01")),
    "rfc9110-5.6.7-next-century": ("01-Jan-10 00:00:00", _at("2080-01-01"), _at("2110-01-01")),
    "rfc9110-5.6.7-leap-day-of-the-century-chosen": ("29-Feb-00 00:00:00", NOW, _at("2000-02-29")),
}


@pytest.mark.parametrize(("instant", "expected"), FORMATTED.values(), ids=FORMATTED)
def test_format(instant: float, expected: str) -> None:
    """An instant is written as IMF-fixdate, floored to the second."""
    assert format_http_date(instant) == expected


@pytest.mark.parametrize("instant", [float("nan"), float("inf"), float("-inf")])
def test_format_refuses_what_is_no_instant(instant: float) -> None:
    """What is not a finite number is a mistake of the caller."""
    with pytest.raises((ValueError, OverflowError)):
        format_http_date(instant)


@pytest.mark.parametrize(("value", "expected"), PARSED.values(), ids=PARSED)
def test_parse(value: str, expected: int) -> None:
    """All three forms are read."""
    assert parse_http_date(value) == expected


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_parse_invalid(value: str) -> None:
    """What is no HTTP date is None, with `now` or without."""
    assert parse_http_date(value) is None
    assert parse_http_date(value, now=NOW) is None


@pytest.mark.parametrize(("date", "now", "expected"), CENTURIES.values(), ids=CENTURIES)
def test_two_digit_year(date: str, now: float, expected: int) -> None:
    """A two-digit year is the latest that is not more than 50 years ahead of now."""
    assert parse_http_date(f"Sunday, {date} GMT", now=now) == expected


@given(st.integers(FIRST, LAST))
def test_format_agrees_with_the_standard_library(instant: int) -> None:
    """`email.utils` writes the same."""
    assert format_http_date(instant) == format_datetime(datetime.fromtimestamp(instant, UTC), usegmt=True)


@given(st.integers(FIRST, LAST))
def test_imf_fixdate_round_trip(instant: int) -> None:
    """What is written is read back."""
    assert parse_http_date(format_http_date(instant)) == instant


@given(st.integers(_at("1000-01-01"), LAST))
def test_asctime_round_trip(instant: int) -> None:
    """What `asctime` writes is read back."""
    assert parse_http_date(time.asctime(time.gmtime(instant))) == instant


@given(st.integers(_at("1950-01-01"), _at("2950-01-01")), st.integers(-FORTY_NINE_YEARS, FORTY_NINE_YEARS))
def test_rfc850_round_trip(now: int, offset: int) -> None:
    """Two digits are enough for any instant of the century around now."""
    fixdate = format_http_date(now + offset)
    rfc850 = f"Sunday, {fixdate[5:7]}-{fixdate[8:11]}-{fixdate[14:16]} {fixdate[17:]}"
    assert parse_http_date(rfc850, now=now) == now + offset


@given(st.text(), st.none() | st.integers(FIRST, LAST))
def test_parse_never_raises(value: str, now: int | None) -> None:
    """Any text is an instant or None."""
    assert isinstance(parse_http_date(value, now=now), int | None)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(FIRST, LAST))
def test_parse_never_raises_for_two_digit_years(year: int, day: int, now: int) -> None:
    """Days that a month does not have, and centuries before the first, are None and no error."""
    value = f"Sunday, {day:02}-Feb-{year:02} 08:49:37 GMT"
    assert isinstance(parse_http_date(value, now=now), int | None)
