"""The stores and the relay do what the tests that stand on them believe."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from support.endpoint import Source
from support.http_client import request
from support.process import ProcessFailedError
from support.rclone import Rclone
from support.s3_client import get, read, s3_client, status
from support.s3_store import S3Store
from support.seaweedfs import SeaweedFS

ODD_KEYS = [
    "a b",
    "a+b",
    "(x)&y",
    "100%25",
    "100%",
    "ü.txt",
    "trailing.",
    "q?x=1",
    "h#f",
    "~'\"*<>|:;,=@$!",
    "\U0001f600",
]
BODY = bytes(range(256)) * 4096


def status_of(source: Source, key: str, *, is_signed: bool = True) -> int:
    """Get an object as the source's identity."""
    with closing(s3_client(source, is_signed=is_signed)) as client:
        return status(lambda: client.get_object(Bucket="site", Key=key))


def test_what_was_put_is_got_listed_and_deleted(store: S3Store, key_prefix: str) -> None:
    """ETags of plain objects are their MD5, in quotes."""
    key = f"{key_prefix}object"
    etag = store.put(key, b"hello")
    assert etag == '"5d41402abc4b2a76b9719d911017c592"'
    assert read(store.client, key) == b"hello"
    assert store.keys(key_prefix) == [key]
    store.delete(key)
    assert status(lambda: get(store.client, key)) == 404
    assert store.keys(key_prefix) == []


@pytest.mark.parametrize("name", ODD_KEYS)
def test_an_odd_key_is_kept(store: S3Store, key_prefix: str, name: str) -> None:
    """What is special in a URL, in XML or in a shell is not special in a key."""
    store.put(key_prefix + name, name.encode())
    assert read(store.client, key_prefix + name) == name.encode()
    assert store.keys(key_prefix) == [key_prefix + name]


def test_a_double_slash_is_folded_or_refused(store: S3Store, key_prefix: str) -> None:
    """No store to be had keeps `a//b` apart from `a/b`, as AWS does."""
    assert not store.quirks.keeps_double_slash
    if isinstance(store, SeaweedFS):
        store.put(f"{key_prefix}a//b", b"body")
        assert store.keys(key_prefix) == [f"{key_prefix}a/b"]
        assert read(store.client, f"{key_prefix}a//b") == b"body"
    else:
        assert status(lambda: store.put(f"{key_prefix}a//b", b"body")) == 400


def test_a_slash_at_the_end_does_not_make_another_key(store: S3Store, key_prefix: str) -> None:
    """Both stores answer 200 where AWS says 404, each in its own way."""
    assert not store.quirks.keeps_slash_at_end
    store.put(f"{key_prefix}folder/object", b"body")
    if isinstance(store, SeaweedFS):
        folder = get(store.client, f"{key_prefix}folder/")
        assert (folder["ContentType"], folder["Body"].read()) == ("application/x-directory", b"")
    else:
        assert read(store.client, f"{key_prefix}folder/object/") == b"body"


def test_headers_of_an_object_are_kept(store: S3Store, key_prefix: str) -> None:
    """Everything a website needs, but for what `Quirks` says."""
    key = f"{key_prefix}object"
    store.put(
        key,
        b"x",
        content_type="text/css",
        content_encoding="br",
        content_language="de",
        content_disposition="inline",
        cache_control="max-age=7",
        expires=datetime(2030, 1, 1, tzinfo=UTC),
        website_redirect_location="/other",
        metadata={"a-b": "c d"},
    )
    headers = get(store.client, key)["ResponseMetadata"]["HTTPHeaders"]
    kept = {"content-type": "text/css", "content-encoding": "br", "content-language": "de"}
    kept |= {"content-disposition": "inline", "cache-control": "max-age=7", "x-amz-meta-a-b": "c d"}
    assert kept.items() <= headers.items()
    assert ("expires" in headers) == store.quirks.keeps_expires
    assert ("x-amz-website-redirect-location" in headers) == store.quirks.keeps_redirect_location
    assert headers["last-modified"].endswith(" GMT")


def test_an_object_put_without_a_type_gets_one(store: S3Store, key_prefix: str) -> None:
    """The type is the store's guess, so a test that wants none cannot have it from a store."""
    store.put(f"{key_prefix}object", b"hello")
    assert get(store.client, f"{key_prefix}object")["ContentType"] == store.quirks.untyped


def test_conditions_and_ranges(store: S3Store, key_prefix: str) -> None:
    """304 and 416 are to be relied on; 206 and 412 on one store."""
    key, client = f"{key_prefix}object", store.client
    etag = store.put(key, b"hello")
    part = get(client, key, Range="bytes=1-2")
    assert (part["Body"].read(), part["ContentRange"]) == (b"el", "bytes 1-2/5")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == store.quirks.range_status
    assert status(lambda: get(client, key, Range="bytes=9-")) == 416
    assert status(lambda: get(client, key, IfNoneMatch=etag)) == 304
    assert status(lambda: get(client, key, IfNoneMatch='"other"')) == 200
    assert status(lambda: get(client, key, IfMatch='"other"')) == (412 if store.quirks.honours_if_match else 200)


def test_who_may_not_is_refused(store: S3Store, key_prefix: str) -> None:
    """Signatures are verified."""
    key = f"{key_prefix}object"
    store.put(key, b"x")
    endpoint = store.endpoint
    assert status_of(endpoint, key) == 200
    assert status_of(endpoint.as_identity(store.access_key, "wrong-secret"), key) == 403
    assert status_of(endpoint.as_identity("nobody", store.secret_key), key) == 403
    assert status_of(endpoint, key, is_signed=False) == store.quirks.unsigned_status


def test_the_reader_may_get_but_not_list_or_put(seaweedfs: SeaweedFS, key_prefix: str) -> None:
    """A missing key is a 404 to it, where AWS says 403."""
    seaweedfs.put(f"{key_prefix}object", b"x")
    with closing(s3_client(seaweedfs.reader)) as reader:
        assert status(lambda: get(reader, f"{key_prefix}object")) == 200
        assert status(lambda: get(reader, f"{key_prefix}missing")) == 404
        assert status(lambda: reader.list_objects_v2(Bucket="site")) == 403
        assert status(lambda: reader.put_object(Bucket="site", Key=key_prefix, Body=b"")) == 403


def test_objects_survive_an_outage(store: S3Store, key_prefix: str) -> None:
    """The same port refuses connections meanwhile."""
    key, port = f"{key_prefix}object.css", store.endpoint.port
    etag = store.put(key, b"x", cache_control="no-store")
    with store.stopped(), pytest.raises(ConnectionRefusedError):
        request(port, "GET", "/")
    answer = get(store.client, key)
    assert (answer["Body"].read(), answer["ETag"]) == (b"x", etag)
    assert ("CacheControl" in answer) == store.quirks.keeps_metadata_when_stopped


def test_a_paused_store_hangs_and_then_answers(store: S3Store) -> None:
    """Connections are made, and nothing comes."""
    port = store.endpoint.port
    with store.paused(), pytest.raises(TimeoutError):
        request(port, "GET", "/", timeout=0.1)
    assert request(port, "GET", "/").status in {400, 403}


def test_a_stopped_store_leaves_nothing_behind(rclone: Rclone) -> None:
    """A failed wait shows the log."""
    process = rclone.process
    with rclone.stopped():
        assert process.descendants() == []
        assert process.exit_code == -9
    with pytest.raises(ProcessFailedError, match="is not ready after 0 s; its log ends:"):
        rclone.process.wait_until(lambda: False, 0)
