"""The request target, and the object key it names: RFC 9112 3.2.1, RFC 3986."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

MAX_KEY_BYTES: Final = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""

_CONTROL_OR_SPACE: Final = re.compile(rb"[\x00-\x20\x7f]")
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# A backslash separates for this check only: whatever serves the objects elsewhere might take it for a slash.
_PARENT_SEGMENT: Final = re.compile(r"[/\\]\.\.(?:[/\\]|\Z)")


class TargetError(ValueError):
    """The request target names nothing: answer 400. The message is fit for the body; it repeats nothing of the request.

    Seen by a client that is broken, or that probes.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """A path, percent-decoded once, and the query, raw; None without a question mark.

    The path starts with a slash, and may hold control characters other than NUL: encode it again before it goes into a
    header or a log.
    """

    path: str
    query: str | None


def parse_target(raw: bytes) -> Target:
    """Take a target in origin-form apart (RFC 9112 3.2.1); raises TargetError for any other.

    Decodes the path exactly once, as UTF-8, and keeps it otherwise: `+`, `//`, `.` and a trailing dot stay. Refused
    are a `..` segment however it is written, NUL, fragments, and raw control characters or spaces. Bytes beyond
    ASCII may come unencoded, as curl sends them.
    """
    if not raw.startswith(b"/"):
        raise TargetError("The request target must start with a slash.")
    if b"#" in raw:
        raise TargetError("The request target must not have a fragment.")
    if _CONTROL_OR_SPACE.search(raw):
        raise TargetError("Control characters and spaces in the request target must be percent-encoded.")
    path, question_mark, query = raw.partition(b"?")
    return Target(_decode_path(path), _utf_8(query) if question_mark else None)


def _decode_path(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise TargetError("A percent sign in the path must be followed by two hexadecimal digits.")
    path = _utf_8(unquote_to_bytes(raw))
    if "\0" in path:
        raise TargetError("The path must not have a NUL character.")
    if _PARENT_SEGMENT.search(path):
        raise TargetError("The path must not have a segment of two dots.")
    return path


def _utf_8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise TargetError("The request target must be UTF-8.") from None


def object_key(path: str, *, prefix: str, index: str) -> str:
    """Name the object behind a decoded path: prefix, path without its first slash, and `index` for a folder."""
    name = path.removeprefix("/")
    is_folder = not name or name.endswith("/")
    return f"{prefix}{name}{index}" if is_folder else f"{prefix}{name}"


def is_possible_key(key: str) -> bool:
    """Tell whether S3 could have such a key: 1 to `MAX_KEY_BYTES` bytes of UTF-8."""
    try:
        return 1 <= len(key.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # a lone surrogate
        return False
