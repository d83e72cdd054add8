"""Several buckets in one server: each request goes to the bucket of its path, as who that mount says."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.endpoint import Endpoint
from support.http_client import request
from support.http_reply import Reply
from support.rclone import Rclone
from support.relay import Relay
from support.s3_client import s3_client, status
from support.s3_store import S3Store
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar, StartSidecar
from support.until import until

OTHER = "other"
"""A second bucket, in SeaweedFS alone."""

CLEAR = "/_proxy/_private/_cache/clear"


def put(store: S3Store, bucket: str, key: str, body: bytes) -> None:
    """Put a text into any bucket."""
    store.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/plain")


def get(server: Sidecar, target: str, *, method: str = "GET", **headers: str) -> Reply:
    """Ask the server; headers are named as in `if_none_match="*"`."""
    return request(server.port, method, target, {name.replace("_", "-"): value for name, value in headers.items()})


def fetches(relay: Relay, bucket: str, key: str) -> int:
    """How often an object of a bucket was asked for."""
    return relay.requests.count(("GET", f"/{bucket}/{key}"))


def credentials(endpoint: Endpoint) -> str:
    """Two lines of a configuration file."""
    return f'key = "{endpoint.access_key}"\nsecret = "{endpoint.secret_key}"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where a test writes its configuration file."""
    return tmp_path / "s3proxy.toml"


@pytest.fixture(scope="module")
def weed(seaweedfs: SeaweedFS) -> SeaweedFS:
    """SeaweedFS with a second bucket."""
    seaweedfs.client.create_bucket(Bucket=OTHER)
    return seaweedfs


@pytest.fixture
def weed_relay(weed: SeaweedFS) -> Iterator[Relay]:
    """A relay before both of its buckets."""
    with Relay(weed) as relay:
        yield relay


def test_each_path_has_its_bucket(
    weed: SeaweedFS, weed_relay: Relay, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """The longest mount wins, by whole segments of the decoded path; the rest is the main site's."""
    folder = key_prefix.rstrip("/")
    put(weed, weed.bucket, f"{key_prefix}assets/a.txt", b"the site's, hidden")
    put(weed, weed.bucket, f"{key_prefix}assetsx/a.txt", b"the site's")
    put(weed, OTHER, f"{key_prefix}static/a.txt", b"the other's")
    put(weed, OTHER, f"{key_prefix}static/fonts/a.txt", b"the other's, hidden")
    put(weed, weed.bucket, f"{key_prefix}fonts/a.txt", b"the fonts")
    mounts = [f"/assets={OTHER}/{key_prefix}static", f"/assets/fonts={weed.bucket}/{key_prefix}fonts"]
    options = [word for mount in mounts for word in ("--mount", mount)]
    server = start_sidecar(weed_relay, "--prefix", folder, *options, workers=2)
    bodies = {
        "/assets/a.txt": b"the other's",
        "/assets/fonts/a.txt": b"the fonts",
        "/assetsx/a.txt": b"the site's",
        "/%61ssets%2Fa.txt?v=1": b"the other's",
    }
    for _ in range(4):
        assert {target: get(server, target).body for target in bodies} == bodies
    assert fetches(weed_relay, OTHER, f"{key_prefix}static/a.txt") == 1
    assert fetches(weed_relay, weed.bucket, f"{key_prefix}fonts/a.txt") == 1
    assert len(weed_relay.requests) == 3
    assert f"serving /{key_prefix}static/ of bucket {OTHER} at /assets" in server.log()


def test_a_mount_has_an_index_document(weed: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """A mount and its folders are served as the site's are; what is missing there is not looked for elsewhere."""
    put(weed, OTHER, f"{key_prefix}index.html", b"the mount")
    put(weed, OTHER, f"{key_prefix}a/index.html", b"a folder")
    put(weed, weed.bucket, "assets/gone", b"the site's, hidden")
    server = start_sidecar(weed, "--mount", f"/assets={OTHER}/{key_prefix}")
    assert get(server, "/assets/").body == b"the mount"
    assert get(server, "/assets/a/").body == b"a folder"
    assert get(server, "/assets/gone").status == 404


def test_a_mounts_own_path_leads_to_its_folder(weed_relay: Relay, start_sidecar: StartSidecar) -> None:
    """Without the slash it is a relative redirect that keeps the query, and no bucket is asked."""
    locations = {
        "/assets": "assets/",
        "/assets?a=1&b=%20": "assets/?a=1&b=%20",
        "/deep/er": "er/",
        "/%61ssets": "assets/",
    }
    server = start_sidecar(weed_relay, "--mount", f"/assets={OTHER}", "--mount", f"/deep/er={OTHER}")
    for method in ("GET", "HEAD"):
        replies = {target: get(server, target, method=method) for target in locations}
        assert {target: reply.header("location") for target, reply in replies.items()} == locations
        assert {reply.status for reply in replies.values()} == {302}
    assert weed_relay.requests == []


def test_two_stores(
    weed: SeaweedFS, rclone: Rclone, start_sidecar: StartSidecar, config: Path, key_prefix: str
) -> None:
    """A mount may be in another store, asked with credentials of its own; when it fails, only the mount does."""
    weed.put(f"{key_prefix}a", b"seaweedfs", content_type="text/plain")
    rclone.put(f"{key_prefix}a", b"rclone", content_type="text/plain")
    here = rclone.endpoint.as_identity(rclone.access_key, rclone.secret_key)
    with Relay(rclone) as relay:
        table = f'[[mount]]\npath = "/second"\nbucket = "{rclone.bucket}"\nprefix = "{key_prefix}"\n'
        config.write_text(f'{table}endpoint-url = "{relay.endpoint_url}"\n{credentials(here)}')
        server = start_sidecar(weed, "--prefix", key_prefix, "--config", str(config), workers=2)
        assert {get(server, "/a").body for _ in range(8)} == {b"seaweedfs"}
        assert {get(server, "/second/a").body for _ in range(8)} == {b"rclone"}
        assert relay.count(method="GET") == 1
        relay.refuse()
        assert get(server, "/second/b").status == 503
        assert get(server, "/b").status == 404
        relay.accept()


def test_wrong_credentials_of_a_mount(
    weed: SeaweedFS, start_sidecar: StartSidecar, config: Path, key_prefix: str
) -> None:
    """They are the mount's failure alone; the log names its bucket and its path, and no secret."""
    put(weed, OTHER, f"{key_prefix}a", b"x")
    weed.put(f"{key_prefix}a", b"site", content_type="text/plain")
    wrong = weed.endpoint.as_identity("nobody-at-all", "not-a-secret-of-anybody")
    config.write_text(f'[[mount]]\npath = "/assets"\nbucket = "{OTHER}"\n{credentials(wrong)}')
    server = start_sidecar(weed, "--config", str(config))
    assert get(server, f"/assets/{key_prefix}a").status == 502
    assert get(server, f"/{key_prefix}a").body == b"site"
    until(lambda: "credentials" in server.log())
    (told,) = [line for line in server.log().splitlines() if "credentials" in line]
    assert f"bucket {OTHER}: the credentials from key and secret of the mount at /assets are refused" in told
    assert "not-a-secret-of-anybody" not in server.log()
    assert "nobody-at-all" not in server.log()


def test_other_credentials_read_nothing_of_ones_own(
    weed: SeaweedFS, weed_relay: Relay, start_sidecar: StartSidecar, config: Path, key_prefix: str
) -> None:
    """Who may not read the bucket gets nothing of it from the cache, though another mount has just stored it."""
    weed.put(f"{key_prefix}a", b"private", content_type="text/plain")
    tables = ""
    for path, identity in (("/reader", weed.reader), ("/nobody", weed.endpoint.as_identity("nobody", "wrong-secret"))):
        tables += f'[[mount]]\npath = "{path}"\nbucket = "{weed.bucket}"\n{credentials(identity)}'
    config.write_text(tables)
    server = start_sidecar(weed_relay, "--config", str(config), workers=2)
    target = f"{key_prefix}a"
    assert {get(server, f"/{target}").body for _ in range(8)} == {b"private"}
    assert {get(server, f"/nobody/{target}").status for _ in range(8)} == {502}
    asked = fetches(weed_relay, weed.bucket, target)
    assert {get(server, f"/reader/{target}").body for _ in range(8)} == {b"private"}
    assert fetches(weed_relay, weed.bucket, target) == asked + 1
    weed_relay.refuse()
    assert {get(server, f"/nobody/{target}").status for _ in range(8)} <= {502, 503}
    assert {get(server, f"/{target}").body for _ in range(8)} == {b"private"}
    weed_relay.accept()


def test_the_same_credentials_share(
    weed: SeaweedFS, weed_relay: Relay, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """One bucket behind two paths is fetched once: what is stored is found by the object, not by the path."""
    weed.put(f"{key_prefix}a", b"shared", content_type="text/plain")
    server = start_sidecar(weed_relay, "--mount", f"/again={weed.bucket}/{key_prefix}", workers=2)
    targets = (f"/{key_prefix}a", "/again/a")
    assert {get(server, target).body for _ in range(8) for target in targets} == {b"shared"}
    assert fetches(weed_relay, weed.bucket, f"{key_prefix}a") == 1


def test_a_clear_reaches_every_mount(weed: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """One clear is for all buckets, in all workers, before it is answered."""
    server = start_sidecar(weed, "--mount", f"/assets={OTHER}/{key_prefix}", workers=2)
    for version in (b"one", b"two"):
        put(weed, weed.bucket, f"{key_prefix}a", version)
        put(weed, OTHER, f"{key_prefix}a", version)
        assert get(server, CLEAR, authorization=f"Bearer {AUTH_KEY}").status == 304
        replies = [get(server, target) for _ in range(8) for target in (f"/{key_prefix}a", "/assets/a")]
        assert {reply.body for reply in replies} == {version}


def test_the_reserved_path_is_nobodys(weed: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """Only at the root of the server: below a mount it is a key as any other."""
    put(weed, OTHER, f"{key_prefix}_proxy/a", b"a key")
    server = start_sidecar(weed, "--mount", f"/assets={OTHER}/{key_prefix}")
    assert get(server, "/assets/_proxy/a").body == b"a key"
    assert get(server, "/_proxy/a").status == 404


def test_everything_from_the_file(weed: SeaweedFS, start_sidecar: StartSidecar, config: Path, key_prefix: str) -> None:
    """Without a flag and a variable the file alone is enough; a mount at / is the site."""
    put(weed, OTHER, f"{key_prefix}a", b"the root")
    weed.put(f"{key_prefix}b", b"a mount", content_type="text/plain")
    config.write_text(
        f'endpoint-url = "{weed.endpoint_url}"\n{credentials(weed.endpoint)}'
        f'[[mount]]\npath = "/"\nbucket = "{OTHER}"\nprefix = "{key_prefix}"\n'
        f'[[mount]]\npath = "/m/"\nbucket = "{weed.bucket}"\nprefix = "{key_prefix}"\n'
    )
    nothing = [word for flag in ("--bucket", "--endpoint-url", "--key", "--secret") for word in (flag, "")]
    server = start_sidecar(weed, *nothing, env={"CONFIG": str(config)})
    assert get(server, "/a").body == b"the root"
    assert get(server, "/m/b").body == b"a mount"
    assert f"serving bucket {OTHER} with 1 workers" in server.log()


def test_the_second_bucket_is_private(weed: SeaweedFS, key_prefix: str) -> None:
    """The claims above rest on a store that refuses who is nobody, in both of its buckets."""
    put(weed, OTHER, f"{key_prefix}a", b"x")
    with closing(s3_client(weed.endpoint.as_identity("nobody", "wrong-secret"))) as client:
        assert status(lambda: client.get_object(Bucket=OTHER, Key=f"{key_prefix}a")) == 403
