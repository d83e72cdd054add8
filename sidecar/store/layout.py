"""How a body file is laid out: a header that describes the body, the body, and the checksums of its blocks.

The header is a whole number of 4,096-byte blocks: a prefix of fixed size, then the description as JSON, then zeroes. It
stands first, so that siblings can read a body that is still being written. The prefix holds the state of the file and
how many bytes of the body are there; its leader writes both in place while everybody else looks.
"""

import json
import os
import struct
import zlib
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.errors import OriginError, OriginUnavailable
from sidecar.store.checksums import table_length

MAGIC = b"s3sc\x00\x02\r\n"
BLOCK = 4096
SLACK = 512
"""Bytes of the header left for a description that grows when it is freshened."""

_MAX_BLOCKS = 16
_ERRORS = {kind.__name__: kind for kind in OriginError.__subclasses__()}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "content_length": int,
    "etag": (str, type(None)),
    "last_modified": (int, type(None)),
    "received_at": (int, float),
    "initial_age_seconds": (int, float),
    "lifetime_seconds": (int, float),
    "stale_while_revalidate_seconds": (int, float),
    "stale_if_error_seconds": (int, float),
    "epoch": int,
    "purge_count": int,
    "identity": str,
}
PREFIX = struct.Struct("<8sIIIIQ")
_PROGRESS_OFFSET = 24
_STATE = struct.Struct("<I")
_STATE_OFFSET = 20
_PROGRESS = struct.Struct("<Q")


class State(IntEnum):
    """What has become of a fill."""

    WAITING = 0
    """Nothing is known yet."""
    FILLING = 1
    """The description is there, the body comes."""
    COMPLETE = 2
    """All of it is there."""
    FAILED = 3
    """The description holds the error."""
    SETTLED = 4
    """There was nothing to fetch: what is stored already may be used."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first bytes of a file; `header_length` and `progress` are in bytes."""

    description_length: int
    description_checksum: int
    header_length: int
    state: State
    progress: int


def whole_length(header_length: int, content_length: int) -> int:
    """Bytes of a whole file."""
    return header_length + content_length + table_length(content_length)


def encode_header(description: bytes, state: State, header_length: int | None = None) -> bytes:
    """A header without progress, as long as needed or exactly `header_length`. Raises ValueError if it is too long."""
    needed = PREFIX.size + len(description)
    length = header_length or -(-(needed + SLACK) // BLOCK) * BLOCK
    if needed > length or length > _MAX_BLOCKS * BLOCK:
        raise ValueError(f"a description of {len(description)} bytes does not fit")
    prefix = PREFIX.pack(MAGIC, len(description), zlib.crc32(description), length, state, 0)
    return (prefix + description).ljust(length, b"\0")


def decode_prefix(start: bytes) -> Prefix | None:
    """The prefix of a file; None when it is no body file."""
    if len(start) < PREFIX.size:
        return None
    magic, length, checksum, header_length, state, progress = PREFIX.unpack_from(start)
    is_sane = magic == MAGIC and header_length % BLOCK == 0 and PREFIX.size + length <= header_length
    if not is_sane or header_length > _MAX_BLOCKS * BLOCK or state not in State._value2member_map_:
        return None
    return Prefix(length, checksum, header_length, State(state), progress)


def description_of(header: bytes, prefix: Prefix) -> dict[str, Any] | None:
    """The description in a whole header; None when it is damaged, or just being rewritten."""
    description = header[PREFIX.size : PREFIX.size + prefix.description_length]
    if len(description) != prefix.description_length or zlib.crc32(description) != prefix.description_checksum:
        return None
    try:
        decoded = json.loads(description)
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


def encode_state(state: State) -> tuple[bytes, int]:
    """The bytes that say a new state, and where they go."""
    return _STATE.pack(state), _STATE_OFFSET


def encode_progress(progress: int) -> tuple[bytes, int]:
    """The bytes that say how much of the body is there, and where they go."""
    return _PROGRESS.pack(progress), _PROGRESS_OFFSET


def read_header(descriptor: int) -> tuple[Prefix, dict[str, Any]] | None:
    """Prefix and description of an open file; None when there is none, or it is just being written. Raises OSError."""
    header = os.pread(descriptor, BLOCK, 0)
    prefix = decode_prefix(header)
    if prefix is None:
        return None
    if prefix.header_length > BLOCK:
        header += os.pread(descriptor, prefix.header_length - BLOCK, BLOCK)
    description = description_of(header, prefix)
    return None if description is None else (prefix, description)


def describe(stored: StoredResponse, key: CacheKey) -> bytes:
    """The description of a response stored under a key."""
    return _json({"key": key.digest, "object_key": key.object_key, **asdict(stored)})


def stored_of(description: dict[str, Any], key: CacheKey | None = None) -> StoredResponse | None:
    """The response that is described; None when it is not one, or not that of `key`."""
    try:
        if key is not None and description["key"] != key.digest:
            return None
        return _stored(description)
    except (KeyError, TypeError, ValueError):
        return None


def object_key_of(description: dict[str, Any]) -> str:
    """The object key of the response that is described; empty when it is not one."""
    return str(description.get("object_key", ""))


def describe_error(error: OriginError) -> bytes:
    """The description of a failed fill."""
    return _json({"error": type(error).__name__, "message": str(error)[:1000], "retry_after": _retry_after(error)})


def error_of(description: dict[str, Any]) -> OriginError:
    """The error that is described; an OriginUnavailable where it is none that is known."""
    kind, message = _ERRORS.get(str(description.get("error"))), str(description.get("message"))
    if kind is None or kind is OriginUnavailable:
        retry_after = description.get("retry_after")
        return OriginUnavailable(message, retry_after=retry_after if isinstance(retry_after, int) else None)
    return kind(message)


def describe_settled(forward_status: int | None) -> bytes:
    """The description of a fill that found what may be used."""
    return _json({"forward_status": forward_status})


def forward_status_of(description: dict[str, Any]) -> int | None:
    """What the bucket said, if it was asked before a fill was settled."""
    status = description.get("forward_status")
    return status if isinstance(status, int) else None


def _retry_after(error: OriginError) -> int | None:
    return error.retry_after if isinstance(error, OriginUnavailable) else None


def _stored(description: dict[str, Any]) -> StoredResponse:
    if any(not isinstance(description[name], kind) for name, kind in _TYPES.items()):
        raise TypeError("a field is of the wrong type")
    if description["content_length"] < 0:
        raise ValueError("a length is negative")
    return StoredResponse(
        kind=Kind(description["kind"]),
        headers=tuple((str(name), str(value)) for name, value in description["headers"]),
        tags=tuple(str(tag) for tag in description["tags"]),
        **{name: description[name] for name in _TYPES},
    )


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
