"""A line of the access log for one answered request. Pure.

Whatever a client sends, a line stays one line, its quotes stay in pairs, and it has no more than 4 KiB.
"""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Final

from sidecar.http.trace_context import TraceContext
from sidecar.log.masking import Masking, masking_of_requests
from sidecar.log.request_id import request_id
from sidecar.observe import CLIENT_CLOSED_REQUEST

if TYPE_CHECKING:
    from sidecar.observe import Request, RequestRecord

Line = Callable[["RequestRecord"], str]

MOST_CHARACTERS: Final = {
    "method": 32,
    "target": 1280,
    "resource": 640,
    "host": 256,
    "referer": 512,
    "user-agent": 512,
}
"""How long each value may be in a line, after it was escaped."""

_CUT: Final = "..."
_LONGEST_ESCAPE: Final = 16
"""Four bytes of UTF-8 as nginx escapes them; JSON takes twelve characters for these."""

_REMEMBERED: Final = 1024
_REMEMBERED_CHARACTERS: Final = 256

_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")
_ESCAPES: Final = [chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"\\x{byte:02X}" for byte in range(256)]


def line_of(kind: str, secrets: tuple[str, ...]) -> Line:
    """What makes the lines: `combined` or `json`. Secrets are masked, percent-encoded ones too."""
    return (CombinedLine if kind == "combined" else JsonLine)(masking_of_requests(secrets))


def escaped(value: str) -> str:
    r"""As nginx escapes: quotes, backslashes, control characters and all beyond ASCII, byte by byte, as `\xHH`."""
    if _PLAIN.fullmatch(value):
        return value
    return "".join([_ESCAPES[byte] for byte in value.encode(errors="surrogateescape")])


def quoted(value: str) -> str:
    r"""As JSON, in ASCII; bytes that are no UTF-8 as the text `\xhh`."""
    if not value.isascii():
        value = value.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return encode_basestring_ascii(value)


def bounded(value: str, most: int, escape: Callable[[str], str]) -> str:
    """The value, escaped; cut, with three dots at its end, when that would have more than `most` characters."""
    whole = escape(value) if len(value) <= most else None
    if whole is not None and len(whole) <= most:
        return whole
    kept = most - len(_CUT) - len('""')
    begun = escape(value[:kept] + _CUT)
    return begun if len(begun) <= most else escape(value[: kept // _LONGEST_ESCAPE] + _CUT)


class Values:
    """Makes values fit for a line: masked, escaped and bounded. Those of most requests are those of others, too."""

    def __init__(self, masking: Masking, escape: Callable[[str], str]) -> None:
        self._masking = masking
        self._escape = escape
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._made)

    def __call__(self, name: str, value: str) -> str:
        """The value as it stands in a line."""
        return (self._remembered if len(value) <= _REMEMBERED_CHARACTERS else self._made)(name, value)

    def _made(self, name: str, value: str) -> str:
        return bounded(self._masking(value), MOST_CHARACTERS[name], self._escape)


class CombinedLine:
    """Apache's and nginx's `combined`: `address - - [time] "request" status bytes "referer" "user agent"`."""

    def __init__(self, masking: Masking) -> None:
        self._value = Values(masking, escaped)

    def __call__(self, record: "RequestRecord") -> str:
        """The line; bytes are those of the body, status 499 that of a client which left."""
        request = record.request
        when = _common_time(record.timestamp_ns // 1_000_000_000)
        asked = self._unread(record) if request is None else self._asked(request)
        status = record.status or CLIENT_CLOSED_REQUEST
        return (
            f'{record.client.address} - - [{when}] "{asked}" {status} {record.body_bytes}'
            f' "{self._field(request, "referer")}" "{self._field(request, "user-agent")}"\n'
        )

    def _asked(self, request: "Request") -> str:
        method, target, protocol = request.request_line()
        return f"{self._value('method', method)} {self._value('target', target)} {protocol}"

    def _unread(self, record: "RequestRecord") -> str:
        """What is known without the request: nothing, when it was none."""
        return "-" if record.method == "-" else f"{record.method} {self._value('target', record.resource)}"

    def _field(self, request: "Request | None", name: str) -> str:
        value = None if request is None else request.header(name)
        return "-" if value is None else self._value(name, value)


class JsonLine:
    """One JSON object, in ASCII, with the same members in every line; what there was not is null."""

    def __init__(self, masking: Masking) -> None:
        self._present = Values(masking, quoted)

    def __call__(self, record: "RequestRecord") -> str:
        """The line; spans are in seconds, bytes those of the body, status 499 that of a client which left."""
        request, value, field = record.request, self._value, self._field
        method, target, protocol = (record.method, None, None) if request is None else request.request_line()
        seconds, rest_ns = divmod(record.timestamp_ns, 1_000_000_000)
        return (
            f'{{"time":"{_internet_time(seconds)}.{rest_ns // 1000:06d}Z"'
            f',"method":{value("method", method)}'
            f',"target":{value("target", target)}'
            f',"resource":{value("resource", record.resource)}'
            f',"protocol":{value("method", protocol)}'
            f',"status":{record.status or CLIENT_CLOSED_REQUEST}'
            f',"bytes":{record.body_bytes}'
            f',"duration_seconds":{record.duration_ns / 1e9:.6f}'
            f',"first_byte_seconds":{record.first_byte_ns / 1e9:.6f}'
            f',"cache":"{record.outcome}"'
            f',"client":"{record.client.address}"'
            f',"host":{field(request, "host")}'
            f',"referer":{field(request, "referer")}'
            f',"user_agent":{field(request, "user-agent")}'
            f"{_identity(request)}"
            f',"aborted":{"true" if record.is_aborted else "false"}}}\n'
        )

    def _field(self, request: "Request | None", name: str) -> str:
        return self._value(name, None if request is None else request.header(name))

    def _value(self, name: str, value: str | None) -> str:
        return "null" if value is None else self._present(name, value)


def _identity(request: "Request | None") -> str:
    """What the request is called, here and by those who trace it."""
    if request is None:
        return f',"request_id":"{request_id(None)}","trace_id":null,"span_id":null'
    named = f',"request_id":"{request_id(request.header("x-request-id"))}"'
    context = TraceContext.parse(request.header("traceparent"))
    if context is None:
        return f'{named},"trace_id":null,"span_id":null'
    return f'{named},"trace_id":"{context.trace_id}","span_id":"{context.parent_id}"'


@lru_cache(maxsize=2)
def _common_time(seconds: int) -> str:
    """Of the common log format; always UTC, and always English."""
    now = time.gmtime(seconds)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[now.tm_mon - 1]
    return f"{now.tm_mday:02d}/{month}/{now.tm_year}:{now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d} +0000"


@lru_cache(maxsize=2)
def _internet_time(seconds: int) -> str:
    """RFC 3339 5.6, but for the fraction and the zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
