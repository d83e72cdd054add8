"""An HTTP answer, as it came."""

from collections.abc import Sequence
from dataclasses import dataclass

_NO_BODY = {204, 304}


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header section; names are in lower case, order and repetitions as received."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    version: str = "HTTP/1.1"

    @classmethod
    def parse(cls, raw: bytes) -> "Head":
        """Read a head, up to and including the empty line; raises ValueError for what is not one."""
        start, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        version, status, reason = f"{start} ".split(" ", 2)
        headers = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise ValueError(f"not a header line: {line!r}")
            headers.append((name.lower(), value.strip(" \t")))
        return cls(int(status), reason.strip(), headers, version)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, None when it is missing."""
        return next(iter(self.header_all(name)), None)

    def header_all(self, name: str) -> list[str]:
        """Return every value of a header, in order."""
        return [value for other, value in self.headers if other == name.lower()]

    def has_body(self, method: str) -> bool:
        """Tell whether a body follows in answer to `method` (RFC 9112 6.3); it may still be empty."""
        return method != "HEAD" and self.status >= 200 and self.status not in _NO_BODY

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return (self.header("transfer-encoding") or "").lower() == "chunked"

    @property
    def content_length(self) -> int | None:
        """The body's announced length."""
        text = self.header("content-length")
        return None if text is None else int(text)


@dataclass(frozen=True, slots=True)
class Reply(Head):
    """A head and its whole body, chunks joined, content coding left as it is."""

    body: bytes = b""

    @classmethod
    def of(cls, head: Head, body: bytes) -> "Reply":
        """Join a head and the body that followed it."""
        return cls(head.status, head.reason, head.headers, head.version, body)
