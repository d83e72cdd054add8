"""The website as its visitors see it, out of a real private bucket."""

import hashlib
import os
from urllib.parse import quote

import pytest
from support.http_client import Connection
from support.http_reply import Reply
from support.site import Site
from support.until import PATIENCE_SECONDS, until

VARYING = {"age", "date", "cache-status", "connection"}


def steady(reply: Reply) -> dict[str, str]:
    """The headers that do not change from one answer to the next."""
    return {name: value for name, value in reply.headers if name not in VARYING}


@pytest.mark.parametrize(("target", "key"), [("", "index.html"), ("docs/", "docs/index.html")])
def test_a_folder_is_its_index_document(site: Site, key_prefix: str, target: str, key: str) -> None:
    """A path that ends in a slash serves index.html there."""
    site.store.put(key_prefix + key, b"<p>index</p>", content_type="text/html")
    reply = site.get(f"/{key_prefix}{target}")
    assert (reply.status, reply.body, reply.header("content-type")) == (200, b"<p>index</p>", "text/html")


def test_the_root_is_an_index_document_too(site: Site) -> None:
    """`/` serves index.html of the bucket."""
    site.store.put("index.html", b"<p>root</p>", content_type="text/html")
    assert site.get("/").body == b"<p>root</p>"


def test_an_answer_carries_what_a_cache_needs(site: Site, key_prefix: str) -> None:
    """A 200 has length, validators, freshness, age and says that it takes ranges."""
    etag = site.store.put(f"{key_prefix}a.txt", b"four", content_type="text/plain")
    reply = site.get(f"/{key_prefix}a.txt")
    assert {name: reply.header(name) for name in ("content-length", "etag", "cache-control", "accept-ranges")} == {
        "content-length": "4",
        "etag": etag,
        "cache-control": "max-age=300",
        "accept-ranges": "bytes",
    }
    assert reply.header("last-modified")
    assert reply.header("expires")
    assert reply.header("date")
    assert int(reply.header("age") or "-1") >= 0


def test_the_objects_own_cache_control_is_kept(site: Site, key_prefix: str) -> None:
    """An object's Cache-Control reaches the client and rules the freshness."""
    site.store.put(f"{key_prefix}a.css", b"p{}", content_type="text/css", cache_control="max-age=77")
    site.get(f"/{key_prefix}a.css")
    reply = site.get(f"/{key_prefix}a.css")
    assert reply.header("cache-control") == "max-age=77"
    assert "; hit; ttl=7" in (reply.header("cache-status") or "")


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_head_is_get_without_the_body(site: Site, key_prefix: str, *, is_warm: bool) -> None:
    """HEAD has every header of GET, content-length included, and no body."""
    site.store.put(f"{key_prefix}a.bin", b"x" * 1234, content_type="application/octet-stream")
    if is_warm:
        site.get(f"/{key_prefix}a.bin")
    head = site.get(f"/{key_prefix}a.bin", method="HEAD")
    get = site.get(f"/{key_prefix}a.bin")
    assert (head.status, head.body, head.header("content-length")) == (200, b"", "1234")
    assert steady(head) == steady(get)


def test_head_leaves_the_connection_in_order(site: Site, key_prefix: str) -> None:
    """After HEAD the next answer on the same connection is the right one."""
    site.store.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    with Connection(site.server.port) as connection:
        replies = [connection.request(method, f"/{key_prefix}a") for method in ("HEAD", "GET", "HEAD", "GET")]
    assert [reply.body for reply in replies] == [b"", b"abc", b"", b"abc"]


@pytest.mark.parametrize(
    "name",
    ["a b.txt", "a+b.txt", "(x)&y.txt", "100%25.txt", "50%.txt", "ü.txt", "日本.txt", "dot.", "a=b;c,d@e!f'g$h*.txt"],
)
def test_an_odd_key_reaches_its_object(site: Site, key_prefix: str, name: str) -> None:
    """A percent-encoded path names exactly its key."""
    site.store.put(key_prefix + name, name.encode(), content_type="text/plain")
    reply = site.get(f"/{key_prefix}{quote(name, safe='')}")
    assert (reply.status, reply.body) == (200, name.encode())


def test_a_double_slash_is_a_key_of_its_own(site: Site, key_prefix: str) -> None:
    """`//` is not folded: the store is asked for the key with both slashes."""
    site.get(f"/{key_prefix}a//b.txt")
    assert site.fetches(f"{key_prefix}a//b.txt") == 1


@pytest.mark.parametrize(
    "target",
    ["/%00", "/a%00b", "/%ff", "/..", "/a/../b", "/%2e%2e/a", "/a/%2E./b", "/a%2f..%2fb", "/%", "/%zz", "//../x"],
)
def test_a_target_that_names_no_key_is_refused(site: Site, target: str) -> None:
    """NUL, invalid UTF-8, a bad escape and every spelling of a `..` segment are a 400."""
    before = len(site.relay.requests)
    assert site.get(target).status == 400
    assert len(site.relay.requests) == before


@pytest.mark.parametrize("target", ["*", "http://localhost/", "a", "?"])
def test_a_target_without_a_slash_is_refused(site: Site, target: str) -> None:
    """Only targets in origin-form are served."""
    assert site.get(target).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW"])
def test_other_methods_are_refused_with_allow(site: Site, method: str) -> None:
    """A method that is not GET, HEAD or OPTIONS is a 405 that names these."""
    reply = site.get("/index.html", method=method)
    assert reply.status == 405
    assert {word.strip() for word in (reply.header("allow") or "").split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_options_tells_what_is_allowed(site: Site) -> None:
    """OPTIONS is a 204 with the CORS headers of a preflight."""
    reply = site.get("/anything", method="OPTIONS", origin="https://example.com")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == "*"
    assert reply.header("access-control-allow-methods") == "GET, HEAD, OPTIONS"


def test_a_query_string_is_ignored(site: Site, key_prefix: str) -> None:
    """By default a query string changes nothing, and costs no second fetch."""
    site.store.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    replies = [site.get(f"/{key_prefix}a{query}") for query in ("", "?v=1", "?v=2&x", "?")]
    assert [reply.body for reply in replies] == [b"abc"] * 4
    assert site.fetches(f"{key_prefix}a") == 1


def test_a_missing_object_is_remembered(site: Site, key_prefix: str) -> None:
    """A 404 is a 404, and each worker asks the store for it at most once."""
    replies = [site.get(f"/{key_prefix}gone") for _ in range(20)]
    assert {reply.status for reply in replies} == {404}
    assert 1 <= site.fetches(f"{key_prefix}gone") <= 2


def test_two_workers_fetch_an_object_once(site: Site, key_prefix: str) -> None:
    """What one worker has stored the other adopts from disk."""
    body = os.urandom(300_000)
    site.store.put(f"{key_prefix}a.bin", body, content_type="application/octet-stream")
    assert {site.get(f"/{key_prefix}a.bin").body for _ in range(30)} == {body}
    assert site.fetches(f"{key_prefix}a.bin") == 1


@pytest.mark.parametrize(
    ("header", "status"),
    [("etag", 304), ("weak etag", 304), ("*", 304), ("other", 200), ("date", 304), ("old date", 200)],
)
def test_conditional_requests(site: Site, key_prefix: str, header: str, status: int) -> None:
    """If-None-Match and If-Modified-Since are answered from the cache, with the etag on a 304."""
    etag = site.store.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    modified = site.get(f"/{key_prefix}a").header("last-modified") or ""
    conditions = {
        "etag": {"if_none_match": f'"x", {etag}'},
        "weak etag": {"if_none_match": f"W/{etag}"},
        "*": {"if_none_match": "*"},
        "other": {"if_none_match": '"x"', "if_modified_since": modified},
        "date": {"if_modified_since": modified},
        "old date": {"if_modified_since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    }
    reply = site.get(f"/{key_prefix}a", **conditions[header])
    assert reply.status == status
    assert reply.header("etag") == etag
    assert reply.body == (b"" if status == 304 else b"abc")


@pytest.mark.parametrize(
    ("value", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_ranges(  # noqa: PLR0917 - the columns of a table
    site: Site, key_prefix: str, value: str, status: int, body: bytes | None, content_range: str | None, is_warm: bool
) -> None:
    """One byte range is served, from the cache and while it is being filled."""
    site.store.put(f"{key_prefix}a", b"0123456789", content_type="text/plain")
    if is_warm:
        site.get(f"/{key_prefix}a")
    reply = site.get(f"/{key_prefix}a", range=value)
    assert (reply.status, reply.header("content-range")) == (status, content_range)
    assert body is None or reply.body == body


def test_a_miss_streams(site: Site, key_prefix: str) -> None:
    """The first bytes are with the client, and with everybody else who asks, while the store still holds the rest."""
    body = os.urandom(600_000)
    site.store.put(f"{key_prefix}a.bin", body, content_type="application/octet-stream")
    with site.relay.pause_after(f"{key_prefix}a.bin", 200_000) as barrier, Connection(site.server.port) as leader:
        leader.send_request("GET", f"/{key_prefix}a.bin")
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert leader.read_head().status == 200
        first = leader.read_body_bytes(200_000)
        barrier.release()
        assert first + leader.read_body_bytes() == body


def test_a_stored_body_is_the_object(site: Site, key_prefix: str) -> None:
    """A large object comes out of the cache as it went into the bucket."""
    body = os.urandom(5_000_000)
    site.store.put(f"{key_prefix}a.bin", body, content_type="application/octet-stream")
    digests = {hashlib.sha256(site.get(f"/{key_prefix}a.bin").body).hexdigest() for _ in range(4)}
    assert digests == {hashlib.sha256(body).hexdigest()}


def test_an_empty_object_is_served(site: Site, key_prefix: str) -> None:
    """An object of no bytes is a 200 with content-length 0."""
    site.store.put(f"{key_prefix}empty", b"", content_type="text/plain")
    replies = [site.get(f"/{key_prefix}empty") for _ in range(2)]
    assert [(reply.status, reply.body, reply.header("content-length")) for reply in replies] == [(200, b"", "0")] * 2


def test_what_may_not_be_stored_is_passed_on(site: Site, key_prefix: str) -> None:
    """An object marked no-store is served and fetched anew each time."""
    site.store.put(f"{key_prefix}a", b"fresh", content_type="text/plain", cache_control="no-store")
    assert [site.get(f"/{key_prefix}a").body for _ in range(3)] == [b"fresh"] * 3
    assert site.fetches(f"{key_prefix}a") == 3


def test_a_stored_file_may_be_deleted_at_any_time(site: Site, key_prefix: str) -> None:
    """A body deleted by an operator is fetched again."""
    site.store.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    site.get(f"/{key_prefix}a")
    for path in site.server.cache_dir.iterdir():
        path.unlink()
    assert [site.get(f"/{key_prefix}a").body for _ in range(4)] == [b"abc"] * 4
    assert site.fetches(f"{key_prefix}a") == 2


def test_the_reserved_path_is_no_key(site: Site) -> None:
    """Paths below /_proxy/ are the management's: the store is not asked."""
    before = len(site.relay.requests)
    assert site.get("/_proxy/other").status == 404
    assert len(site.relay.requests) == before


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"x_real_ip": "192.0.2.1", "x_forwarded_for": "192.0.2.2"}, "192.0.2.1"),
        ({"x_forwarded_for": "192.0.2.3, 10.0.0.1"}, "192.0.2.3"),
        ({"x_forwarded_for": "192.0.2.4:55555"}, "192.0.2.4"),
        ({"x_real_ip": "[2001:db8::1]:443"}, "2001:db8::1"),
        ({"x_real_ip": "nonsense"}, "127.0.0.1"),
        ({}, "127.0.0.1"),
    ],
)
def test_the_clients_address_is_told(site: Site, key_prefix: str, headers: dict[str, str], address: str) -> None:
    """A request is recorded with the address that the proxies in front name, else the peer's."""
    site.get(f"/{key_prefix}who", **headers)
    until(lambda: f"'/{key_prefix}who'" in site.server.log())  # a client may have its answer before the log has it
    lines = [line for line in site.server.messages() if f"'/{key_prefix}who'" in line]
    assert [line.rpartition("from=")[2] for line in lines] == [address]


@pytest.mark.parametrize(
    ("method", "target"), [("OPTIONS", "/"), ("POST", "/"), ("GET", "/.."), ("GET", "a"), ("GET", "/_proxy/other")]
)
def test_every_answer_says_what_the_cache_did(site: Site, method: str, target: str) -> None:
    """An answer that neither the cache nor the store had a part in says so, too."""
    assert site.get(target, method=method).header("cache-status") == "s3-sidecar; detail=not-asked"
