"""The head of a request, read strictly: what two parsers could read in two ways is refused. Pure.

Sanic's own parser takes a space before a colon, two Hosts and none; whatever it is given has been read here before.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import httptools

MAX_TARGET_BYTES: Final = 8 * 1024
"""The longest request target (RFC 9112 3 asks for 8,000 at least)."""

MAX_HEAD_BYTES: Final = 16 * 1024 - 4
"""The longest head; Sanic's parser takes no more."""

HEAD_END: Final = b"\r\n\r\n"

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ ]+) (HTTP/[0-9]\.[0-9])\r\n")
_SLASH: Final = ord("/")
_VERSIONS: Final = frozenset({b"HTTP/1.0", b"HTTP/1.1"})
# RFC 3986 3.2.2, without looking into brackets: nobody here asks the network for it.
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.%A-Za-z]+\])(?::[0-9]*)?")
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_WHITESPACE: Final = frozenset({b" ", b"\t"})
_KNOWN: Final = b"GET"
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")


class HeadError(ValueError):
    """This is no request: answer with `status` and close, since nobody knows where the next one would begin."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head:
    """One request up to its body.

    `raw` are its bytes, those of the target beyond ASCII percent-encoded. `fields` maps lower-case names to values
    without whitespace around them; repeated fields are one list (RFC 9110 5.3). `body_length` is in bytes, None when
    only the chunks tell where the body ends; `is_kept` tells whether the client keeps the connection (RFC 9112 9.3).
    """

    __slots__ = ("body_length", "fields", "has_no_body", "is_kept", "method", "raw", "target")

    def __init__(self, raw: bytes, method: bytes, target: bytes) -> None:
        self.raw = raw
        self.method = method
        self.target = target
        self.fields: dict[bytes, bytes] = {}
        self.body_length: int | None = 0
        self.is_kept = True
        self.has_no_body = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take note of a field; called by httptools, which leaves whitespace behind a value."""
        name, fields = name.lower(), self.fields
        if value[-1:] in _WHITESPACE:
            value = value.rstrip(b" \t")
        fields[name] = b"%b, %b" % (fields[name], value) if name in fields else value

    def header(self, name: str) -> str | None:
        """A field's value by its lower-case name, as text."""
        value = self.fields.get(name.encode())
        return None if value is None else value.decode(errors="surrogateescape")

    @property
    def trace(self) -> None:
        """Nothing: what is answered out of memory asks nobody."""
        return None

    def request_line(self) -> tuple[str, str, str]:
        """Method, target and protocol, as text."""
        begin = len(self.method) + len(self.target) + 2
        return self.method.decode(), self.target.decode(), self.raw[begin : begin + len(b"HTTP/1.1")].decode()

    def on_message_complete(self) -> None:
        """There is no body; called by httptools."""
        self.has_no_body = True


def is_one_head(data: bytes) -> bool:
    """Whether this is all of one request without a body, and nothing else, as it nearly always is."""
    is_whole = len(data) <= MAX_HEAD_BYTES and data.find(HEAD_END) == len(data) - len(HEAD_END)
    return is_whole and not data.startswith(b"\r\n")


def take_head(buffer: bytearray) -> bytes | None:
    """Take the next head out of what has come, and empty lines before it (RFC 9112 2.2).

    None when some of it is still to come. Raises HeadError.
    """
    while buffer.startswith(b"\r\n"):
        del buffer[:2]
    end = buffer.find(HEAD_END, 0, MAX_HEAD_BYTES + len(HEAD_END))
    if end >= 0:
        raw = bytes(buffer[: end + len(HEAD_END)])
        del buffer[: len(raw)]
        return raw
    if len(buffer) > MAX_HEAD_BYTES:
        raise too_long(buffer)
    check_beginning(buffer)
    return None


def read_head(raw: bytes) -> Head:
    """Read one head, from its request line to the empty line. Raises HeadError (RFC 9112 2.2, 3, 5, 6.3)."""
    if len(raw) > MAX_HEAD_BYTES:
        raise too_long(raw)
    line = _REQUEST_LINE.match(raw)
    if line is None:
        raise HeadError(HTTPStatus.BAD_REQUEST, "The request line is malformed.")
    method, target, version = line.groups()
    if len(target) > MAX_TARGET_BYTES:
        raise too_long(raw)
    if version not in _VERSIONS:
        raise HeadError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "This server speaks HTTP/1.0 and HTTP/1.1.")
    if target[0] != _SLASH and target != b"*":
        raise HeadError(HTTPStatus.BAD_REQUEST, "The request target must start with a slash.")
    if _BEYOND_ASCII.search(target):  # as curl sends them
        target = _BEYOND_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], target)
        raw = b"%b %b %b" % (method, target, raw[line.start(3) :])
    head = Head(raw, method, target)
    _parse(head)
    is_newest = version == b"HTTP/1.1"
    host = head.fields.get(b"host")
    if (host is None and is_newest) or (host is not None and not _is_host(host)):
        raise HeadError(HTTPStatus.BAD_REQUEST, "There must be one Host field, and it must name a host.")
    connection = head.fields.get(b"connection")
    head.is_kept = is_newest if connection is None else _is_kept(connection, by_default=is_newest)
    return head


def check_beginning(begun: bytes | bytearray) -> None:
    """Refuse what cannot become a head any more, however it goes on. Raises HeadError."""
    if len(begun) > MAX_HEAD_BYTES or (len(begun) > MAX_TARGET_BYTES and b"\r\n" not in begun):
        raise too_long(begun)
    if _BARE_LINE_FEED.search(begun):
        raise HeadError(HTTPStatus.BAD_REQUEST, "Lines must end with a carriage return and a line feed.")


def too_long(raw: bytes | bytearray) -> HeadError:
    """Name what is too long: the target, or all fields together (RFC 6585 5)."""
    line_end = raw.find(b"\r\n")
    if line_end < 0 or line_end > MAX_TARGET_BYTES:
        return HeadError(HTTPStatus.REQUEST_URI_TOO_LONG, f"The request target is over {MAX_TARGET_BYTES} bytes.")
    return HeadError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"The head is over {MAX_HEAD_BYTES} bytes.")


def _parse(head: Head) -> None:
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(head.raw)
    except httptools.HttpParserUpgrade:  # an offer that a server may ignore, as it is here (RFC 9110 7.8)
        head.has_no_body = head.fields.keys().isdisjoint(_FRAMING)
    except httptools.HttpParserInvalidMethodError as error:  # none that llhttp knows; all else may be right
        if head.method == _KNOWN:  # then it is what follows this head that is none
            raise HeadError(HTTPStatus.BAD_REQUEST, "The head is followed by what is none.") from error
        _parse_unknown_method(head)
        return
    except httptools.HttpParserError as error:
        raise HeadError(HTTPStatus.BAD_REQUEST, f"{error}.") from error
    if not head.has_no_body:
        length = head.fields.get(b"content-length")
        head.body_length = None if length is None else int(length)


def _parse_unknown_method(head: Head) -> None:
    known = Head(_KNOWN + head.raw[len(head.method) :], _KNOWN, head.target)
    _parse(known)
    head.fields, head.body_length = known.fields, known.body_length


@lru_cache(maxsize=256)
def _is_kept(connection: bytes, *, by_default: bool) -> bool:
    """RFC 9112 9.3."""
    options = {option.strip(b" \t").lower() for option in connection.split(b",")}
    return b"close" not in options and (by_default or b"keep-alive" in options)


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    """RFC 9112 3.2; a repeated field has become a list, which is none."""
    return _HOST.fullmatch(host) is not None
