"""The parts of a multipart/byteranges message, as the standard library's own parser reads them."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says of itself, and its bytes."""

    content_range: str | None
    media_type: str | None
    body: bytes


def parts_of(body: bytes, media_type: str) -> list[Part]:
    """Take a body apart by the boundary that its media type names; raises ValueError where it is not well-formed."""
    parsed = BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    if parsed.get_content_type() != "multipart/byteranges" or parsed.defects:
        raise ValueError(f"no multipart/byteranges: {parsed.get_content_type()}, {parsed.defects}")
    return [_part(part) for part in parsed.get_payload() if isinstance(part, Message)]


def _part(part: Message) -> Part:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        raise TypeError("a part has parts of its own")
    return Part(part["content-range"], part["content-type"], payload)
