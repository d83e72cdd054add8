"""How a body file is laid out: a header that describes the body, then the body.

The header is a whole number of 4,096-byte blocks: magic, the length of the description, its CRC-32, the description as
JSON, zeroes. It stands first, so that a body can be read while it is still being written, and can be checked before a
single byte of it is served.
"""

import dataclasses
import json
import struct
import zlib
from typing import Any

from sidecar.cache.stored import StoredResponse

MAGIC = b"s3sc\x00\x01\r\n"
BLOCK = 4096
_MAX_BLOCKS = 16
_PREFIX = struct.Struct("<8sII")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "status": int,
    "content_length": int,
    "etag": (str, type(None)),
    "last_modified": (int, type(None)),
    "received_at": (int, float),
    "initial_age_seconds": (int, float),
    "lifetime_seconds": (int, float),
    "epoch": int,
    "identity": str,
}


def encode_header(stored: StoredResponse, digest: str) -> bytes:
    """The header of a key's body file. Raises ValueError when the description is larger than any object's can be."""
    fields = {"key": digest, **dataclasses.asdict(stored)}
    description = json.dumps(fields, separators=(",", ":")).encode()
    blocks = -(-(_PREFIX.size + len(description)) // BLOCK)
    if blocks > _MAX_BLOCKS:
        raise ValueError(f"the description takes {len(description)} bytes, more than {_MAX_BLOCKS} blocks")
    prefix = _PREFIX.pack(MAGIC, len(description), zlib.crc32(description))
    return (prefix + description).ljust(blocks * BLOCK, b"\0")


def header_length(start: bytes) -> int | None:
    """Bytes before the body, from a file's first block; None when it is not a body file."""
    if len(start) < _PREFIX.size:
        return None
    magic, length, _ = _PREFIX.unpack_from(start)
    blocks = -(-(_PREFIX.size + length) // BLOCK)
    return blocks * BLOCK if magic == MAGIC and blocks <= _MAX_BLOCKS else None


def decode_header(header: bytes, digest: str) -> StoredResponse | None:
    """The metadata in a whole header; None when it is damaged, or of a file that belongs to another key."""
    _, length, checksum = _PREFIX.unpack_from(header)
    description = header[_PREFIX.size : _PREFIX.size + length]
    if len(description) != length or zlib.crc32(description) != checksum:
        return None
    try:
        fields = json.loads(description)
        return _stored(fields) if fields["key"] == digest else None
    except (ValueError, KeyError, TypeError):
        return None


def _stored(fields: dict[str, Any]) -> StoredResponse:
    if any(not isinstance(fields[name], kind) for name, kind in _TYPES.items()):
        raise TypeError("a field is of the wrong type")
    headers = tuple((str(name), str(value)) for name, value in fields["headers"])
    return StoredResponse(headers=headers, **{name: fields[name] for name in _TYPES})
