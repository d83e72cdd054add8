"""The sample site of the demo, into a bucket."""

import mimetypes
import os
from pathlib import Path

from support.s3_store import S3Store

SITE = Path(__file__).parents[3] / "demo" / "site"
BIG_KEY = "media/big.bin"
_BIG_BYTES = 32 * 1024 * 1024


def upload_site(store: S3Store) -> int:
    """Put the sample site and one large object into the bucket; how many objects that makes."""
    files = [path for path in sorted(SITE.rglob("*")) if path.is_file()]
    for path in files:
        guessed, _ = mimetypes.guess_type(path.name)
        store.put(path.relative_to(SITE).as_posix(), path.read_bytes(), content_type=guessed or "binary/octet-stream")
    store.put(BIG_KEY, os.urandom(_BIG_BYTES), content_type="application/octet-stream")
    return len(files) + 1
