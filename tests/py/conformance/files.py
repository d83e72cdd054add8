"""The files that both servers have: of every size and type that matters, and with names that need care."""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from support.nginx import MEDIA_TYPES
from support.s3_store import S3Store
from support.until import until

_WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "ninety-nine", "cold", "buckets", "in", "the", "rain")
_RANDOM = random.Random(1)  # noqa: S311 - the same bytes every time


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file, and the object of the same name: `path` has no slash in front, `media_type` is what nginx says of it."""

    path: str
    body: bytes

    @property
    def media_type(self) -> str:
        """By the extension, as nginx is configured."""
        found = MEDIA_TYPES.get(Path(self.path).suffix.removeprefix("."), "application/octet-stream")
        return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _text(size: int) -> bytes:
    words = " ".join(_RANDOM.choices(_WORDS, k=size // 3))
    return words.encode()[:size]


def _page(title: str, size: int) -> bytes:
    return f"<!doctype html><title>{title}</title><p>{_text(size).decode()}</p>".encode()


FILES = (
    SiteFile("index.html", _page("home", 300)),
    SiteFile("docs/index.html", _page("docs", 3_000)),
    SiteFile("docs/guide.html", _page("guide", 500)),
    SiteFile("bare/file.txt", b"in a folder without an index\n"),
    SiteFile("page.html", _page("page", 700)),
    SiteFile("empty.txt", b""),
    SiteFile("one.txt", b"1"),
    SiteFile("assets/site.css", b"p { color: red }\n" * 250),
    SiteFile("assets/site.js", b"export const answer = 42;\n" * 200),
    SiteFile("assets/logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g/>" * 500 + b"</svg>"),
    SiteFile("data.json", b"[" + b'{"a": 1},' * 300 + b"{}]"),
    SiteFile("big.txt", _text(200 * 1024)),
    SiteFile("blob.bin", _RANDOM.randbytes(300 * 1024)),
    SiteFile("noextension", b"\x00\x01\x02\x03"),
    SiteFile("UPPER.TXT", b"upper\n"),
    SiteFile("trailing.", b"a dot at the end\n"),
    SiteFile(".well-known/security.txt", b"Contact: mailto:a@example.com\n"),
    SiteFile("with space.txt", b"space\n"),
    SiteFile("a+b.txt", b"plus\n"),
    SiteFile("100%.txt", b"percent\n"),
    SiteFile("100%25.txt", b"percent and 25\n"),
    SiteFile("what?.txt", b"question mark\n"),
    SiteFile("sharp#.txt", b"hash\n"),
    SiteFile("semi;colon=1,2.txt", b"semicolon\n"),
    SiteFile("co:lon.txt", b"colon\n"),
    SiteFile("[brackets]{}.txt", b"brackets\n"),
    SiteFile('it\'s "quoted".txt', b"quotes\n"),
    SiteFile("größe & ordnung.txt", "größe\n".encode()),
    SiteFile("日本語/ページ.html", _page("日本語", 200)),
    SiteFile("...", b"three dots\n"),
)


def publish(files: Sequence[SiteFile], folder: Path, store: S3Store, key_prefix: str) -> None:
    """Write the files, and put them into the bucket, with one time of modification: the one that the store says.

    Returns in a later second than that of the last file: only then is a date a strong validator (RFC 9110 8.8.2.2).
    """
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
        store.put(key_prefix + file.path, file.body, content_type=file.media_type)
        modified_at, _ = _dates(store, key_prefix + file.path)
        os.utime(path, (modified_at, modified_at))
    until(lambda: _is_past(store, key_prefix + files[-1].path))


def _is_past(store: S3Store, key: str) -> bool:
    modified_at, now = _dates(store, key)
    return now > modified_at


def _dates(store: S3Store, key: str) -> tuple[float, float]:
    """When the store says that an object was modified, and what time it is there; epoch seconds."""
    head: dict[str, Any] = store.client.head_object(Bucket=store.bucket, Key=key)
    date = head["ResponseMetadata"]["HTTPHeaders"]["date"]
    return head["LastModified"].timestamp(), parsedate_to_datetime(date).timestamp()
