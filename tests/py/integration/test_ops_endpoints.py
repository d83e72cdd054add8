"""The management endpoints: who may call them, and what they do."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.http_client import request
from support.http_reply import Reply
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar

PRIVATE = "/_proxy/_private"
ENDPOINTS = (
    ("POST", "cache/clear"), ("POST", "cache/purge"), ("POST", "cache/warm"), ("GET", "cache/stats"),
    ("GET", "cache/entry"), ("GET", "prefix"), ("POST", "prefix"), ("GET", "config"), ("GET", "metrics"),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Serve the bucket, and a folder of it at /docs, with two workers."""
    mount = f"/docs={seaweedfs.bucket}/ops-docs"
    folder = tmp_path_factory.mktemp("ops")
    with Sidecar(seaweedfs, "--mount", mount, workers=2, folder=folder) as running:
        yield running


def call(server: Sidecar, method: str, name: str, body: object = None, token: str | None = AUTH_KEY) -> Reply:
    """Ask a management endpoint."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    raw = b"" if body is None else json.dumps(body).encode()
    return request(server.port, method, f"{PRIVATE}/{name}", headers, body=raw)


def told(reply: Reply) -> Any:
    """What a good answer says."""
    assert reply.status == 200, reply.body
    assert reply.header("cache-control") == "no-store"
    return json.loads(reply.body)


def refused(reply: Reply, status: int) -> Any:
    """The problem that an answer with this status has (RFC 9457)."""
    assert (reply.status, reply.header("content-type")) == (status, "application/problem+json"), reply.body
    return json.loads(reply.body)


def statuses(server: Sidecar, path: str, count: int = 10) -> set[str]:
    """What Cache-Status says, on new connections: some go to either worker."""
    return {str(request(server.port, "GET", path).header("cache-status")).split(";")[1].strip() for _ in range(count)}


@pytest.mark.parametrize(("method", "name"), ENDPOINTS, ids=[f"{method} {name}" for method, name in ENDPOINTS])
@pytest.mark.parametrize(("token", "challenge"), [(None, ""), ("wrong", ', error="invalid_token"')])
def test_rfc_6750_3_without_the_token(
    server: Sidecar, method: str, name: str, token: str | None, challenge: str
) -> None:
    """A 401 with a challenge, as problem details."""
    reply = call(server, method, name, {}, token)
    assert reply.status == 401
    assert reply.header("www-authenticate") == f'Bearer realm="s3-sidecar"{challenge}'
    assert reply.header("content-type") == "application/problem+json"
    assert json.loads(reply.body).items() >= {"status": 401, "title": "Unauthorized", "type": "about:blank"}.items()


def test_rfc_9110_15_5_4_without_an_auth_key(seaweedfs: SeaweedFS, start_sidecar: StartSidecar) -> None:
    """Nobody may: a 403 even with a token."""
    server = start_sidecar(seaweedfs, "--auth-key", "", "--ops-path", "/-/ops")
    reply = request(server.port, "GET", "/-/ops/_private/config", {"authorization": "Bearer x"})
    assert (reply.status, "--auth-key" in json.loads(reply.body)["detail"]) == (403, True)
    assert request(server.port, "GET", f"{PRIVATE}/config").header("content-type") != "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_changes_wants_post(server: Sidecar, method: str) -> None:
    """Another method is a 405."""
    reply = call(server, method, "cache/purge")
    assert (reply.status, reply.header("allow")) == (405, "POST")


def test_a_large_body_is_refused(server: Sidecar) -> None:
    """Over 64 KiB."""
    assert call(server, "POST", "cache/warm", {"keys": ["x" * 70_000]}).status == 413


def test_clear(server: Sidecar, seaweedfs: SeaweedFS, key_prefix: str) -> None:
    """After the answer no worker serves what was stored before."""
    for version in (b"one", b"two"):
        seaweedfs.put(f"{key_prefix}a", version, content_type="text/plain")
        assert told(call(server, "POST", "cache/clear")) == {"cleared": True}
        assert {request(server.port, "GET", f"/{key_prefix}a").body for _ in range(10)} == {version}


@pytest.mark.parametrize("scope", ["key", "path", "prefix", "path-prefix", "everything", "tag"])
def test_purge(server: Sidecar, seaweedfs: SeaweedFS, key_prefix: str, scope: str) -> None:
    """What is named is fetched anew, in every worker; what is not stays."""
    tag = key_prefix.strip("/")
    seaweedfs.put(f"{key_prefix}a/index.html", b"old", content_type="text/html", metadata={"surrogate-key": tag})
    seaweedfs.put(f"{key_prefix}b", b"old", content_type="text/html")
    for path in ("a/", "b"):
        request(server.port, "GET", f"/{key_prefix}{path}")
        seaweedfs.put(f"{key_prefix}{path}".replace("a/", "a/index.html"), b"new", content_type="text/html")
    bodies = {
        "key": {"key": f"{key_prefix}a/index.html"},
        "path": {"key": f"/{key_prefix}a/"},
        "prefix": {"prefix": f"{key_prefix}a"},
        "path-prefix": {"prefix": f"/{key_prefix}a"},
        "everything": {"prefix": "/"},
        "tag": {"tag": tag},
    }
    answer = told(call(server, "POST", "cache/purge", bodies[scope]))
    assert (answer["removed"] >= 1, all(not rule["soft"] for rule in answer["rules"])) == (True, True)
    assert {request(server.port, "GET", f"/{key_prefix}a/").body for _ in range(10)} == {b"new"}
    expected = b"new" if scope == "everything" else b"old"
    assert {request(server.port, "GET", f"/{key_prefix}b").body for _ in range(10)} == {expected}


def test_a_soft_purge_makes_stale(server: Sidecar, seaweedfs: SeaweedFS, key_prefix: str) -> None:
    """It is served once more while it is revalidated."""
    seaweedfs.put(f"{key_prefix}a", b"old", content_type="text/plain")
    request(server.port, "GET", f"/{key_prefix}a")
    answer = told(call(server, "POST", "cache/purge", {"key": f"{key_prefix}a", "soft": True}))
    assert answer == {"rules": [{"scope": "key", "value": f"{key_prefix}a", "soft": True}], "removed": 0}
    assert told(call(server, "GET", f"cache/entry?path=/{key_prefix}a"))["standing"] == "softly-purged"


def test_a_path_leads_through_mounts(server: Sidecar, seaweedfs: SeaweedFS) -> None:
    """A key's path is that of the website: mount and index document included."""
    seaweedfs.put("ops-docs/index.html", b"docs", content_type="text/html")
    request(server.port, "GET", "/docs/")
    rules = told(call(server, "POST", "cache/purge", {"key": "/docs/"}))["rules"]
    assert [rule["value"] for rule in rules] == ["ops-docs/index.html"]
    rules = told(call(server, "POST", "cache/purge", {"prefix": "/"}))["rules"]
    assert [rule["value"] for rule in rules] == ["", "ops-docs/"]


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": "a", "prefix": "b"}, {"key": "x" * 2000}, {"key": "\ud800"}])
def test_a_purge_of_nothing_that_can_be(server: Sidecar, body: object) -> None:
    """A 400 that says why."""
    reply = call(server, "POST", "cache/purge", body)
    assert (reply.status, bool(json.loads(reply.body)["detail"])) == (400, True)


def test_warm(server: Sidecar, seaweedfs: SeaweedFS, key_prefix: str) -> None:
    """What was warmed is a hit; the lines say how far it came."""
    for name in ("a", "b", "c"):
        seaweedfs.put(f"{key_prefix}{name}", b"x", content_type="text/plain")
    request(server.port, "GET", f"/{key_prefix}a")
    for order, counts in (
        ({"prefix": f"/{key_prefix}"}, {"total": 3, "done": 3, "failed": 0, "missing": 0}),
        ({"keys": [f"{key_prefix}a", f"/{key_prefix}nope"]}, {"total": 2, "done": 2, "hits": 1, "missing": 1}),
    ):
        reply = call(server, "POST", "cache/warm", order)
        assert (reply.status, reply.header("content-type")) == (200, "application/x-ndjson")
        first, *_, last = map(json.loads, reply.body.splitlines())
        assert (first["state"], first["done"], last["state"], last["error"]) == ("running", 0, "done", None)
        assert last.items() >= counts.items()
    assert "fwd=uri-miss" not in statuses(server, f"/{key_prefix}c")


def test_warm_when_the_bucket_fails(server: Sidecar, start_sidecar: StartSidecar, seaweedfs: SeaweedFS) -> None:
    """The last line says what broke it off."""
    broken = start_sidecar(seaweedfs, "--endpoint-url", "http://127.0.0.1:9", "--origin-first-byte-timeout", "1")
    last = json.loads(call(broken, "POST", "cache/warm", {"prefix": ""}).body.splitlines()[-1])
    assert (last["state"], bool(last["error"])) == ("failed", True)


def test_explain(server: Sidecar, seaweedfs: SeaweedFS, key_prefix: str) -> None:
    """First nothing is stored, then it is fresh; the site, the key and the file are named."""
    seaweedfs.put(f"{key_prefix}index.html", b"hello", content_type="text/html")
    entry = f"cache/entry?path=/{key_prefix}"
    before = told(call(server, "GET", entry))
    assert (before["stored"], before["decision"]["action"], before["decision"]["reason"]) == (
        None,
        "forward",
        "uri-miss",
    )
    request(server.port, "GET", f"/{key_prefix}")
    after = told(call(server, "GET", entry))
    assert after["site"] == {"path": "/", "bucket": seaweedfs.bucket, "prefix": ""}
    assert after["object_key"] == f"{key_prefix}index.html"
    assert (server.cache_dir / after["digest"]).exists()
    assert (after["standing"], after["decision"]["action"], after["stored"]["content_length"]) == ("current", "use", 5)
    assert 0 < after["stored"]["ttl_seconds"] <= 300
    assert call(server, "GET", "cache/entry?path=a").status == 400


def test_the_release_switch(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """Every worker serves another folder from the next request on."""
    for release in ("one", "two"):
        seaweedfs.put(f"{key_prefix}{release}/a", release.encode(), content_type="text/plain")
    server = start_sidecar(seaweedfs, "--prefix", f"{key_prefix}one", workers=2)
    assert {request(server.port, "GET", "/a").body for _ in range(10)} == {b"one"}
    answer = told(call(server, "POST", "prefix", {"prefix": f"{key_prefix}two"}))
    assert answer == {"prefix": f"{key_prefix}two/", "previous": f"{key_prefix}one/"}
    assert {request(server.port, "GET", "/a").body for _ in range(10)} == {b"two"}
    assert told(call(server, "GET", "prefix")) == {"prefix": f"{key_prefix}two/"}
    assert call(server, "POST", "prefix", {"prefix": "x" * 2000}).status == 400


def test_a_switch_to_nothing_is_refused(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """A misspelt folder is a conflict (RFC 9110 15.5.10) and changes nothing, unless it is forced."""
    seaweedfs.put(f"{key_prefix}one/a", b"one", content_type="text/plain")
    seaweedfs.put(f"{key_prefix}one-and-a-half/a", b"more", content_type="text/plain")
    seaweedfs.put(f"{key_prefix}marked/", b"", content_type="application/x-directory")
    server = start_sidecar(seaweedfs, "--prefix", f"{key_prefix}one", workers=2)
    for folder in ("on", "one-and", "marked"):
        problem = refused(call(server, "POST", "prefix", {"prefix": f"{key_prefix}{folder}"}), 409)
        assert f"the bucket has nothing below '{key_prefix}{folder}'" in problem["detail"]
    assert {request(server.port, "GET", "/a").body for _ in range(10)} == {b"one"}
    forced = told(call(server, "POST", "prefix", {"prefix": f"{key_prefix}on", "force": True}))
    assert forced == {"prefix": f"{key_prefix}on/", "previous": f"{key_prefix}one/"}
    assert {request(server.port, "GET", "/a").status for _ in range(10)} == {404}


DENIED = b"<Error><Code>AccessDenied</Code></Error>"
OUTAGES: dict[str, tuple[Callable[[Relay], object], int]] = {
    "down": (Relay.refuse, 503),
    "failing": (lambda relay: relay.answer(None, 500), 503),
    "silent": (lambda relay: relay.hold(None), 504),
    "denied": (lambda relay: relay.answer(None, 403, DENIED, headers={"content-type": "application/xml"}), 502),
}


@pytest.mark.parametrize(("break_it", "status"), OUTAGES.values(), ids=OUTAGES)
def test_a_switch_while_the_bucket_cannot_be_asked(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, break_it: Callable[[Relay], object], status: int
) -> None:
    """Nobody knows whether there is something: it is refused in good time, and done when it is forced."""
    with Relay(seaweedfs) as relay:
        server = start_sidecar(relay, "--prefix", "one", "--check-key", "false")
        break_it(relay)
        reply = call(server, "POST", "prefix", {"prefix": "two"})
        assert "cannot be asked what it has of it" in refused(reply, status)["detail"]
        assert (reply.header("retry-after") is not None) == (status == 503)
        assert told(call(server, "GET", "prefix")) == {"prefix": "one/"}
        assert told(call(server, "POST", "prefix", {"prefix": "two", "force": True}))["prefix"] == "two/"
        relay.heal()


def test_config_hides_secrets(server: Sidecar, seaweedfs: SeaweedFS) -> None:
    """Every setting is there, and no secret."""
    reply = call(server, "GET", "config")
    config = told(reply)
    assert (config["settings"]["secret"], config["settings"]["bucket"]) == ("****", seaweedfs.bucket)
    assert config["mounts"][0].items() >= {"path": "/docs", "secret": "****"}.items()
    assert not any(secret.encode() in reply.body for secret in (AUTH_KEY, seaweedfs.secret_key, seaweedfs.access_key))


def test_a_mount_may_not_be_hidden(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """A mount below --ops-path is a mistake of the configuration."""
    server = Sidecar(seaweedfs, "--ops-path", "/ops", "--mount", "/ops/a=b-b", folder=tmp_path)
    server.launch()
    assert server.process.wait() == 2
    server.kill()
    assert "would be hidden by --ops-path /ops" in server.log()
