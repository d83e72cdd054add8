"""Content codings by their libraries."""

import gzip
import os
import subprocess
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.encoding import CODINGS
from sidecar.store.codecs import CODECS

MEBIBYTE = 1024 * 1024
TEXT = b"".join(b"line %d of a text that repeats itself\n" % number for number in range(4000))
BODIES = {
    "empty": b"",
    "one-byte": b"x",
    "text": TEXT,
    "noise": os.urandom(100_000),
    "zeroes": bytes(3 * MEBIBYTE),
}

APPLY = """
import sys
from sidecar.store.codecs import CODECS
sys.stdout.buffer.write(CODECS[sys.argv[1]].apply(sys.stdin.buffer.read()))
"""

UNDO = """
import resource, sys
from sidecar.store.codecs import CODECS
body = sys.stdin.buffer.read()
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 1024**2, resource.RLIM_INFINITY))
print(CODECS[sys.argv[1]].undo(body, 16 * 1024**2))
"""

# How others undo each coding: not by the code under test.
OTHERS = {"br": brotli.decompress, "zstd": zstandard.decompress, "gzip": gzip.decompress}


def test_every_coding_has_its_codec() -> None:
    """The names are those of HTTP."""
    assert set(CODECS) == set(CODINGS)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_applied_can_be_undone(coding: str, body: bytes) -> None:
    """By the library as others use it, and here."""
    coded = CODECS[coding].apply(body)
    assert OTHERS[coding](coded) == body
    assert CODECS[coding].undo(coded, len(body)) == body


@given(st.sampled_from(CODINGS), st.binary(max_size=3000))
def test_any_body(coding: str, body: bytes) -> None:
    """Comes back as it was."""
    codec = CODECS[coding]
    assert codec.undo(codec.apply(body), len(body)) == body


@pytest.mark.parametrize("coding", CODINGS)
def test_a_text_shrinks(coding: str) -> None:
    """That is what it is for."""
    assert len(CODECS[coding].apply(TEXT)) < len(TEXT) / 5


@pytest.mark.parametrize("coding", CODINGS)
def test_the_same_body_gives_the_same_bytes(coding: str) -> None:
    """In another process, at another time: a strong ETag names bytes."""
    run = subprocess.run([sys.executable, "-c", APPLY, coding], input=TEXT, capture_output=True, check=True)
    assert run.stdout == CODECS[coding].apply(TEXT)


def test_recipes_differ() -> None:
    """Each is a short word, fit for an ETag, that tells no version."""
    recipes = [codec.recipe for codec in CODECS.values()]
    assert len(set(recipes)) == len(recipes)
    assert all(len(recipe) == 8 and recipe.isalnum() for recipe in recipes)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_larger_than_allowed_is_not_undone(coding: str) -> None:
    """A byte too much is too much."""
    coded = CODECS[coding].apply(TEXT)
    assert CODECS[coding].undo(coded, len(TEXT) - 1) is None
    assert CODECS[coding].undo(coded, 0) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_costs_no_more_than_its_bound(coding: str) -> None:
    """A quarter of a gibibyte of zeroes in a small body; a process with a quarter of that memory refuses it."""
    pieces = {
        "br": brotli.Compressor(quality=5),
        "zstd": zstandard.ZstdCompressor(level=3).compressobj(),
        "gzip": zlib.compressobj(1, zlib.DEFLATED, 31),
    }[coding]
    zeroes = bytes(8 * MEBIBYTE)
    feed = pieces.process if coding == "br" else pieces.compress
    finish = pieces.finish if coding == "br" else pieces.flush
    bomb = b"".join(feed(zeroes) for _ in range(32)) + finish()
    run = subprocess.run([sys.executable, "-c", UNDO, coding], input=bomb, capture_output=True, check=False)
    assert (run.stdout, run.stderr) == (b"None\n", b"")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("cut", [1, 5, 1000])
def test_what_was_cut_short_is_not_undone(coding: str, cut: int) -> None:
    """A part of a text is not the text."""
    coded = CODECS[coding].apply(TEXT)
    assert CODECS[coding].undo(coded[:-cut], len(TEXT)) is None


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("body", [b"", b"plain text", b"\x1f\x8b", TEXT], ids=["empty", "text", "magic", "long"])
def test_what_is_not_coded_is_not_undone(coding: str, body: bytes) -> None:
    """Objects are not always what their uploader says."""
    assert CODECS[coding].undo(body, MEBIBYTE) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_followed_by_something_else_is_not_undone(coding: str) -> None:
    """Nothing is dropped in silence."""
    assert CODECS[coding].undo(CODECS[coding].apply(TEXT) + b"and more", MEBIBYTE) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_a_flipped_bit_is_not_another_text(coding: str) -> None:
    """Where the format has a checksum, it is checked; what cannot be noticed is at least bounded."""
    coded = bytearray(CODECS[coding].apply(TEXT))
    coded[len(coded) // 2] ^= 1
    undone = CODECS[coding].undo(bytes(coded), 2 * len(TEXT))
    assert undone is None or (coding != "gzip" and len(undone) <= 2 * len(TEXT))


def test_gzip_of_several_members() -> None:
    """As log files and block-wise writers have it (RFC 1952 2.2)."""
    assert CODECS["gzip"].undo(gzip.compress(b"one ") + gzip.compress(b"two"), 100) == b"one two"


def test_many_empty_members_take_linear_time() -> None:
    """A million of them within the largest body are read in seconds, not hours."""
    members = gzip.compress(b"") * 200_000
    assert CODECS["gzip"].undo(members, 100) == b""


def test_a_zstd_window_that_no_recipient_has_to_support() -> None:
    """Its memory is not taken (RFC 9659 3)."""
    parameters = zstandard.ZstdCompressionParameters(window_log=25)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert CODECS["zstd"].undo(writer.compress(TEXT) + writer.flush(), MEBIBYTE) is None
