"""A folder as a page for people, and what a hostile name can do to it: nothing."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.ports import FolderEntry, FolderPage
from sidecar.server.listing_page import CONTENT_SECURITY_POLICY, listing_page, readable_size

HERE = "https://site.example/docs/"

SIZES = {
    0: "0 B",
    1023: "1.0 KiB",
    999: "999 B",
    1024: "1.0 KiB",
    1536: "1.5 KiB",
    10_189: "10 KiB",
    10_240: "10 KiB",
    1_023_487: "999 KiB",
    1_023_488: "1.0 MiB",
    5 * 1024**3: "5.0 GiB",
    5 * 1024**4: "5.0 TiB",
    5000 * 1024**4: "5000 TiB",
}

_pieces = st.sampled_from(
    [
        "<b>",
        "</bdi>",
        "<script src=x>",
        '"',
        "'",
        "&amp;",
        "&lt",
        "-->",
        "{name}",
        "javascript:",
        "/",
        "//",
        "?",
        "#",
        "%41",
    ]
)
_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")
_names = st.lists(_pieces | _characters, min_size=1, max_size=8).map("".join)


class Page(HTMLParser):
    """What a browser finds in a page: tags and attributes, links, and text by the tag around it."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[dict[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self._inside: str | None = None
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag (the parser calls these)."""
        self.tags.append(tag)
        self._inside = tag
        self.attributes |= {name for name, _ in attrs}
        self.texts.setdefault(tag, []).append("")
        if tag == "a":
            self.links.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """Be between tags."""
        self._inside = None

    def handle_data(self, data: str) -> None:
        """Note what is directly inside of a tag."""
        if self._inside is not None:
            self.texts[self._inside][-1] += data


def page_of(*entries: FolderEntry, path: str = "/docs/", next_page: str | None = None) -> Page:
    """The page for these entries, read again."""
    return Page(listing_page(path, FolderPage(entries, is_last=next_page is None), next_page))


def test_a_row_for_each_entry() -> None:
    """Name with its link, size and time; of a folder only the name is known."""
    page = page_of(FolderEntry("a b.txt", 1536, 784_111_777.0), FolderEntry("sub/"))
    assert [link["href"] for link in page.links] == ["../", "./a%20b.txt", "./sub/"]
    assert page.texts["bdi"] == ["a b.txt", "sub/"]
    assert page.texts["data"] == ["1.5 KiB"]
    assert page.texts["time"] == ["1994-11-06 08:49"]
    assert page.texts["title"] == page.texts["h1"] == ["Index of /docs/"]


def test_the_root_has_no_parent() -> None:
    """A mount's parent would be another site."""
    assert page_of(path="/").links == []


def test_the_next_page_is_linked() -> None:
    """With the relation that crawlers know."""
    assert page_of(next_page="?after=a&limit=2").links[-1] == {"href": "?after=a&limit=2", "rel": "next"}


def test_it_can_be_read_aloud() -> None:
    """It has a language, a title, headings of columns and rows, and names for its parts."""
    html = listing_page("/docs/", FolderPage((FolderEntry("a", 1, 0.0),), is_last=False), "?after=a")
    page = Page(html)
    assert b'<html lang="en">' in html
    assert html.count(b'scope="col"') == 3
    assert html.count(b'scope="row"') == 1
    assert html.count(b"aria-label=") == page.tags.count("nav") == 2
    assert {"main", "h1", "title"} <= set(page.tags)


def test_only_its_own_style_is_allowed() -> None:
    """The policy names the hash of the one style, and everything else is off; nothing is loaded from anywhere."""
    html = listing_page("/", FolderPage((), is_last=True), None).decode()
    (style,) = re.findall(r"<style>(.*)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert CONTENT_SECURITY_POLICY.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert not re.search(r"url\(|@import|src=|http", html)


@pytest.mark.parametrize(("size", "expected"), SIZES.items())
def test_sizes(size: int, expected: str) -> None:
    """Three digits at most, and a unit of a power of 1,024."""
    assert readable_size(size) == expected


@given(_names, _names)
def test_a_name_is_text_and_nothing_else(name: str, folder: str) -> None:
    """Whatever is in it: the same tags, the same attributes, and a link to just that key, on the same host."""
    harmless = page_of(FolderEntry("a", 0, 0.0), path="/b/")
    page = page_of(FolderEntry(name, 0, 0.0), path=f"/{folder}/")
    assert (page.tags, page.attributes) == (harmless.tags, harmless.attributes)
    assert page.texts["bdi"] == [name]
    assert page.texts["h1"] == [f"Index of /{folder}/"]
    href = page.links[-1]["href"] or ""
    assert urlsplit(urljoin(HERE, href)).netloc == "site.example"
    assert href.startswith("./")
    assert unquote(href.removeprefix("./"), errors="strict") == name
