"""How each kind of setting reads its text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.secret import Secret
from sidecar.settings import readers as types

Reader = Callable[[str], Any]

PORT = types.whole_number(0, 65535)
SPAN = types.seconds(0.05, 60)
WORD = types.choice("auto", "path")

GOOD: dict[str, tuple[Reader, str, Any]] = {
    "text": (types.text, "a b é", "a b é"),
    "secret": (types.secret, "s3cr3t é/+=", Secret("s3cr3t é/+=")),
    "secret-longest": (types.secret, "x" * 4096, Secret("x" * 4096)),
    "boolean-true": (types.boolean, "true", True),
    "boolean-1": (types.boolean, "1", True),
    "boolean-yes": (types.boolean, "yes", True),
    "boolean-false": (types.boolean, "false", False),
    "boolean-0": (types.boolean, "0", False),
    "boolean-no": (types.boolean, "no", False),
    "boolean-any-case": (types.boolean, " True\n", True),
    "number-lowest": (PORT, "0", 0),
    "number-highest": (PORT, "65535", 65535),
    "number-leading-zeros": (PORT, "0080", 80),
    "number-outer-space": (PORT, " 80\n", 80),
    "seconds-lowest": (SPAN, "0.05", 0.05),
    "seconds-highest": (SPAN, "60", 60.0),
    "seconds-exponent": (SPAN, "1e1", 10.0),
    "choice": (WORD, "path", "path"),
    "choice-any-case": (WORD, " Path ", "path"),
    "codings": (types.codings, "br,zstd,gzip", ("br", "zstd", "gzip")),
    "codings-any-case-any-space": (types.codings, " GZIP , br ", ("gzip", "br")),
    "codings-repeated": (types.codings, "br,gzip,br", ("br", "gzip")),
    "codings-none": (types.codings, "None", ()),
    "path": (types.path, "/tmp/a b", Path("/tmp/a b")),  # noqa: S108 - nothing is made there
    "path-relative": (types.path, "logs/", Path("logs")),
    "bucket": (types.bucket, "my-bucket.example", "my-bucket.example"),
    "bucket-shortest": (types.bucket, "abc", "abc"),
    "bucket-older-form": (types.bucket, "My_Bucket", "My_Bucket"),
    "bucket-longest-older-form": (types.bucket, "b" * 255, "b" * 255),
    "bucket-access-point": (
        types.bucket,
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/site",
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/site",
    ),
    "region": (types.region, "eu-central-1", "eu-central-1"),
    "region-of-another-store": (types.region, "garage", "garage"),
    "prefix": (types.prefix, "site", "site/"),
    "prefix-with-slashes": (types.prefix, "/a/b/", "a/b/"),
    "prefix-of-slashes-only": (types.prefix, "//", ""),
    "ops-path": (types.ops_path, "/-/ops/", "/-/ops"),
    "mount-path": (types.mount_path, "/a/b/", "/a/b"),
    "mount-path-of-all": (types.mount_path, "/", "/"),
    "mount": (types.mount, "/a/=other/b", ("/a", "other", "b/")),
    "url": (types.endpoint_url, "https://s3.example.com", "https://s3.example.com"),
    "url-with-port": (types.endpoint_url, "http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
    "url-with-path": (types.endpoint_url, "https://example.com/s3/", "https://example.com/s3"),
    "url-ipv6": (types.endpoint_url, "http://[::1]:9000", "http://[::1]:9000"),
    "listen-address": (types.listen_host, "127.0.0.1", "127.0.0.1"),
    "listen-unix": (types.listen_host, "unix:/run/s3proxy.sock", "unix:/run/s3proxy.sock"),
    "host-name": (types.host, "db.internal", "db.internal"),
    "host-with-underscore": (types.host, "my_service", "my_service"),
    "host-root-dot": (types.host, "db.internal.", "db.internal."),
    "host-ipv6": (types.host, "::1", "::1"),
    "host-ipv6-brackets": (types.host, "[::1]", "::1"),
    "host-ipv6-canonical": (types.host, "0:0:0:0:0:0:0:1", "::1"),
    "metric-prefix": (types.metric_prefix, "site.requests_1-a", "site.requests_1-a"),
    "mongo-name": (types.mongo_name, "metrics", "metrics"),
    "mongo-name-with-dot": (types.mongo_name, "metrics.request", "metrics.request"),
    "mongo-uri": (types.mongo_uri, "mongodb://u:p@db:27017/m", Secret("mongodb://u:p@db:27017/m")),
    "mongo-uri-srv": (types.mongo_uri, "mongodb+srv://db.example", Secret("mongodb+srv://db.example")),
    "origins-all": (types.origins, "*", ("*",)),
    "origins-all-among-others": (types.origins, "https://a.example, *", ("*",)),
    "origins-one": (types.origins, "https://a.example", ("https://a.example",)),
    "origins-commas": (types.origins, "https://a.example, http://b:8080,", ("https://a.example", "http://b:8080")),
    "origins-json": (types.origins, ' ["https://a.example", "null"]', ("https://a.example", "null")),
    "origins-repeated": (types.origins, "https://a.example,https://a.example/", ("https://a.example",)),
    "origins-rfc6454-6.2-lower-case": (types.origins, "HTTPS://A.Example", ("https://a.example",)),
    "origins-rfc6454-6.2-default-ports": (types.origins, "https://a:443,http://b:80", ("https://a", "http://b")),
    "origins-rfc6454-6.2-other-ports": (types.origins, "https://a:80,http://b:443", ("https://a:80", "http://b:443")),
    "origins-ipv6": (types.origins, "http://[::1]:8080", ("http://[::1]:8080",)),
}

BAD: dict[str, tuple[Reader, str]] = {
    "text-two-lines": (types.text, "a\nb"),
    "text-escape": (types.text, "a\x1b[31m"),
    "secret-two-lines": (types.secret, "a\nb"),
    "secret-undecodable": (types.secret, "a\udcff"),
    "secret-too-long": (types.secret, "x" * 4097),
    "boolean-word": (types.boolean, "on"),
    "boolean-number": (types.boolean, "2"),
    "boolean-space": (types.boolean, " "),
    "number-below": (types.whole_number(1, 9), "0"),
    "number-above": (PORT, "65536"),
    "number-negative": (PORT, "-1"),
    "number-sign": (PORT, "+1"),
    "number-fraction": (PORT, "80.0"),
    "number-underscore": (PORT, "8_0"),
    "number-other-digits": (PORT, "٨٠"),
    "number-hexadecimal": (PORT, "0x50"),
    "number-huge": (PORT, "9" * 5000),
    "seconds-below": (SPAN, "0"),
    "seconds-above": (SPAN, "60.1"),
    "seconds-negative": (SPAN, "-1"),
    "seconds-nan": (SPAN, "nan"),
    "seconds-infinite": (SPAN, "inf"),
    "seconds-unit": (SPAN, "5s"),
    "choice-other": (WORD, "virtual"),
    "choice-prefix": (WORD, "aut"),
    "codings-unknown": (types.codings, "br,deflate"),
    "codings-none-among-others": (types.codings, "none,br"),
    "codings-nothing": (types.codings, ","),
    "path-nul": (types.path, "a\0b"),
    "bucket-too-short": (types.bucket, "ab"),
    "bucket-too-long": (types.bucket, "b" * 256),
    "bucket-slash": (types.bucket, "bucket/folder"),
    "bucket-url": (types.bucket, "s3://bucket"),
    "bucket-dash-first": (types.bucket, "-bucket"),
    "bucket-newline": (types.bucket, "bucket\n"),
    "region-upper-case": (types.region, "EU-CENTRAL-1"),
    "region-host": (types.region, "eu-central-1.amazonaws.com"),
    "prefix-two-lines": (types.prefix, "a\nb"),
    "url-no-scheme": (types.endpoint_url, "s3.example.com"),
    "url-other-scheme": (types.endpoint_url, "ftp://s3.example.com"),
    "url-no-host": (types.endpoint_url, "https://"),
    "url-user": (types.endpoint_url, "https://user:password@s3.example.com"),
    "url-query": (types.endpoint_url, "https://s3.example.com?a=b"),
    "url-fragment": (types.endpoint_url, "https://s3.example.com#a"),
    "url-port-zero": (types.endpoint_url, "https://s3.example.com:0"),
    "url-port-word": (types.endpoint_url, "https://s3.example.com:http"),
    "url-port-too-high": (types.endpoint_url, "https://s3.example.com:65536"),
    "url-host-with-space": (types.endpoint_url, "https://my store"),
    "url-host-with-underscore": (types.endpoint_url, "http://my_store:9000"),
    "url-empty-label": (types.endpoint_url, "https://s3..example.com"),
    "url-broken-ipv6": (types.endpoint_url, "https://[::1"),
    "url-two-lines": (types.endpoint_url, "https://s3.example.com/\x7f"),
    "listen-unix-relative": (types.listen_host, "unix:run/s3proxy.sock"),
    "listen-unix-folder": (types.listen_host, "unix:/run/"),
    "listen-unix-empty": (types.listen_host, "unix:"),
    "host-with-port": (types.host, "db:8080"),
    "host-url": (types.host, "http://db"),
    "host-space": (types.host, "my db"),
    "host-dash-first": (types.host, "-db"),
    "host-empty-label": (types.host, "db..internal"),
    "host-long-label": (types.host, "d" * 64),
    "metric-prefix-space": (types.metric_prefix, "a b"),
    "metric-prefix-too-long": (types.metric_prefix, "a" * 101),
    "mongo-name-slash": (types.mongo_name, "a/b"),
    "mongo-name-dollar": (types.mongo_name, "$a"),
    "mongo-name-system": (types.mongo_name, "system.users"),
    "mongo-name-too-long": (types.mongo_name, "a" * 64),
    "mongo-uri-scheme": (types.mongo_uri, "postgres://db"),
    "mongo-uri-no-host": (types.mongo_uri, "mongodb:///m"),
    "mongo-uri-two-lines": (types.mongo_uri, "mongodb://db\nb"),
    "origins-comma": (types.origins, ","),
    "origins-empty-json": (types.origins, "[]"),
    "origins-broken-json": (types.origins, '["https://a.example"'),
    "origins-json-numbers": (types.origins, "[1]"),
    "origins-no-scheme": (types.origins, "a.example"),
    "origins-path": (types.origins, "https://a.example/b"),
    "origins-user": (types.origins, "https://user@a.example"),
    "origins-port-zero": (types.origins, "https://a.example:0"),
    "origins-not-ascii": (types.origins, "https://é.example"),
    "origins-wildcard-label": (types.origins, "https://*.example"),
    "origins-one-of-two": (types.origins, "https://a.example,b"),
}

READERS: dict[str, Reader] = {
    reader.__name__: reader
    for reader in (
        types.text,
        types.secret,
        types.boolean,
        types.path,
        types.bucket,
        types.region,
        types.prefix,
        types.mount,
        types.mount_path,
        types.endpoint_url,
        types.listen_host,
        types.metric_prefix,
        types.mongo_name,
        types.mongo_uri,
        types.origins,
    )
} | {"whole_number": PORT, "seconds": SPAN, "choice": WORD}


def _what_is_wrong(read: Reader, text: str) -> str:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return "must be what it is"


@pytest.mark.parametrize(("read", "text", "expected"), GOOD.values(), ids=GOOD)
def test_good(read: Reader, text: str, expected: Any) -> None:
    """What is right is read."""
    assert read(text) == expected


@pytest.mark.parametrize(("read", "text"), BAD.values(), ids=BAD)
def test_bad(read: Reader, text: str) -> None:
    """What is wrong raises ValueError with a phrase that follows the option's name."""
    with pytest.raises(ValueError, match=r"\Amust be .+\Z"):
        read(text)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@given(
    text=st.text(max_size=30)
    | st.text("[]\"',:/*.@-0123456789abmnodgs", max_size=30)
    | st.sampled_from(["https://", "mongodb://", "unix:", '["']).flatmap(lambda start: st.text().map(start.__add__))
)
def test_any_text_is_a_value_or_a_value_error(read: Reader, text: str) -> None:
    """No text makes a reader raise anything but ValueError with such a phrase."""
    assert _what_is_wrong(read, text).startswith("must be ")


@given(st.text("/ab.é ", max_size=20))
def test_a_prefix_reads_as_itself(text: str) -> None:
    """A prefix has no slash first and one last, and reading it again changes nothing."""
    folder = types.prefix(text)
    assert not folder.startswith("/")
    assert not folder or folder.endswith("/")
    assert types.prefix(folder) == folder


@given(st.text("/ab.é ", max_size=20).map("/".__add__))
def test_a_mount_path_is_kept_or_refused(text: str) -> None:
    """Slashes at its end aside, a path is kept, unless it has a segment that no request of a browser could have."""
    path = text.rstrip("/")
    if {"", ".", ".."} & set(path.split("/")[1:]):
        assert _what_is_wrong(types.mount_path, text) != "must be what it is"
    else:
        assert types.mount_path(text) == path or (path, types.mount_path(text)) == ("", "/")
