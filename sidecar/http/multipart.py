"""Several ranges in one answer: multipart/byteranges, RFC 9110 14.6 and RFC 2046 5.1."""

from sidecar.http.ranges import ByteRange

BOUNDARY_LENGTH = 32
"""Characters of a boundary; 128 random bits in hexadecimal, so that no part holds it by chance or on purpose."""


def multipart_type(boundary: str) -> str:
    """Write the media type of an answer with several parts (RFC 9110 14.6)."""
    return f"multipart/byteranges; boundary={boundary}"


def part_head(chosen: ByteRange, complete_length: int, *, media_type: str, boundary: str) -> bytes:
    """Write what goes before the bytes of one part: its delimiter, and the headers that RFC 9110 15.3.7.2 asks for.

    `media_type` is that of the whole representation. Names have capitals here, since some readers of parts, unlike
    those of messages, never learned to ignore case.
    """
    content_range = chosen.content_range(complete_length)
    head = f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {content_range}\r\n\r\n"
    return head.encode(errors="surrogateescape")


def closing_delimiter(boundary: str) -> bytes:
    """Write what goes after the last part."""
    return f"\r\n--{boundary}--\r\n".encode()


def multipart_length(ranges: tuple[ByteRange, ...], complete_length: int, *, media_type: str) -> int:
    """Count the bytes of a body of these parts and what goes around them; any boundary is as long as another."""
    boundary = "0" * BOUNDARY_LENGTH
    heads = (part_head(chosen, complete_length, media_type=media_type, boundary=boundary) for chosen in ranges)
    return sum(map(len, heads)) + sum(chosen.length for chosen in ranges) + len(closing_delimiter(boundary))
