"""What answers carry beside what the object says: rules of the operator, metadata, CORS, and nothing of ours."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import pytest
from support.browser_cors import may_read, may_send, readable_headers
from support.byteranges import parts_of
from support.http_client import Connection
from support.http_reply import Reply
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar
from support.site import Site

from sidecar.http.dates import parse_http_date

CLEAR = "/_proxy/_private/_cache/clear"
ORIGIN, STRANGER = "https://app.example", "https://other.example"
IMMUTABLE = "public, max-age=31536000, immutable"
BODY = bytes(range(256)) * 4
RULES = (
    "X-Frame-Options: SAMEORIGIN",
    "x-frame-options: DENY",
    "Vary: Accept-Language",
    f"*/assets/*=Cache-Control: {IMMUTABLE}",
    "*/assets/*=CDN-Cache-Control: max-age=5",
    "*.wasm=Content-Type: application/wasm",
)

Kind: TypeAlias = tuple[int, str, str | bytes, dict[str, str]]
"""Status, and the request that is answered with it; `@` stands for a folder of immutable objects."""

# Every kind of answer that a client can bring about.
WEBSITE: dict[str, Kind] = {
    "200": (200, "GET", "/@a.js", {}),
    "200-to-head": (200, "HEAD", "/@a.js", {}),
    "204": (204, "OPTIONS", "/@a.js", {}),
    "206": (206, "GET", "/@a.js", {"range": "bytes=0-9"}),
    "206-in-parts": (206, "GET", "/@a.js", {"range": "bytes=0-9,20-29"}),
    "304": (304, "GET", "/@a.js", {"if_none_match": "*"}),
    "400-escape": (400, "GET", "/@%zz", {}),
    "400-parent": (400, "GET", "/@../a", {}),
    "404-missing": (404, "GET", "/@missing", {}),
    "404-missing-to-head": (404, "HEAD", "/@missing", {}),
    "404-reserved": (404, "GET", "/_proxy/other", {}),
    "404-no-possible-key": (404, "GET", f"/@{'a' * 1025}", {}),
    "405": (405, "POST", "/@a.js", {}),
    "412": (412, "GET", "/@a.js", {"if_match": '"other"'}),
    "416": (416, "GET", "/@a.js", {"range": "bytes=9999-"}),
    "502": (502, "GET", "/@refused.js", {}),
    "503": (503, "GET", "/@broken.js", {}),
}
UNREAD: dict[str, Kind] = {
    "400-bytes": (400, "GET", b"/\xff", {}),
    "400-no-request-line": (400, "GET", "/a b c", {}),
    "431-head": (431, "GET", "/@a.js", {"x_long": "a" * 20_000}),
}
"""Refused before its headers were read."""
MANAGEMENT: dict[str, Kind] = {
    "304-cleared": (304, "GET", CLEAR, {"authorization": f"Bearer {AUTH_KEY}"}),
    "400-another-scheme": (400, "GET", CLEAR, {"authorization": "Basic YTpi"}),
    "403": (403, "GET", CLEAR, {}),
}
ANSWERED = {**WEBSITE, **UNREAD}
ALL = {**ANSWERED, **MANAGEMENT}
READ = {name: kind for name, kind in WEBSITE.items() if kind[1] != "OPTIONS"}


def ask(site: Site, folder: str, kind: Kind, **headers: str) -> Reply:
    """Bring about an answer of this kind."""
    status, method, target, asked = kind
    reply = site.get(
        target if isinstance(target, bytes) else target.replace("@", folder), method=method, **asked, **headers
    )
    assert reply.status == status
    return reply


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: it keeps everything that may be said of an object."""
    return seaweedfs


@pytest.fixture(scope="module")
def site(store: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve with rules for headers, and for pages of one other origin."""
    rules = [word for rule in RULES for word in ("--header", rule)]
    folder = tmp_path_factory.mktemp("headers")
    with Relay(store) as relay, Sidecar(relay, *rules, "--allowed-origins", ORIGIN, folder=folder) as server:
        yield Site(store, relay, server)


@pytest.fixture
def assets(site: Site, key_prefix: str) -> Iterator[str]:
    """Put an object with metadata into a folder, beside some that the store does not give; the folder."""
    folder = f"{key_prefix}assets/"
    site.store.put(f"{folder}a.js", BODY, content_type="text/javascript", metadata={"team": "blue"})
    site.relay.answer(f"{folder}broken.js", 503)
    site.relay.answer(f"{folder}refused.js", 403, b"<Error><Code>InvalidAccessKeyId</Code></Error>")
    yield folder
    site.relay.heal()


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
def test_any_answer(site: Site, assets: str, kind: Kind) -> None:
    """It is dated once, has no header twice, and says nothing of the program that made it, or of the store."""
    reply = ask(site, assets, kind)
    assert parse_http_date(reply.header("date") or "") is not None
    assert {name for name, count in Counter(name for name, _ in reply.headers).items() if count > 1} == set()
    assert not [name for name, _ in reply.headers if name.startswith(("x-amz-", "seaweed"))]
    assert {"server", "x-powered-by", "via", "alt-svc"} & {name for name, _ in reply.headers} == set()
    said = f"{reply.reason} {reply.headers} {reply.body!r}".lower()
    assert not [word for word in ("sanic", "python", "uvloop", "seaweed", "25.12") if word in said]


@pytest.mark.parametrize("kind", ANSWERED.values(), ids=ANSWERED)
def test_any_answer_of_the_website(site: Site, assets: str, kind: Kind) -> None:
    """It has the operator's header, the last rule's; it depends on Origin; a rule makes no error storable."""
    reply = ask(site, assets, kind)
    is_storable = reply.status in {200, 206, 304}
    assert reply.header("x-frame-options") == "DENY"
    assert {"origin", "accept-language"} <= set((reply.header("vary") or "").split(", "))
    assert reply.header("access-control-allow-origin") is None
    assert reply.header("cache-status")
    assert (reply.header("cache-control") == IMMUTABLE) is is_storable
    assert (reply.header("cdn-cache-control") == "max-age=5") is is_storable


@pytest.mark.parametrize("kind", MANAGEMENT.values(), ids=MANAGEMENT)
def test_management_is_no_website(site: Site, assets: str, kind: Kind) -> None:
    """The operator's headers are the website's."""
    reply = ask(site, assets, kind)
    assert (reply.header("x-frame-options"), reply.header("vary"), reply.header("cache-status")) == (None, None, None)


def test_a_rule_is_not_for_our_own_cache(site: Site, assets: str) -> None:
    """What clients are told to keep for a year is still fresh here for as long as the object says."""
    replies = [site.get(f"/{assets}a.js") for _ in range(2)]
    assert [reply.header("cache-control") for reply in replies] == [IMMUTABLE] * 2
    assert "; hit; ttl=2" in (replies[1].header("cache-status") or "")


def test_a_media_type_by_rule(site: Site, key_prefix: str) -> None:
    """It is that of the object, of each of its parts, and of no error."""
    site.store.put(f"{key_prefix}a.wasm", BODY, content_type="application/octet-stream")
    assert site.get(f"/{key_prefix}a.wasm").header("content-type") == "application/wasm"
    parts = site.get(f"/{key_prefix}a.wasm", range="bytes=0-9,20-29")
    media_type = parts.header("content-type") or ""
    assert media_type.startswith("multipart/byteranges; boundary=")
    assert [part.media_type for part in parts_of(parts.body, media_type)] == ["application/wasm"] * 2
    assert site.get(f"/{key_prefix}missing.wasm").header("content-type") == "text/plain; charset=utf-8"
    assert site.get(f"/{key_prefix}a.wasm", if_none_match="*").header("content-type") is None


def test_what_an_object_says_of_itself(site: Site, key_prefix: str) -> None:
    """Disposition, language and the date of its end come with the object, cold and warm, and in a part."""
    expires = datetime(2040, 1, 1, tzinfo=UTC)
    said = {"content_disposition": 'attachment; filename="a.txt"', "content_language": "de"}
    site.store.put(f"{key_prefix}a.txt", BODY, content_type="text/plain", expires=expires, **said)
    replies = [site.get(f"/{key_prefix}a.txt", **how) for how in ({}, {}, {"range": "bytes=0-9"})]
    for reply in replies:
        assert reply.header("content-disposition") == said["content_disposition"]
        assert reply.header("content-language") == "de"
        assert reply.header("expires") == "Sun, 01 Jan 2040 00:00:00 GMT"


def test_a_missing_object_has_an_age(site: Site, assets: str) -> None:
    """What is remembered says how old that is, and for how long a cache in front may remember it (RFC 9111 5.1)."""
    replies = [site.get(f"/{assets}missing") for _ in range(2)]
    assert [reply.header("cache-control") for reply in replies] == ["max-age=300"] * 2
    assert [int(reply.header("age") or "-1") in range(60) for reply in replies] == [True, True]


@pytest.mark.parametrize("kind", READ.values(), ids=READ)
def test_a_page_of_another_origin(site: Site, assets: str, kind: Kind) -> None:
    """By the Fetch standard, one that is allowed may read any answer and all its headers; a stranger may read none."""
    reply = ask(site, assets, kind, origin=ORIGIN)
    assert may_read(ORIGIN, reply.headers)
    assert readable_headers(reply.headers) == {name for name, _ in reply.headers}
    assert not may_read(STRANGER, ask(site, assets, kind, origin=STRANGER).headers)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "expected"),
    [
        (ORIGIN, "GET", ["range", "if-none-match"], True),
        (ORIGIN, "HEAD", [], True),
        (ORIGIN, "PUT", [], False),
        (ORIGIN, "GET", ["authorization"], False),
        (STRANGER, "GET", ["range"], False),
        ("null", "GET", [], False),
    ],
)
def test_a_preflight(site: Site, assets: str, origin: str, method: str, headers: list[str], *, expected: bool) -> None:
    """By the Fetch standard, a request that is not simple goes out exactly when all of it is allowed."""
    asked = {"access_control_request_method": method}
    if headers:
        asked["access_control_request_headers"] = ",".join(headers)
    reply = site.get(f"/{assets}a.js", method="OPTIONS", origin=origin, **asked)
    assert may_send(method, headers, origin, reply.status, reply.headers) is expected
    allowed = [name for name, _ in reply.headers if name.startswith("access-control-allow-")]
    is_told = origin == ORIGIN and method != "PUT"
    assert bool(allowed) is is_told


def test_metadata_is_exposed_on_demand(store: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """With --expose-metadata it comes with the object, out of the cache and after a restart too, and with no error."""
    key = f"{key_prefix}a.txt"
    store.put(key, BODY, content_type="text/plain", metadata={"team": "blue", "commit": "abc123"})
    server = start_sidecar(store, "--expose-metadata")
    for _ in range(2):
        with Connection(server.port) as connection:
            replies = [connection.request(method, f"/{key}") for method in ("GET", "HEAD", "GET")]
            part = connection.request("GET", f"/{key}", {"range": "bytes=0-9"})
            others = [
                connection.request("GET", f"/{key}", {"if-none-match": "*"}),
                connection.request("GET", f"/{key}", {"range": "bytes=9999-"}),
                connection.request("GET", f"/{key}x"),
            ]
        for reply in (*replies, part):
            exposed = {name: value for name, value in reply.headers if name.startswith("x-amz-")}
            assert exposed == {"x-amz-meta-team": "blue", "x-amz-meta-commit": "abc123"}
        assert [reply.status for reply in others] == [304, 416, 404]
        assert not [name for reply in others for name, _ in reply.headers if name.startswith("x-amz-")]
        server.stop()
        server.start()


def test_rules_in_the_environment(store: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """A line each."""
    server = start_sidecar(store, env={"HEADERS": f"X-A: 1\n/{key_prefix}*=X-B: 2\n"})
    with Connection(server.port) as connection:
        inside, outside = (connection.request("GET", target) for target in (f"/{key_prefix}a", "/b"))
    assert [(reply.header("x-a"), reply.header("x-b")) for reply in (inside, outside)] == [("1", "2"), ("1", None)]
