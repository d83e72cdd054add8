"""What ListObjectsV2 says of a folder. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from typing import Any

from sidecar.cache.ports import FolderEntry, FolderPage, PageOf

_AFTER_ALL_BELOW = "\U0010ffff"


def listing_arguments(page: PageOf) -> dict[str, Any]:
    """What to ask for: the names right below the folder, from the first after `page.after` on."""
    # Not the folder's own key, which a console leaves behind as its marker; and nothing of a folder that was listed.
    after = page.after + (_AFTER_ALL_BELOW if page.after.endswith("/") else "")
    asked = {"Prefix": page.prefix, "Delimiter": "/", "MaxKeys": page.limit}
    return asked | ({"StartAfter": page.prefix + after} if page.prefix + after else {})


def folder_page(page: PageOf, answer: Any) -> FolderPage:
    """The page that was asked for, in the order of the keys: that of their bytes in UTF-8."""
    objects = (
        FolderEntry(entry["Key"].removeprefix(page.prefix), entry["Size"], entry["LastModified"].timestamp())
        for entry in answer.get("Contents", ())
    )
    folders = (FolderEntry(entry["Prefix"].removeprefix(page.prefix)) for entry in answer.get("CommonPrefixes", ()))
    entries = (entry for entry in (*objects, *folders) if entry.name not in {"", page.after})
    return FolderPage(tuple(sorted(entries, key=lambda entry: entry.name)), is_last=not answer.get("IsTruncated"))
