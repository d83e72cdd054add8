"""Media types by extension."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.fields import is_field_value
from sidecar.http.media_types import guess_media_type, is_unset

OCTETS = "application/octet-stream"
MEDIA_TYPE = re.compile(r"(?:text/[a-z0-9.+-]+; charset=utf-8|(?!text/)[a-z]+/[a-z0-9.+-]+)")

GUESSED = {
    "html": ("index.html", "text/html; charset=utf-8"),
    "htm": ("index.htm", "text/html; charset=utf-8"),
    "css": ("a/b/style.css", "text/css; charset=utf-8"),
    "rfc9239-6-js": ("app.js", "text/javascript; charset=utf-8"),
    "rfc9239-6-mjs": ("app.mjs", "text/javascript; charset=utf-8"),
    "rfc8259-8.1-json": ("data.json", "application/json"),
    "source-map": ("app.js.map", "application/json"),
    "webmanifest": ("site.webmanifest", "application/manifest+json"),
    "rfc7303-9.1-xml": ("sitemap.xml", "application/xml"),
    "svg": ("logo.svg", "image/svg+xml"),
    "ico": ("favicon.ico", "image/x-icon"),
    "png": ("a.png", "image/png"),
    "jpg": ("a.jpg", "image/jpeg"),
    "jpeg": ("a.jpeg", "image/jpeg"),
    "gif": ("a.gif", "image/gif"),
    "webp": ("a.webp", "image/webp"),
    "avif": ("a.avif", "image/avif"),
    "rfc8081-4.4.5-woff": ("a.woff", "font/woff"),
    "rfc8081-4.4.6-woff2": ("a.woff2", "font/woff2"),
    "ttf": ("a.ttf", "font/ttf"),
    "wasm": ("a.wasm", "application/wasm"),
    "mp4": ("a.mp4", "video/mp4"),
    "webm": ("a.webm", "video/webm"),
    "m3u8": ("a.m3u8", "application/vnd.apple.mpegurl"),
    "ts-is-video": ("segment1.ts", "video/mp2t"),
    "mp3": ("a.mp3", "audio/mpeg"),
    "pdf": ("a.pdf", "application/pdf"),
    "txt": ("robots.txt", "text/plain; charset=utf-8"),
    "rfc7763-2-md": ("README.md", "text/markdown; charset=utf-8"),
    "csv": ("a.csv", "text/csv; charset=utf-8"),
    "zip": ("a.zip", "application/zip"),
    "tar-gz-is-gzip": ("a.tar.gz", "application/gzip"),
    "tgz-is-gzip": ("a.tgz", "application/gzip"),
    "html-gz-is-gzip": ("index.html.gz", "application/gzip"),
    "any-case": ("INDEX.HTML", "text/html; charset=utf-8"),
    "dots-before": ("jquery-3.7.1.min.js", "text/javascript; charset=utf-8"),
    "unknown": ("a.unknown", OCTETS),
    "no-extension": ("LICENSE", OCTETS),
    "empty": ("", OCTETS),
    "trailing-dot": ("index.", OCTETS),
    "hidden-file": ("a/.css", OCTETS),
    "hidden-file-with-extension": (".well-known/.a.json", "application/json"),
    "folder": ("a.html/", OCTETS),
    "dot-in-a-folder": ("v1.html/LICENSE", OCTETS),
    "space-after": ("a.html ", OCTETS),
}

UNSET = {
    "none": (None, True),
    "empty": ("", True),
    "blank": (" ", True),
    "s3-default": ("binary/octet-stream", True),
    "rfc9110-8.3.1-any-case": ("Binary/Octet-Stream", True),
    "octet-stream-was-given": (OCTETS, False),
    "html": ("text/html", False),
}


@pytest.mark.parametrize(("key", "expected"), GUESSED.values(), ids=GUESSED)
def test_guess(key: str, expected: str) -> None:
    """The last extension decides, and nothing else."""
    assert guess_media_type(key) == expected


@pytest.mark.parametrize(("media_type", "expected"), UNSET.values(), ids=UNSET)
def test_is_unset(media_type: str | None, expected: bool) -> None:
    """S3's stand-in counts as none; what the uploader could have chosen does not."""
    assert is_unset(media_type) is expected


@given(st.text())
def test_any_key_has_a_media_type(key: str) -> None:
    """Any key gives a media type that may go into a header, with a charset exactly when it is text."""
    media_type = guess_media_type(key)
    assert MEDIA_TYPE.fullmatch(media_type)
    assert is_field_value(media_type)
