"""Content codings by their libraries. Every call blocks, for as long as its body is long; all let go of the GIL."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

import brotli
import zstandard

# Chosen by measuring, see docs/adr/0009: each is made once, but somebody waits for it.
_BROTLI_QUALITY: Final = 6
_BROTLI_WINDOW: Final = 20
_ZSTD_LEVEL: Final = 9
_GZIP_LEVEL: Final = 6

_GZIP_FORMAT: Final = zlib.MAX_WBITS | 16
_STEP_BYTES: Final = 1024 * 1024
_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024  # RFC 9659 3: what a recipient has to support


class Codec(NamedTuple):
    """One coding. `undo` takes the most bytes that may come of it, and gives None for more, or for what is damaged.

    `recipe` names what the bytes depend on beside the body: library, version, level.
    """

    recipe: str
    apply: Callable[[bytes], bytes]
    undo: Callable[[bytes, int], bytes | None]


def _recipe(*ingredients: object) -> str:
    # A digest, because it goes to clients: they need not know which version of which library runs here.
    return hashlib.sha256(" ".join(map(str, ingredients)).encode()).hexdigest()[:8]


def _brotli(body: bytes) -> bytes:
    coded: bytes = brotli.compress(body, quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)
    return coded


def _unbrotli(body: bytes, most: int) -> bytes | None:
    decoder = brotli.Decompressor()
    decoded = bytearray()
    try:
        piece = decoder.process(body, output_buffer_limit=_STEP_BYTES)
        while piece and len(decoded) <= most:
            decoded += piece
            piece = decoder.process(b"", output_buffer_limit=_STEP_BYTES)
    except brotli.error:
        return None
    return bytes(decoded) if decoder.is_finished() and len(decoded) <= most else None


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


def _unzstd(body: bytes, most: int) -> bytes | None:
    """Undo a single frame. The first pass bounds what the second may take: only that one tells a cut frame."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    try:
        if len(decompressor.stream_reader(body).read(most + 1)) > most:
            return None
        frame = decompressor.decompressobj()
        decoded = frame.decompress(body)
    except zstandard.ZstdError:
        return None
    return decoded if frame.eof and not frame.unused_data else None


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, _GZIP_LEVEL, _GZIP_FORMAT)  # writes no time: the same body gives the same bytes


def _gunzip(body: bytes, most: int) -> bytes | None:
    try:
        decoded = gzip.GzipFile(fileobj=io.BytesIO(body)).read(most + 1)
    except (OSError, EOFError, zlib.error):
        return None
    return decoded if body and len(decoded) <= most else None


CODECS: Final = {
    "br": Codec(_recipe("br", brotli.version, _BROTLI_QUALITY, _BROTLI_WINDOW), _brotli, _unbrotli),
    "zstd": Codec(_recipe("zstd", zstandard.ZSTD_VERSION, _ZSTD_LEVEL), _zstd, _unzstd),
    "gzip": Codec(_recipe("gzip", zlib.ZLIB_RUNTIME_VERSION, _GZIP_LEVEL), _gzip, _gunzip),
}
"""By the name in Content-Encoding; those of `sidecar.http.encoding.CODINGS`."""
