"""What is asked of ListObjectsV2, and what its answer says of a folder."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sidecar.cache.ports import FolderEntry, FolderPage, PageOf
from sidecar.origin.s3_listing import folder_page, listing_arguments

MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MODIFIED_AT = 1_767_323_045.0

ARGUMENTS: dict[str, tuple[PageOf, dict[str, Any]]] = {
    "folder-without-its-own-marker": (
        PageOf("docs/", "", 200),
        {"Prefix": "docs/", "StartAfter": "docs/", "MaxKeys": 200},
    ),
    "root": (PageOf("", "", 5), {"Prefix": "", "MaxKeys": 5}),
    "after-an-object": (PageOf("docs/", "a.html", 5), {"Prefix": "docs/", "StartAfter": "docs/a.html", "MaxKeys": 5}),
    "after-an-object-of-the-root": (PageOf("", "a.html", 5), {"Prefix": "", "StartAfter": "a.html", "MaxKeys": 5}),
    "after-all-below-a-folder": (
        PageOf("docs/", "sub/", 5),
        {"Prefix": "docs/", "StartAfter": "docs/sub/\U0010ffff", "MaxKeys": 5},
    ),
}


def answer(*keys: str, folders: tuple[str, ...] = (), is_truncated: bool = False) -> dict[str, Any]:
    """What botocore gives."""
    contents = [{"Key": key, "Size": len(key), "LastModified": MODIFIED} for key in keys]
    prefixes = [{"Prefix": folder} for folder in folders]
    # Neither list is there when it is empty.
    lists = {"Contents": contents, "CommonPrefixes": prefixes}
    return {"IsTruncated": is_truncated} | {name: listed for name, listed in lists.items() if listed}


@pytest.mark.parametrize(("page", "expected"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments(page: PageOf, expected: dict[str, Any]) -> None:
    """Names right below the folder, from the first after the last one that was listed."""
    assert listing_arguments(page) == expected | {"Delimiter": "/"}


def test_objects_and_folders_are_one_list() -> None:
    """In the order of their keys, which is that of bytes; names are without the folder's prefix."""
    said = answer("d/a", "d/sub-a", "d/z", "d/é", folders=("d/Z/", "d/sub/"), is_truncated=True)
    page = folder_page(PageOf("d/", "", 9), said)
    assert [entry.name for entry in page.entries] == ["Z/", "a", "sub-a", "sub/", "z", "é"]
    assert page.entries[0] == FolderEntry("Z/")
    assert page.entries[1] == FolderEntry("a", 3, MODIFIED_AT)
    assert not page.is_last


def test_nothing_below() -> None:
    """A folder that is not there has no entries."""
    assert folder_page(PageOf("d/", "", 9), answer()) == FolderPage((), is_last=True)


def test_neither_the_folders_marker_nor_the_last_folder_comes_again() -> None:
    """Not even from a store that takes StartAfter for a key to begin with."""
    page = folder_page(PageOf("d/", "sub/", 9), answer("d/", "d/t", folders=("d/sub/",)))
    assert [entry.name for entry in page.entries] == ["t"]
