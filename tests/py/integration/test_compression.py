"""Content codings as browsers and curl see them: one compression for an object, and never a wrong byte."""

import gzip
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TypeAlias

import brotli
import pytest
import zstandard
from support.cache_folder import bodies_of, settled_bodies_of
from support.http_client import Connection, fetch_many
from support.http_reply import Reply
from support.relay import Relay
from support.s3_store import S3Store
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.site import Site

TEXT = b"".join(b"line %d of a text that repeats itself\n" % number for number in range(3000))
UNDO: dict[str | None, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": zstandard.decompress,
    "gzip": gzip.decompress,
    None: bytes,
}
CODINGS = ("br", "zstd", "gzip")
CHROME = "gzip, deflate, br, zstd"
StartSite: TypeAlias = Callable[..., Site]
VARYING = {"age", "date", "cache-status", "connection"}


@pytest.fixture
def start(store: S3Store, relay: Relay, start_sidecar: StartSidecar) -> StartSite:
    """Start a server of the test's own, with two workers."""

    def begin(*options: str) -> Site:
        return Site(store, relay, start_sidecar(relay, *options, workers=2))

    return begin


@pytest.fixture(scope="module")
def companions(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with two workers that look for pre-compressed objects, and compress nothing themselves."""
    folder, options = tmp_path_factory.mktemp("companions"), ("--precompressed", "--compress", "none")
    with Relay(seaweedfs) as relay, Sidecar(relay, *options, workers=2, folder=folder) as server:
        yield Site(seaweedfs, relay, server)


def put(site: Site, key: str, body: bytes = TEXT, *, content_type: str = "text/css", **headers: str) -> str:
    """Put a style sheet; its ETag."""
    return site.store.put(key, body, content_type=content_type, **headers)


def text_of(reply: Reply) -> bytes:
    """The body without its coding, undone by the libraries; its length must be what was announced."""
    assert reply.content_length == len(reply.body)
    return UNDO[reply.header("content-encoding")](reply.body)


def steady(reply: Reply) -> dict[str, str]:
    """The headers that do not change from one answer to the next."""
    return {name: value for name, value in reply.headers if name not in VARYING}


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (CHROME, "br"),
        ("gzip, deflate", "gzip"),
        ("gzip, zstd;q=0.9", "gzip"),
        ("zstd", "zstd"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.5", "zstd"),
        ("identity, br;q=0.5", None),
        ("gzip;q=0", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_a_text_is_sent_as_the_client_takes_it(site: Site, key_prefix: str, accept: str, coding: str | None) -> None:
    """On the first request and on every later one, in both workers, for one request to the store."""
    key = f"{key_prefix}a.css"
    put(site, key)
    replies = [site.get(f"/{key}", accept_encoding=accept) for _ in range(8)]
    assert {(reply.status, reply.header("content-encoding"), text_of(reply)) for reply in replies} == {
        (200, coding, TEXT)
    }
    assert {reply.header("vary") for reply in replies} == {"accept-encoding"}
    assert site.fetches(key) == 1


def test_without_accept_encoding_nothing_is_coded(site: Site, key_prefix: str) -> None:
    """But what is sent depends on it all the same."""
    put(site, f"{key_prefix}a.css")
    reply = site.get(f"/{key_prefix}a.css")
    assert (reply.body, reply.header("content-encoding"), reply.header("vary")) == (TEXT, None, "accept-encoding")


def test_every_representation_has_its_own_tag(site: Site, key_prefix: str) -> None:
    """The object's is the store's; the others are made of it, and strong."""
    etag = put(site, f"{key_prefix}a.css")
    target = f"/{key_prefix}a.css"
    found = {accept: site.get(target, accept_encoding=accept).header("etag") or "" for accept in ("", *CODINGS)}
    assert found[""] == etag
    assert len(set(found.values())) == 4
    assert all(tag.startswith(etag[:-1]) and tag.endswith('"') for tag in found.values())


@pytest.mark.parametrize("coding", [*CODINGS, None])
@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_head_is_get_without_the_body(site: Site, key_prefix: str, coding: str | None, is_warm: bool) -> None:
    """Length, coding and tag of the representation that a GET would bring."""
    target, accept = f"/{key_prefix}a.css", coding or "identity"
    put(site, target[1:])
    if is_warm:
        site.get(target, accept_encoding=accept)
    head = site.get(target, method="HEAD", accept_encoding=accept)
    get = site.get(target, accept_encoding=accept)
    assert (head.body, head.header("content-encoding")) == (b"", coding)
    assert steady(head) == steady(get)


@pytest.mark.parametrize("held", [*CODINGS, None])
@pytest.mark.parametrize("wanted", [*CODINGS, None])
def test_not_modified_is_about_one_representation(
    site: Site, key_prefix: str, held: str | None, wanted: str | None
) -> None:
    """Whoever has another coding of the same version gets the one that was asked for (RFC 9110 13.1.2)."""
    target = f"/{key_prefix}a.css"
    put(site, target[1:])
    has = site.get(target, accept_encoding=held or "identity")
    reply = site.get(target, accept_encoding=wanted or "identity", if_none_match=has.header("etag") or "")
    assert reply.status == (304 if held == wanted else 200)
    assert reply.header("vary") == "accept-encoding"
    if held == wanted:
        assert (reply.body, reply.header("etag")) == (b"", has.header("etag"))
    else:
        assert text_of(reply) == TEXT


def test_if_match_is_about_one_representation(site: Site, key_prefix: str) -> None:
    """A tag of another coding does not match (RFC 9110 13.1.1)."""
    target = f"/{key_prefix}a.css"
    etag = put(site, target[1:])
    br = site.get(target, accept_encoding="br").header("etag") or ""
    asked = [("br", br), ("br", etag), ("identity", etag), ("identity", br), ("gzip", "*")]
    statuses = [site.get(target, accept_encoding=accept, if_match=tag).status for accept, tag in asked]
    assert statuses == [200, 412, 200, 412, 200]


@pytest.mark.parametrize("coding", CODINGS)
def test_a_download_goes_on_where_it_stopped(site: Site, key_prefix: str, coding: str) -> None:
    """Ranges are parts of the coded bytes; a tag of another representation gives all of this one (RFC 9110 14.2)."""
    target = f"/{key_prefix}a.css"
    etag = put(site, target[1:])
    whole = site.get(target, accept_encoding=coding)
    asked = {"accept_encoding": coding, "range": "bytes=100-"}
    part = site.get(target, **asked, if_range=whole.header("etag") or "")
    assert (part.status, part.header("content-encoding"), part.header("vary")) == (206, coding, "accept-encoding")
    assert part.header("content-range") == f"bytes 100-{len(whole.body) - 1}/{len(whole.body)}"
    assert UNDO[coding](whole.body[:100] + part.body) == TEXT
    for other in (etag, whole.header("last-modified") or ""):
        reply = site.get(target, **asked, if_range=other)
        assert (reply.status, text_of(reply)) == (200, TEXT)
    assert site.get(target, accept_encoding=coding, range=f"bytes={len(whole.body)}-").status == 416


def test_a_date_names_what_is_never_coded_for_a_client(site: Site, key_prefix: str) -> None:
    """Who takes no coding gets the object at all times, so that its date will do (RFC 9110 13.1.5)."""
    target = f"/{key_prefix}a.css"
    put(site, target[1:])
    written_at = time.monotonic()
    # Within the second of its date an object may change once more, and the date is no strong validator (8.8.2.2).
    site.server.process.wait_until(lambda: time.monotonic() > written_at + 2)
    date = site.get(target).header("last-modified") or ""
    for accept in ({}, {"accept_encoding": "identity"}, {"accept_encoding": "br;q=0"}):
        reply = site.get(target, range="bytes=5-9", if_range=date, **accept)
        assert (reply.status, reply.body) == (206, TEXT[5:10])
    assert site.get(target, range="bytes=5-9", if_range=date, accept_encoding="br").status == 200


@pytest.mark.parametrize(
    ("media_type", "cache_control"),
    [
        ("image/png", "max-age=60"),
        ("font/woff2", "max-age=60"),
        ("application/octet-stream", "max-age=60"),
        ("text/css", "public, no-transform"),
    ],
)
def test_what_is_never_coded(site: Site, key_prefix: str, media_type: str, cache_control: str) -> None:
    """What is compressed already, what nobody knows, and what its owner does not want changed."""
    put(site, f"{key_prefix}a", content_type=media_type, cache_control=cache_control)
    reply = site.get(f"/{key_prefix}a", accept_encoding=CHROME)
    assert (reply.body, reply.header("content-encoding"), reply.header("vary")) == (TEXT, None, None)


def test_what_does_not_shrink_is_sent_as_it_is(site: Site, key_prefix: str) -> None:
    """With the length it has."""
    noise = os.urandom(50_000)
    etag = put(site, f"{key_prefix}a.txt", noise)
    replies = [site.get(f"/{key_prefix}a.txt", accept_encoding=CHROME) for _ in range(6)]
    assert {(reply.body, reply.header("content-encoding"), reply.header("etag")) for reply in replies} == {
        (noise, None, etag)
    }


@pytest.mark.parametrize("coding", CODINGS)
def test_what_was_uploaded_coded_stays_so(site: Site, key_prefix: str, coding: str) -> None:
    """Byte for byte, with the store's tag; whoever refuses the coding gets the text, under another tag."""
    target, stored = f"/{key_prefix}a.css", {"br": brotli.compress, "zstd": zstandard.compress, "gzip": gzip.compress}
    body = stored[coding](TEXT)
    etag = put(site, target[1:], body, content_encoding=coding)
    for reply in (site.get(target), *(site.get(target, accept_encoding=accept) for accept in (coding, "*;q=0.1"))):
        assert (reply.body, reply.header("content-encoding"), reply.header("etag")) == (body, coding, etag)
        assert reply.header("vary") == "accept-encoding"
    replies = [site.get(target, accept_encoding=f"{coding};q=0, deflate") for _ in range(6)]
    assert {(text_of(reply), reply.header("content-encoding"), reply.header("vary")) for reply in replies} == {
        (TEXT, None, "accept-encoding")
    }
    assert {reply.header("etag") for reply in replies} == {f'{etag[:-1]}-identity-{coding}"'}
    assert site.fetches(target[1:]) == 1


def test_an_upload_in_chunks_is_no_coding(site: Site, key_prefix: str) -> None:
    """`aws-chunked` says how an object was sent to the store: clients never see it."""
    put(site, f"{key_prefix}a.css", content_encoding="aws-chunked")
    assert site.get(f"/{key_prefix}a.css").header("content-encoding") is None
    assert site.get(f"/{key_prefix}a.css", accept_encoding="br").header("content-encoding") == "br"


async def test_a_crowd_is_one_compression(site: Site, key_prefix: str) -> None:
    """A hundred clients at once, two workers, a cold object: one body and one variant are stored."""
    before = len(settled_bodies_of(site.server))
    put(site, f"{key_prefix}a.css")
    replies = await fetch_many(site.server.url, [f"/{key_prefix}a.css"] * 100, headers={"accept-encoding": "br"})
    assert {(reply.status, reply.header("content-encoding"), text_of(reply)) for reply in replies} == {
        (200, "br", TEXT)
    }
    assert len({reply.body for reply in replies}) == 1
    assert len(bodies_of(site.server)) == before + 2
    assert site.fetches(f"{key_prefix}a.css") == 1


def test_a_variant_made_before_a_restart(start: StartSite, key_prefix: str) -> None:
    """Is sent again, under the same tag, once the store has confirmed the object."""
    site = start()
    target = f"/{key_prefix}a.css"
    put(site, target[1:])
    before = site.get(target, accept_encoding="br")
    (variant,) = [path for path in bodies_of(site.server) if path.stat().st_size < len(TEXT)]
    inode = variant.stat().st_ino
    site.server.stop()
    site.server.start()
    after = [site.get(target, accept_encoding="br") for _ in range(6)]
    assert {(reply.body, reply.header("etag")) for reply in after} == {(before.body, before.header("etag"))}
    assert variant.stat().st_ino == inode


def test_a_clear_takes_variants_with_it(start: StartSite, key_prefix: str) -> None:
    """Nothing of an object that was replaced is sent after a clear, in whichever coding."""
    site = start()
    key, new = f"{key_prefix}a.css", TEXT.replace(b"text", b"book")
    put(site, key)
    for accept in (*CODINGS, "identity") * 2:
        assert text_of(site.get(f"/{key}", accept_encoding=accept)) == TEXT
    put(site, key, new)
    assert site.get("/_proxy/_private/_cache/clear", authorization="Bearer abc123").status == 304
    for accept in (*CODINGS, "identity") * 2:
        assert text_of(site.get(f"/{key}", accept_encoding=accept)) == new


def test_no_version_under_anothers_tag(start: StartSite, key_prefix: str) -> None:
    """While an object is replaced again and again, every answer is one version, whole, and each tag is one body."""
    site = start("--ttl", "0")
    target = f"/{key_prefix}a.css"
    versions = [TEXT.replace(b"text", b"%04d" % number) for number in range(12)]
    put(site, target[1:], versions[0])
    is_over, seen = Event(), set[tuple[str | None, bytes]]()

    def ask(seed: int) -> None:
        choose = random.Random(seed)  # noqa: S311 - a test
        while not is_over.is_set():
            reply = site.get(target, accept_encoding=choose.choice([*CODINGS, CHROME, "identity"]))
            assert (reply.status, text_of(reply) in versions) == (200, True)
            seen.add((reply.header("etag"), reply.body))

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask, seed) for seed in range(4)]
        for version in versions[1:]:
            before = len(seen)
            put(site, target[1:], version)
            site.server.process.wait_until(lambda n=before: len(seen) > n or any(a.done() for a in asking))  # type: ignore[misc]  # it has a default
        is_over.set()
        for each in asking:
            each.result()
    assert len({etag for etag, _ in seen}) == len(seen)


def test_off_is_off(start: StartSite, key_prefix: str) -> None:
    """`--compress none` sends everything as it is stored, and answers depend on nothing."""
    site = start("--compress", "none")
    put(site, f"{key_prefix}a.css")
    reply = site.get(f"/{key_prefix}a.css", accept_encoding=CHROME)
    assert (reply.body, reply.header("content-encoding"), reply.header("vary")) == (TEXT, None, None)


def test_the_operators_order_and_sizes(start: StartSite, key_prefix: str) -> None:
    """Of what a client likes equally, the first of `--compress` is sent, within the two sizes."""
    sizes = ("--compress-min-size", "100", "--compress-max-size", "2000")
    site = start("--compress", "gzip,zstd", *sizes)
    found = []
    for size in (99, 100, 2000, 2001):
        put(site, f"{key_prefix}{size}.css", (b"text" * 1000)[:size])
        found.append(site.get(f"/{key_prefix}{size}.css", accept_encoding=CHROME).header("content-encoding"))
    assert found == [None, "gzip", "gzip", None]
    assert site.get(f"/{key_prefix}100.css", accept_encoding="br").header("content-encoding") is None


# Real clients.


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_curl_compressed(site: Site, key_prefix: str, tmp_path: Path, is_warm: bool) -> None:
    """It asks for every coding that it knows, and undoes the one it gets."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    target, received, heads = f"/{key_prefix}a.css", tmp_path / "received", tmp_path / "heads"
    put(site, target[1:])
    if is_warm:
        site.get(target, accept_encoding=CHROME)
    command = ["curl", "--fail", "--silent", "--compressed", "--dump-header", str(heads), "--output", str(received)]
    subprocess.run([*command, f"{site.server.url}{target}"], check=True, timeout=30)
    assert received.read_bytes() == TEXT
    assert "\ncontent-encoding: " in heads.read_text().lower()


@pytest.mark.parametrize("coding", CODINGS)
def test_curl_goes_on_with_a_compressed_download(site: Site, key_prefix: str, tmp_path: Path, coding: str) -> None:
    """`curl -C -` appends the rest of the coded bytes."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    target, received = f"/{key_prefix}a.css", tmp_path / "received"
    put(site, target[1:])
    whole = site.get(target, accept_encoding=coding).body
    received.write_bytes(whole[:500])
    command = ["curl", "--fail", "--silent", "-C", "-", "--header", f"Accept-Encoding: {coding}"]
    subprocess.run([*command, "--output", str(received), f"{site.server.url}{target}"], check=True, timeout=30)
    assert UNDO[coding](received.read_bytes()) == TEXT


def test_answers_on_one_connection(site: Site, key_prefix: str) -> None:
    """Each in its own coding, with its own length: nothing is left between them."""
    put(site, f"{key_prefix}a.css")
    accepted = ["br", "identity", "gzip", "zstd", "br;q=0"] * 3
    with Connection(site.server.port) as connection:
        for accept in accepted:
            reply = connection.request("GET", f"/{key_prefix}a.css", {"accept-encoding": accept})
            assert text_of(reply) == TEXT
            head = connection.request("HEAD", f"/{key_prefix}a.css", {"accept-encoding": accept})
            assert head.content_length == len(reply.body)


# Pre-compressed companions.


def put_companions(site: Site, key: str, *extensions: str) -> dict[str, str]:
    """Put an object and some pre-compressed ones beside it; their ETags."""
    site.store.put(key, TEXT, content_type="text/javascript", cache_control="max-age=60")
    bodies = {".br": brotli.compress(TEXT), ".zst": zstandard.compress(TEXT), ".gz": gzip.compress(TEXT, mtime=0)}
    return {
        extension: site.store.put(f"{key}{extension}", bodies[extension], content_type="application/octet-stream")
        for extension in extensions
    }


@pytest.mark.parametrize(
    ("accept", "extension"),
    [(CHROME, ".br"), ("gzip", ".gz"), ("zstd, br;q=0.5", ".br"), ("br;q=0.1, gzip;q=0.2", ".gz"), ("zstd", None)],
)
def test_a_precompressed_companion(companions: Site, key_prefix: str, accept: str, extension: str | None) -> None:
    """The best that there is, as what the object is; a repeated request costs the store nothing."""
    key = f"{key_prefix}app.js"
    etags = put_companions(companions, key, ".br", ".gz")
    first = companions.get(f"/{key}", accept_encoding=accept)
    assert text_of(first) == TEXT
    assert (first.header("content-encoding") is None) is (extension is None)
    assert first.header("content-type") == "text/javascript"
    assert (first.header("cache-control"), first.header("vary")) == ("max-age=60", "accept-encoding")
    assert extension is None or first.header("etag") == etags[extension]


def test_repeated_requests_for_companions_cost_nothing(companions: Site, key_prefix: str) -> None:
    """Neither for those that are there, nor, in each worker, for those that are not."""
    key = f"{key_prefix}app.js"
    put_companions(companions, key, ".gz")
    assert {text_of(companions.get(f"/{key}", accept_encoding=CHROME)) for _ in range(30)} == {TEXT}
    assert (companions.fetches(key), companions.fetches(f"{key}.gz")) == (1, 1)
    assert 1 <= companions.fetches(f"{key}.br") <= 2
    assert 1 <= companions.fetches(f"{key}.zst") <= 2


def test_conditions_and_ranges_of_a_companion(companions: Site, key_prefix: str) -> None:
    """Are about its bytes."""
    key = f"{key_prefix}app.js"
    etag = put_companions(companions, key, ".br")[".br"]
    whole = companions.get(f"/{key}", accept_encoding="br")
    head = companions.get(f"/{key}", method="HEAD", accept_encoding="br")
    assert steady(head) == steady(whole)
    assert companions.get(f"/{key}", accept_encoding="br", if_none_match=etag).status == 304
    assert companions.get(f"/{key}", accept_encoding="identity", if_none_match=etag).status == 200
    part = companions.get(f"/{key}", accept_encoding="br", range="bytes=5-9", if_range=etag)
    assert (part.status, part.body) == (206, whole.body[5:10])


def test_a_companion_without_its_object(companions: Site, key_prefix: str) -> None:
    """Is nothing but itself."""
    companions.store.put(f"{key_prefix}app.js.br", brotli.compress(TEXT))
    assert companions.get(f"/{key_prefix}app.js", accept_encoding="br").status == 404
    reply = companions.get(f"/{key_prefix}app.js.br", accept_encoding="br")
    assert (reply.status, reply.header("content-encoding")) == (200, None)


def test_an_index_document_has_companions(companions: Site, key_prefix: str) -> None:
    """And variants: a folder's page is compressed as any other."""
    put_companions(companions, f"{key_prefix}index.html", ".gz")
    reply = companions.get(f"/{key_prefix}", accept_encoding="gzip")
    assert (text_of(reply), reply.header("content-encoding")) == (TEXT, "gzip")
