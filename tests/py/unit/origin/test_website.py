"""How a path names an object of the bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.origin.website import Website

SITES = {
    "whole-bucket": (Website(), ""),
    "folder": (Website(), "site/"),
    "other-index": (Website(index="home.htm"), ""),
}

KEYS = {
    "root": ("whole-bucket", "/", "index.html", "/index.html"),
    "root-of-a-folder": ("folder", "/", "site/index.html", "/index.html"),
    "root-with-another-index": ("other-index", "/", "home.htm", "/home.htm"),
    "object": ("whole-bucket", "/a/b.css", "a/b.css", "/a/b.css"),
    "object-of-a-folder": ("folder", "/a/b.css", "site/a/b.css", "/a/b.css"),
    "subfolder": ("folder", "/docs/", "site/docs/index.html", "/docs/index.html"),
    "no-slash-is-no-folder": ("folder", "/docs", "site/docs", "/docs"),
    "index-by-its-name": ("folder", "/docs/index.html", "site/docs/index.html", "/docs/index.html"),
    "two-slashes": ("folder", "//a", "site//a", "//a"),
    "letters-of-any-kind": ("folder", "/日本 é", "site/日本 é", "/日本 é"),
}

_paths = st.text().map("/".__add__)
_prefixes = st.sampled_from(["", "site/", "a/b/"])


@pytest.mark.parametrize(("site", "path", "key", "resource"), KEYS.values(), ids=KEYS)
def test_paths(site: str, path: str, key: str, resource: str) -> None:
    """A path is a key below the prefix; records name it without the prefix; a folder stands for its index document."""
    website, prefix = SITES[site]
    assert website.object_key(path, prefix) == key
    assert website.resource(path) == resource


@given(_prefixes, _paths)
def test_nothing_outside_of_the_prefix(prefix: str, path: str) -> None:
    """Whatever the path, its key is below the prefix."""
    assert Website().object_key(path, prefix).startswith(prefix)


@given(_prefixes, _paths)
def test_key_and_resource_agree(prefix: str, path: str) -> None:
    """The resource is the key with a slash in place of the prefix, so that records of two sites compare."""
    site = Website()
    assert site.object_key(path, prefix) == prefix + site.resource(path)[1:]


@given(_prefixes, _paths, _paths)
def test_two_objects_are_two_keys(prefix: str, one: str, other: str) -> None:
    """Two paths share a key only if they are one resource."""
    site = Website()
    assert (site.object_key(one, prefix) == site.object_key(other, prefix)) is (
        site.resource(one) == site.resource(other)
    )
