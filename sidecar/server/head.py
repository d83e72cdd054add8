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

READING_METHODS: Final = frozenset({b"GET", b"HEAD"})
"""Those that only ask for something (RFC 9110 9.3.1, 9.3.2)."""

HEAD_END: Final = b"\r\n\r\n"

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ ]+) (HTTP/[0-9]\.[0-9])\r\n")
_SLASH: Final = ord("/")
_VERSIONS: Final = frozenset({b"HTTP/1.0", b"HTTP/1.1"})
# RFC 3986 3.2.2, without looking into brackets: nobody here asks the network for it.
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.%A-Za-z]+\])(?::[0-9]*)?")
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_WHITESPACE: Final = b" \t"
_KNOWN: Final = b"GET"
_MOST_FIELDS: Final = 64
_NEWEST_LINE_END: Final = b"HTTP/1.1\r\n"
_CONDITIONS: Final = frozenset(  # RFC 9110 13.1, 14.2
    {b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since", b"range"}
)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")


class HeadError(ValueError):
    """This is no request: answer with `status` and close, since nobody knows where the next one would begin."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Names:
    """The names of a head's fields: there are few sets of them, for each client sends its own again and again.

    `lowered` are those that are there, in lower case; `sent` maps each to how it was sent. So do `host`, `connection`,
    `real_ip` and `forwarded_for`, which are empty for one that is not there. `is_conditional` is whether they ask for
    less than all of it, or nothing that the client has, and `is_range` whether that is a Range alone.
    """

    __slots__ = (
        "connection",
        "forwarded_for",
        "host",
        "is_conditional",
        "is_range",
        "is_usual",
        "lowered",
        "real_ip",
        "sent",
    )

    def __init__(self, sent: tuple[bytes, ...]) -> None:
        self.sent = {name.lower(): name for name in sent}
        self.lowered = frozenset(self.sent)
        self.host = self.sent.get(b"host", b"")
        self.connection = self.sent.get(b"connection", b"")
        self.real_ip = self.sent.get(b"x-real-ip", b"")
        self.forwarded_for = self.sent.get(b"x-forwarded-for", b"")
        conditions = self.lowered & _CONDITIONS
        self.is_conditional = bool(conditions)
        self.is_range = conditions == {b"range"}
        self.is_usual = len(self.sent) == len(sent) and self.host != b"" and self.lowered.isdisjoint(_FRAMING)
        """Whether none is repeated, there is a Host, and no body."""


class Head:
    """One request up to its body.

    `raw` are its bytes, those of the target beyond ASCII percent-encoded. `body_length` is in bytes, None when
    only the chunks tell where the body ends; `is_kept` tells whether the client keeps the connection (RFC 9112 9.3).
    `began_ns` is for who reads it to note when that was, by the performance counter.
    """

    __slots__ = ("_values", "began_ns", "body_length", "is_kept", "method", "names", "raw", "target")

    def __init__(self, raw: bytes, method: bytes, target: bytes, names: Names, values: dict[bytes, bytes]) -> None:
        """`values` are by name as it was sent, and may have whitespace behind them."""
        self.raw = raw
        self.method = method
        self.target = target
        self.names = names
        self._values = values
        self.body_length: int | None = 0
        self.is_kept = True
        self.began_ns = 0

    def field(self, name: bytes) -> bytes | None:
        """A field's value by its lower-case name, without whitespace around it.

        Repeated fields are one list (RFC 9110 5.3).
        """
        sent = self.names.sent.get(name)
        return None if sent is None else self._values[sent].rstrip(_WHITESPACE)

    def header(self, name: str) -> str | None:
        """A field's value by its lower-case name, as text."""
        value = self.field(name.encode())
        return None if value is None else value.decode(errors="surrogateescape")

    def forwarding(self) -> tuple[bytes | None, bytes | None]:
        """X-Real-IP and X-Forwarded-For, in UTF-8, perhaps with whitespace behind them."""
        return self._values.get(self.names.real_ip), self._values.get(self.names.forwarded_for)

    @property
    def trace(self) -> None:
        """Nothing: what is answered out of memory asks nobody."""
        return None

    def request_line(self) -> tuple[str, str, str]:
        """Method, target and protocol, as text."""
        begin = len(self.method) + len(self.target) + 2
        return self.method.decode(), self.target.decode(), self.raw[begin : begin + len(b"HTTP/1.1")].decode()


class HeadReader:
    """Reads heads one after the other, most of them with one parser."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self.on_header = self._values.setdefault
        """Called by httptools for each field; it would lose one that is repeated."""
        self._begin()

    def read_usual(self, data: bytes) -> Head | None:
        """The head, where `data` is all of a usual request and nothing else.

        That is a GET or HEAD for a path, without a body, in which no field is repeated. None for all others: they may
        be requests all the same, and whoever reads them finds out. What is read here, `read_head` reads alike.
        """
        if not data.endswith(HEAD_END) or len(data) > MAX_HEAD_BYTES:
            return None
        method, _, rest = data.partition(b" ")
        target, _, rest = rest.partition(b" ")
        is_usual = method in READING_METHODS and target[:1] == b"/" and rest.startswith(_NEWEST_LINE_END)
        if not is_usual or not target.isascii() or len(target) > MAX_TARGET_BYTES:
            return None
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._begin()
            return None
        values = self._values
        # A field that is repeated, or a second request, has a line and no name of its own.
        if len(values) == data.count(b"\n") - 2:
            names = _names_of(values)
            is_kept = not names.connection or _is_kept(values[names.connection], by_default=True)
            if names.is_usual and is_kept and _is_host(values[names.host]):
                head = Head(data, method, target, names, values.copy())
                values.clear()
                return head
        self._begin()
        return None

    def _begin(self) -> None:
        """Take another parser: the one before may wait for a body, or for nothing any more."""
        self._values.clear()
        self._feed = httptools.HttpRequestParser(self).feed_data


class _Collector:
    """All fields of a head; repeated ones are one list."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take note of a field; called by httptools, which leaves whitespace behind a value."""
        name, values = name.lower(), self.values
        value = value.rstrip(_WHITESPACE)
        values[name] = b"%b, %b" % (values[name], value) if name in values else value

    def on_message_complete(self) -> None:
        """There is no body; called by httptools."""
        self.is_complete = True


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
    fields = _Collector()
    body_length = _parse(raw, method, fields)
    head = Head(raw, method, target, _names_of(fields.values), fields.values)
    head.body_length = body_length
    is_newest = version == b"HTTP/1.1"
    host = head.field(b"host")
    if (host is None and is_newest) or (host is not None and not _is_host(host)):
        raise HeadError(HTTPStatus.BAD_REQUEST, "There must be one Host field, and it must name a host.")
    connection = head.field(b"connection")
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


def _parse(raw: bytes, method: bytes, fields: _Collector) -> int | None:
    """Collect the fields; the length of the body. Raises HeadError."""
    parser = httptools.HttpRequestParser(fields)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:  # an offer that a server may ignore, as it is here (RFC 9110 7.8)
        fields.is_complete = fields.values.keys().isdisjoint(_FRAMING)
    except httptools.HttpParserInvalidMethodError as error:  # none that llhttp knows; all else may be right
        if method == _KNOWN:  # then it is what follows this head that is none
            raise HeadError(HTTPStatus.BAD_REQUEST, "The head is followed by what is none.") from error
        return _parse(_KNOWN + raw[len(method) :], _KNOWN, fields)
    except httptools.HttpParserError as error:
        raise HeadError(HTTPStatus.BAD_REQUEST, f"{error}.") from error
    length = fields.values.get(b"content-length")
    if fields.is_complete:
        return 0
    return None if length is None else int(length)


def _names_of(values: dict[bytes, bytes]) -> Names:
    """One for all heads with the same names; clients choose them, so there are bounds: 8 MB at the very most."""
    sent = tuple(values)
    return _known_names(sent) if len(sent) <= _MOST_FIELDS else Names(sent)


_known_names = lru_cache(maxsize=256)(Names)


@lru_cache(maxsize=256)
def _is_kept(connection: bytes, *, by_default: bool) -> bool:
    """RFC 9112 9.3."""
    options = {option.strip(b" \t").lower() for option in connection.split(b",")}
    return b"close" not in options and (by_default or b"keep-alive" in options)


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    """RFC 9112 3.2; a repeated field has become a list, which is none."""
    return _HOST.fullmatch(host) is not None
