"""Which site answers for a path."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
from support.scripted_origin import ScriptedConfiguration
from unit.cache.node import Node, settle

from sidecar.cache.engine import Engine
from sidecar.cache.release import Release, SharedRelease
from sidecar.origin.bucket_website import BucketWebsite
from sidecar.origin.website import Website
from sidecar.server.site import FixedFolder, Site, Sites
from sidecar.tasks import Tasks

MOUNTS = ("/assets", "/assets/fonts", "/a b", "/ü", "/docs")

# A decoded path → the path of its site and the path within it.
PATHS = {
    "root": ("/", "", "/"),
    "object-of-the-root": ("/x.css", "", "/x.css"),
    "object-of-a-mount": ("/assets/x.css", "/assets", "/x.css"),
    "folder-of-a-mount": ("/assets/a/", "/assets", "/a/"),
    "the-mount-with-a-slash": ("/assets/", "/assets", "/"),
    "the-mount-itself": ("/assets", "/assets", ""),
    "whole-segments-only": ("/assetsx", "", "/assetsx"),
    "whole-segments-only-with-more": ("/assetsx/a", "", "/assetsx/a"),
    "part-of-a-segment": ("/asset", "", "/asset"),
    "longest-wins": ("/assets/fonts/a", "/assets/fonts", "/a"),
    "longest-wins-itself": ("/assets/fonts", "/assets/fonts", ""),
    "the-shorter-one-beside-the-longest": ("/assets/fontsx", "/assets", "/fontsx"),
    "below-another-folder": ("/x/assets/a", "", "/x/assets/a"),
    "case-counts": ("/Assets/a", "", "/Assets/a"),
    "two-slashes-in-front": ("//assets/a", "", "//assets/a"),
    "two-slashes-within": ("/assets//a", "/assets", "//a"),
    "decoded": ("/a b/c", "/a b", "/c"),
    "beyond-ascii": ("/ü/c", "/ü", "/c"),
    "unicode-is-not-normalised": ("/u\u0308/c", "", "/u\u0308/c"),
    "a-dot": ("/./assets/a", "", "/./assets/a"),
}

KEYS = {
    "root": ("/a.css", "releases/41/a.css", "/a.css"),
    "root-folder": ("/", "releases/41/index.html", "/index.html"),
    "mount": ("/assets/a/b.css", "static/a/b.css", "/assets/a/b.css"),
    "mount-folder": ("/assets/a/", "static/a/index.html", "/assets/a/index.html"),
    "mount-root": ("/assets/", "static/index.html", "/assets/index.html"),
}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """Make an engine of a worker."""
    node = Node(tmp_path)
    yield node.worker().engine
    await node.close()


# What a path begins with → the paths of the sites that answer for such paths, and what paths within those begin with.
BELOW = {
    "everything": ("/", {("", "/"), ("/assets", "/"), ("/assets/fonts", "/"), ("/docs", "/")}),
    "of-the-root-alone": ("/x", {("", "/x")}),
    "also-of-a-mount": ("/do", {("", "/do"), ("/docs", "/")}),
    "the-mount-itself": ("/docs", {("", "/docs"), ("/docs", "/")}),
    "within-a-mount": ("/docs/a", {("/docs", "/a")}),
    "a-mount-and-one-within": ("/assets/", {("/assets", "/"), ("/assets/fonts", "/")}),
    "within-the-longest": ("/assets/fonts/a", {("/assets/fonts", "/a")}),
}


def _sites(engine: Engine, *mounts: str) -> Sites:
    folder = FixedFolder("static/")
    release = Release(SharedRelease(), "releases/41/")
    return Sites(Site("", Website(), engine, release), [Site(mount, Website(), engine, folder) for mount in mounts])


@pytest.mark.parametrize("mounts", [MOUNTS, MOUNTS[::-1]], ids=["in-this-order", "in-the-other"])
@pytest.mark.parametrize(("path", "site", "within"), PATHS.values(), ids=PATHS)
async def test_find(engine: Engine, mounts: tuple[str, ...], path: str, site: str, within: str) -> None:
    """The longest mount wins, by whole segments, in whichever order they were given."""
    found, rest = _sites(engine, *mounts).find(path)
    assert (found.path, rest) == (site, within)


@pytest.mark.parametrize(("path", "expected"), BELOW.values(), ids=BELOW)
async def test_below(engine: Engine, path: str, expected: set[tuple[str, str]]) -> None:
    """Whoever answers for a path that begins like this, with what paths within it begin with."""
    found = _sites(engine, "/assets", "/assets/fonts", "/docs").below(path)
    assert {(site.path, within) for site, within in found} == expected


async def test_without_mounts_all_is_the_root(engine: Engine) -> None:
    """A server with one bucket has one site."""
    sites = _sites(engine)
    assert sites.find("/assets/a") == (sites.root, "/assets/a")


@pytest.mark.parametrize(("path", "key", "resource"), KEYS.values(), ids=KEYS)
async def test_keys(engine: Engine, path: str, key: str, resource: str) -> None:
    """A mount's path is no part of the key; it is one of what records name."""
    site, within = _sites(engine, "/assets").find(path)
    assert (site.object_key(within), site.resource(within)) == (key, resource)


async def test_a_switch_moves_the_root_alone(engine: Engine) -> None:
    """The folder of the main site can be switched while the server runs; mounts stay where they are."""
    shared = SharedRelease()
    root = Site("", Website(), engine, Release(shared, "releases/41/"))
    mount = Site("/assets", Website(), engine, FixedFolder("static/"))
    Release(shared, "releases/41/").switch("releases/42")
    assert (root.object_key("/a"), mount.object_key("/a")) == ("releases/42/a", "static/a")


async def test_rules_may_change(engine: Engine) -> None:
    """A site at present has the rules of now; what was made by those of before can tell that they are gone."""
    read = BucketWebsite(ScriptedConfiguration(({"IndexDocument": {"Suffix": "home.html"}},)), Website())
    site = Site("", Website(), engine, FixedFolder(""), read)
    before = await site.at_present()
    tasks = Tasks()
    tasks.spawn(read.follow(), name="follow")
    await settle()
    after = await site.at_present()
    await tasks.cancel_all()
    assert [each.object_key("/") for each in (site, before, after)] == ["index.html", "index.html", "home.html"]
    assert [each.is_unchanged() for each in (before, after)] == [False, True]


async def test_rules_of_flags_do_not_change(engine: Engine) -> None:
    """Then a site at present is the site itself."""
    site = Site("", Website(), engine, FixedFolder(""))
    assert await site.at_present() is site
    assert site.is_unchanged()


async def test_nothing_of_a_path_is_lost(engine: Engine) -> None:
    """Of every short path: the site's path and the path within it are the path, cut at a slash."""
    sites = _sites(engine, "/a", "/a/b", "/b/a")
    for letters in (letters for length in range(7) for letters in product("/ab", repeat=length)):
        path = "/" + "".join(letters)
        site, within = sites.find(path)
        assert site.path + within == path
        assert within[:1] in {"", "/"}
