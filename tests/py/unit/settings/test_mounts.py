"""Mounts: how they are given, what they take over, and what is said when one cannot be used."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sidecar.errors import SettingsError
from sidecar.secret import Secret
from sidecar.settings import BucketSettings, Mount, Settings, load

BAIT = "correct-horse-battery-staple"
TOP = f"""\
bucket = "site"
prefix = "releases/41"
region = "eu-central-1"
key = "top"
secret = "top-secret"
endpoint-url = "https://store.example"
addressing-style = "virtual"
forbidden-is-missing = false
requester-pays = true
ca-bundle = "{__file__}"
origin-connect-timeout = 1
origin-first-byte-timeout = 2
origin-idle-timeout = 4
"""
ASSETS = '[[mount]]\npath = "/assets"\nbucket = "other"\n'

Load = Callable[..., Settings]

# What --mount was given → path, bucket and prefix.
FLAGS = {
    "bucket": ("/assets=other", ("/assets", "other", "")),
    "folder": ("/assets=other/static", ("/assets", "other", "static/")),
    "deep-folder": ("/assets=other/a/b/", ("/assets", "other", "a/b/")),
    "slash-at-the-end": ("/assets/=other", ("/assets", "other", "")),
    "deep-path": ("/a/b/c=other", ("/a/b/c", "other", "")),
    "equals-sign-in-the-folder": ("/assets=other/a=b", ("/assets", "other", "a=b/")),
    "decoded": ("/ä b=other", ("/ä b", "other", "")),
    "percent-sign": ("/100%=other", ("/100%", "other", "")),
    "beside-the-reserved-path": ("/_proxyx=other", ("/_proxyx", "other", "")),
    "reserved-name-deeper": ("/a/_proxy=other", ("/a/_proxy", "other", "")),
    "access-point": (
        "/a=arn:aws:s3:eu-central-1:123456789012:accesspoint/site/static",
        ("/a", "arn:aws:s3:eu-central-1:123456789012:accesspoint/site", "static/"),
    ),
    "access-point-without-a-folder": (
        "/a=arn:aws:s3:eu-central-1:123456789012:accesspoint/site",
        ("/a", "arn:aws:s3:eu-central-1:123456789012:accesspoint/site", ""),
    ),
    "access-point-of-an-outpost": (
        "/a=arn:aws:s3-outposts:eu-central-1:123456789012:outpost/op-1/accesspoint/site/static",
        ("/a", "arn:aws:s3-outposts:eu-central-1:123456789012:outpost/op-1/accesspoint/site", "static/"),
    ),
}

# A path that cannot be one of a mount → what is said of it.
PATHS = {
    "no-slash": ("assets", "must be a path that begins with a slash"),
    "parent": ("/a/../b", "and .. segments"),
    "parent-at-the-end": ("/a/..", "and .. segments"),
    "this": ("/a/./b", "and .. segments"),
    "empty-segment": ("/a//b", "without empty, "),
    "two-slashes-in-front": ("//a", "without empty, "),
    "encoded": ("/a%20b", "without escapes such as %20"),
    "line-break": ("/a\\nb", "must be a path that begins with a slash"),
    "reserved": ("/_proxy", "must be a path outside of /_proxy"),
    "reserved-with-a-slash": ("/_proxy/", "must be a path outside of /_proxy"),
    "below-the-reserved": ("/_proxy/a", "must be a path outside of /_proxy"),
}

# What --mount was given → what is said of it.
WRONG_FLAGS = {
    "no-equals-sign": ("/assets", "--mount must be /path=bucket or /path=bucket/folder; its bucket must be a bucket's"),
    "no-path": ("=other", "--mount must be /path=bucket or /path=bucket/folder; its path must be a path that"),
    "no-slash": ("assets=other", "--mount must be /path=bucket or /path=bucket/folder; its path must be a path that"),
    "no-bucket": ("/assets=", "--mount must be /path=bucket or /path=bucket/folder; its bucket must be a bucket's"),
    "no-bucket-but-a-folder": ("/a=/b", "--mount must be /path=bucket or /path=bucket/folder; its bucket must be"),
    "folder": ("/a=other/b\tc", "--mount must be /path=bucket or /path=bucket/folder; its folder must be one line"),
}

# What a file says below its top level → what is told, after the file's name.
MISTAKES = {
    "no-path": ('[[mount]]\nbucket = "other"', "mount 1: path is required"),
    "no-bucket": ('[[mount]]\npath = "/a"', "mount /a: bucket is required"),
    "empty-bucket": ('[[mount]]\npath = "/a"\nbucket = ""', "mount /a: bucket is required"),
    "bucket": ('[[mount]]\npath = "/a"\nbucket = "B!"', "mount /a: bucket must be a bucket's name"),
    "type": ('[[mount]]\npath = "/a"\nbucket = []', "mount /a: bucket must be text or a number, not a list"),
    "second": (f'{ASSETS}[[mount]]\nbucket = "other"', "mount 2: path is required"),
    "misspelt": (f'{ASSETS}regoin = "x"', "mount /assets: regoin is no setting; did you mean region?"),
    "of-the-server": (
        f"{ASSETS}ttl = 5",
        "mount /assets: ttl is a setting of the whole server; it belongs above the first [[mount]]",
    ),
    "key-alone": (f'{ASSETS}key = "id"', "mount /assets: secret is required when key is given"),
    "secret-alone": (f'{ASSETS}secret = "{BAIT}"', "mount /assets: key is required when secret is given"),
    "value": (f"{ASSETS}origin-idle-timeout = 0", "mount /assets: origin-idle-timeout must be a number of seconds"),
    "missing-certificates": (f'{ASSETS}ca-bundle = "/nope"', "mount /assets: ca-bundle must be a file that exists"),
    "number": ("mount = [5]", "mount must be /path=bucket or /path=bucket/folder"),
    "text": ('mount = ["/a"]', "mount must be /path=bucket or /path=bucket/folder"),
    "list": ("mount = [[1]]", "mount must be text or a number, not a list"),
    "plural": ('mounts = ["/a=other"]', "mounts is no setting"),
}

CONTRADICTIONS = {
    "twice": ({"bucket": "site", "mounts": ("/a=one", "/a=two")}, "a mount at /a is given 2 times"),
    "twice-but-for-a-slash": (
        {"bucket": "site", "mounts": ("/a=one", "/b=one", "/a/=two")},
        "a mount at /a is given 2 times",
    ),
    "root-and-bucket": (
        {"mounts": ("/=one",), "bucket": "two"},
        "a mount at / takes the place of --bucket and --prefix; give one or the other",
    ),
    "root-and-prefix": (
        {"mounts": ("/=one",), "prefix": "a"},
        "a mount at / takes the place of --bucket and --prefix; give one or the other",
    ),
    "two-roots": ({"mounts": ("/=one", "/=two")}, "a mount at / is given 2 times"),
    "no-root": ({"mounts": ("/a=one",)}, "--bucket (or S3_BUCKET) is required. The bucket to serve."),
}


@pytest.fixture
def load_file(tmp_path: Path) -> Load:
    """Read settings with a file of this text."""

    def load_file(
        text: str, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        path = tmp_path / "s3proxy.toml"
        path.write_text(text)
        return load({"config": str(path)} | dict(flags or {}), environ or {})

    return load_file


def _given(*mounts: str, **flags: str) -> Settings:
    return load({"bucket": "site", "mounts": mounts, **flags}, {})


def _shape(mounts: tuple[Mount, ...]) -> list[tuple[str, str, str]]:
    return [(mount.path, mount.origin.bucket, mount.origin.prefix) for mount in mounts]


@pytest.mark.parametrize(("text", "expected"), FLAGS.values(), ids=FLAGS)
def test_flag(text: str, expected: tuple[str, str, str]) -> None:
    """A path, a bucket and a folder of it."""
    assert _shape(_given(text).mounts) == [expected]


def test_several() -> None:
    """The flag is repeatable, and a line each in the environment."""
    expected = [("/a", "one", ""), ("/b", "two", "c/")]
    assert _shape(_given("/a=one", "/b=two/c").mounts) == expected
    assert _shape(load({"bucket": "site"}, {"MOUNTS": "/a=one\n\n  /b=two/c\n"}).mounts) == expected


def test_none() -> None:
    """Without a mount there is only the site."""
    assert _given().mounts == ()


def test_a_table_in_the_file(load_file: Load) -> None:
    """A mount's table says the same as the flag; a list of texts does too."""
    expected = [("/assets", "other", "static/")]
    tables = load_file(f'bucket = "site"\n{ASSETS}prefix = "static"')
    texts = load_file('bucket = "site"\nmount = ["/assets/=other/static"]')
    single = load_file('bucket = "site"\n[mount]\npath = "/assets"\nbucket = "other"\nprefix = "static"')
    assert _shape(tables.mounts) == _shape(texts.mounts) == _shape(single.mounts) == expected


def test_mounts_of_flags_take_the_place_of_the_files(load_file: Load) -> None:
    """A setting has one value: the first place that gives mounts gives all of them."""
    text = f'bucket = "site"\n{ASSETS}'
    assert _shape(load_file(text, {"mounts": ("/a=one",)}).mounts) == [("/a", "one", "")]
    assert _shape(load_file(text, {}, {"MOUNTS": "/b=two"}).mounts) == [("/b", "two", "")]


def test_what_is_not_given_is_the_top_levels(load_file: Load) -> None:
    """Bucket and folder are the mount's own; the rest is that of the top level."""
    settings = load_file(TOP + ASSETS)
    (mount,) = settings.mounts
    expected = vars(settings.root.origin) | {"bucket": "other", "prefix": ""}
    assert vars(mount.origin) == expected


def test_what_flags_and_the_environment_give_is_inherited(load_file: Load) -> None:
    """A mount takes over what the top level has, wherever that came from."""
    (mount,) = load_file(
        ASSETS, {"bucket": "site", "region": "eu-west-1"}, {"S3_ENDPOINT_URL": "https://a.example"}
    ).mounts
    assert (mount.origin.region, mount.origin.endpoint_url) == ("eu-west-1", "https://a.example")


def test_what_is_given_is_the_mounts_own(load_file: Load) -> None:
    """Every setting of a bucket can be another one for a mount, and leaves the top level as it is."""
    own = f"""\
prefix = "static"
region = "us-west-2"
key = "own"
secret = "own-secret"
endpoint-url = "https://other.example"
addressing-style = "path"
forbidden-is-missing = true
requester-pays = false
ca-bundle = "{__file__}"
origin-connect-timeout = 10
origin-first-byte-timeout = 20
origin-idle-timeout = 40
"""
    settings = load_file(TOP + ASSETS + own)
    (mount,) = settings.mounts
    assert mount.origin == BucketSettings(
        bucket="other",
        prefix="static/",
        region="us-west-2",
        key=Secret("own"),
        secret=Secret("own-secret"),
        endpoint_url="https://other.example",
        addressing_style="path",
        forbidden_is_missing=True,
        requester_pays=False,
        ca_bundle=Path(__file__),
        origin_connect_timeout=10.0,
        origin_first_byte_timeout=20.0,
        origin_idle_timeout=40.0,
    )
    assert (settings.bucket, settings.prefix, settings.key) == ("site", "releases/41/", Secret("top"))


def test_credentials_are_inherited_in_pairs(load_file: Load) -> None:
    """A mount with a key of its own never gets the secret of another one."""
    (mount,) = load_file(f'{TOP}{ASSETS}key = "own"\nsecret = "own-secret"').mounts
    assert (mount.origin.key, mount.origin.secret) == (Secret("own"), Secret("own-secret"))


def test_a_mount_at_the_root_is_the_site(load_file: Load) -> None:
    """It stands for --bucket and --prefix; what it has of its own is not inherited by the others."""
    own = 'prefix = "www"\nkey = "own"\nsecret = "own-secret"\n'
    settings = load_file(f'region = "eu-west-1"\n[[mount]]\npath = "/"\nbucket = "main"\n{own}{ASSETS}')
    assert (settings.bucket, settings.prefix, settings.region) == ("main", "www/", "eu-west-1")
    assert settings.key == Secret("own")
    (mount,) = settings.mounts
    assert (mount.path, mount.origin.key, mount.origin.region) == ("/assets", None, "eu-west-1")


def test_a_mount_at_the_root_by_a_flag() -> None:
    """The flag does it too."""
    settings = load({"mounts": ("/=main/www", "/a=other")}, {})
    assert (settings.bucket, settings.prefix, _shape(settings.mounts)) == ("main", "www/", [("/a", "other", "")])
    assert settings.root == Mount(path="/", origin=settings.root.origin)
    assert settings.root.origin.bucket == "main"


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_path(load_file: Load, path: str, expected: str) -> None:
    """A path that no request could have, or that is the server's own, is a mistake."""
    with pytest.raises(SettingsError) as caught:
        load_file(f'bucket = "site"\n[[mount]]\npath = "{path}"\nbucket = "other"')
    (mistake,) = caught.value.mistakes
    assert ": path must " in mistake
    assert expected in mistake


@pytest.mark.parametrize(("text", "expected"), WRONG_FLAGS.values(), ids=WRONG_FLAGS)
def test_a_wrong_flag(text: str, expected: str) -> None:
    """A mistake says which part is wrong, and how the whole looks."""
    with pytest.raises(SettingsError) as caught:
        _given(text)
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(expected)
    assert mistake.endswith(f"not {text!r}")


def test_every_wrong_flag_at_once() -> None:
    """Each wrong one is told; and not that a root is missing, which may be one of them."""
    with pytest.raises(SettingsError) as caught:
        load({"mounts": ("a=one", "/b=two", "/c=!")}, {})
    assert len(caught.value.mistakes) == 2


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_mistake(load_file: Load, tmp_path: Path, text: str, expected: str) -> None:
    """A wrong table is told by file, mount and setting."""
    with pytest.raises(SettingsError) as caught:
        load_file(f'bucket = "site"\n{text}')
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"{tmp_path}/s3proxy.toml: {expected}")
    assert BAIT not in mistake


@pytest.mark.parametrize(("flags", "expected"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradiction(flags: dict[str, Any], expected: str) -> None:
    """Mounts that are right by themselves may be wrong together."""
    with pytest.raises(SettingsError) as caught:
        load(flags, {})
    assert caught.value.mistakes == (expected,)


def test_secrets_of_mounts_are_listed(load_file: Load) -> None:
    """Whoever keeps secrets out of logs gets those of mounts too."""
    settings = load_file(f'bucket = "site"\nkey = "a"\nsecret = "b"\n{ASSETS}key = "c"\nsecret = "{BAIT}"')
    assert set(settings.secrets()) == {"a", "b", "c", BAIT}
    assert BAIT not in f"{settings!r} {settings}"


def test_pickling_keeps_mounts(load_file: Load) -> None:
    """Workers get the mounts of the main process."""
    settings = load_file(f'bucket = "site"\n{ASSETS}key = "c"\nsecret = "{BAIT}"')
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own bytes
