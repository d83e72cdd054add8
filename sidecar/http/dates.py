"""HTTP dates: RFC 9110 5.6.7.

Names of days and months are written out here, because `strftime` and `strptime` follow the locale of the process.
"""

import math
import re
import time
from datetime import date
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_DAY_SECONDS: Final = 86_400
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_CLOCK_FIELDS: Final = ("day", "hour", "minute", "second")
_HORIZON_YEARS: Final = 50
_POSIX_PIVOT: Final = 69  # 69-99 are of the 1900s, 00-68 of the 2000s

_DAY: Final = f"(?:{'|'.join(_DAYS)})"
_LONG_DAY: Final = f"(?:{'|'.join(_LONG_DAYS)})"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
# The grammar admits the leap second, 23:59:60; it counts as the second after it, as in POSIX time.
_CLOCK: Final = "(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"

# Case-insensitive, as RFC 9111 4.2 asks of a cache; ASCII, so that no other letter folds into an English one.
_FLAGS: Final = re.IGNORECASE | re.ASCII
_FORMS: Final = (
    re.compile(rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT", _FLAGS),
    re.compile(rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT", _FLAGS),
    re.compile(rf"{_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_CLOCK} (?P<year>[0-9]{{4}})", _FLAGS),
)


def format_http_date(epoch_seconds: float) -> str:
    """Write an instant as IMF-fixdate, 29 characters, floored to the second (RFC 9110 5.6.7).

    `epoch_seconds` lies in the years 1 to 9999. Raises ValueError or OverflowError for what is not a finite number.
    """
    return _format_second(math.floor(epoch_seconds))


@lru_cache(maxsize=64)
def _format_second(second: int) -> str:
    at = time.gmtime(second)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def parse_http_date(value: str, *, now: float | None = None) -> int | None:
    """Read any of the three forms of RFC 9110 5.6.7; epoch seconds, None when the value is no HTTP date.

    The day's name has to be one, but need not be the right one. A zone other than GMT is invalid (RFC 9111 4.2).
    `now`, in epoch seconds, decides the century of a two-digit year: the latest that is not more than 50 years ahead.
    Without it the pivot of POSIX does.
    """
    text = value.strip(" \t")
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _instant(match, now)
    return None


def _instant(match: re.Match[str], now: float | None) -> int | None:
    month = _MONTHS.index(match["month"].title()) + 1
    day, hour, minute, second = (int(match[name]) for name in _CLOCK_FIELDS)
    year = int(match["year"])
    if len(match["year"]) == len("94"):
        year = _full_year(year, (month, day, hour, minute, second), now)
    try:
        days = date(year, month, day).toordinal() - _EPOCH_ORDINAL
    except ValueError:  # the grammar admits 31 February and the year 0
        return None
    return days * _DAY_SECONDS + hour * 3600 + minute * 60 + second


def _full_year(two_digits: int, rest: tuple[int, ...], now: float | None) -> int:
    """Give a two-digit year its century; `rest` is month, day, hour, minute, second of the same instant."""
    if now is None:
        return two_digits + (1900 if two_digits >= _POSIX_PIVOT else 2000)
    present = time.gmtime(now)[:6]
    horizon = present[0] + _HORIZON_YEARS
    year = horizon - (horizon - two_digits) % 100
    is_beyond = (year - _HORIZON_YEARS, *rest) > present
    return year - 100 if is_beyond else year
