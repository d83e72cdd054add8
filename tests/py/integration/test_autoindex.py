"""Listings of folders that have no index document, in front of real stores."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias
from urllib.parse import quote, unquote, urljoin

import pytest
from support.http_client import fetch_many
from support.http_reply import Reply
from support.relay import Relay
from support.s3_store import S3Store
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar, StartSidecar
from support.site import Site
from support.until import until

# Names beside each other in an order that both stores share with AWS; see test_folders_among_objects.
NAMES = ["A.txt", "a b.txt", "a&b<i>.html", "a'\"b.txt", "a+b.txt", "c.txt", "d%41.txt", "z#1?.txt", "ä.txt"]
CLEAR = "/_proxy/_private/_cache/clear"


@dataclass(frozen=True)
class Corner:
    """The folder of a test on a site that lists folders."""

    site: Site
    root: str
    is_root: bool = False

    def get(self, target: str, *, method: str = "GET", **headers: str) -> Reply:
        """Ask for a target below the folder."""
        return self.site.get(f"{self.path}{target}", method=method, **headers)

    def put(self, *names: str) -> None:
        """Put objects into the folder, each with its name as its body."""
        for name in names:
            self.site.store.put(self.root + name, name.encode(), content_type="text/plain")

    def fetches(self, name: str) -> int:
        """How often the store was asked for an object of the folder."""
        return self.site.fetches(self.root + name)

    @property
    def path(self) -> str:
        """The folder's path, without a slash at its end; empty when it is the root of the site."""
        return "" if self.is_root else f"/{self.root}".rstrip("/")

    @property
    def listings(self) -> int:
        """How often the store was asked for a listing."""
        return self.site.relay.count(method="GET", key="")


@pytest.fixture(scope="module")
def served(store: S3Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the store's bucket with listings, by one worker."""
    folder = tmp_path_factory.mktemp("site")
    with Relay(store) as relay, Sidecar(relay, "--autoindex", "-l", "debug", folder=folder) as server:
        yield Site(store, relay, server)


@pytest.fixture
def corner(served: Site, key_prefix: str) -> Corner:
    """Take a folder on it, and count from nothing."""
    served.relay.reset()
    return Corner(served, key_prefix)


StartCorner: TypeAlias = Callable[..., Corner]


@pytest.fixture
def start(seaweedfs: SeaweedFS, key_prefix: str, start_sidecar: StartSidecar) -> Iterator[StartCorner]:
    """Start a server of one's own, whose root is the test's folder."""
    with Relay(seaweedfs) as relay:

        def begin(*options: str) -> Corner:
            site = Site(seaweedfs, relay, start_sidecar(relay, "--prefix", key_prefix, *options))
            return Corner(site, key_prefix, is_root=True)

        yield begin


def names(reply: Reply) -> list[str]:
    """The names in a JSON listing, those of folders with a slash."""
    return [entry["name"] + "/" * (entry["type"] == "directory") for entry in json.loads(reply.body)]


def test_a_page_for_people(corner: Corner) -> None:
    """Every name is there, as text, in order; every link leads to its object; nothing but the page's style may run."""
    corner.put(*(f"docs/{name}" for name in NAMES))
    reply = corner.get("/docs/", accept="text/html,*/*;q=0.8")
    assert (reply.status, reply.header("content-type")) == (200, "text/html; charset=utf-8")
    assert (reply.header("content-security-policy") or "").startswith("default-src 'none'; style-src 'sha256-")
    html = reply.body.decode()
    rows = re.findall(r'<a href="(\./[^"]*)"><bdi>(.*?)</bdi>', html)
    assert [unescape(name) for _, name in rows] == sorted(NAMES)
    for link, name in rows:
        assert corner.get(urljoin("/docs/", unescape(link))).body == f"docs/{unescape(name)}".encode()


def test_a_page_for_programs(corner: Corner) -> None:
    """The same as JSON, by Accept or by the query, with sizes and times."""
    corner.put("docs/a.txt", "docs/sub/b.txt")
    replies = [corner.get("/docs/", accept="application/json"), corner.get("/docs/?format=json")]
    assert {reply.header("content-type") for reply in replies} == {"application/json"}
    assert {reply.header("vary") for reply in replies} == {"accept"}
    assert replies[0].body == replies[1].body
    file, folder = json.loads(replies[0].body)
    assert (file["name"], file["type"], file["size"]) == ("a.txt", "file", len("docs/a.txt"))
    assert file["mtime"] == corner.get("/docs/a.txt").header("last-modified")
    assert folder == {"name": "sub", "type": "directory"}


@pytest.mark.parametrize("limit", [1, 2, 4, 1000])
def test_all_pages_together_are_the_folder(corner: Corner, limit: int) -> None:
    """Following the links shows everything once, in order, however short the pages are."""
    folders = [f"f{number}/" for number in range(3)]
    corner.put(*(f"docs/{name}" for name in NAMES), *(f"docs/{f}{n}.txt" for f in folders for n in range(3)))
    target: str | None = f"/docs/?limit={limit}&format=json"
    seen: list[list[str]] = []
    while target is not None:
        reply = corner.get(target)
        seen.append(names(reply))
        link = re.fullmatch(r'<(.*)>; rel="next"', reply.header("link") or "")
        target = None if link is None else urljoin("/docs/", link[1])
    assert [name for page in seen for name in page] == sorted([*NAMES, *folders])
    assert {len(page) for page in seen[:-1]} <= {limit}
    assert corner.listings == len(seen)


def test_the_links_of_a_page_are_those_of_its_header(corner: Corner) -> None:
    """A person can turn the page, too."""
    corner.put("docs/a", "docs/b")
    reply = corner.get("/docs/?limit=1")
    assert 'href="?after=a&amp;limit=1" rel="next"' in reply.body.decode()
    assert reply.header("link") == '<?after=a&limit=1>; rel="next"'
    assert 'rel="next"' not in corner.get("/docs/?after=a&limit=1").body.decode()


def test_the_root_is_listed_too(start: StartCorner) -> None:
    """Without a way up: above it is what the operator does not serve."""
    corner = start("--autoindex")
    corner.put("a.txt", "docs/b.txt")
    reply = corner.get("/")
    assert (reply.status, b"../" in reply.body) == (200, False)
    assert names(corner.get("/?format=json")) == ["a.txt", "docs/"]


def test_an_index_document_comes_first(corner: Corner) -> None:
    """No listing is asked for where there is one."""
    corner.put("docs/index.html", "docs/a.txt")
    assert corner.get("/docs/").body == b"docs/index.html"
    assert corner.listings == 0


def test_a_folder_without_its_slash(corner: Corner) -> None:
    """It leads to the listing, which has been read already; a repeated request asks for nothing."""
    corner.put("docs/a.txt")
    replies = [corner.get("/docs?format=json") for _ in range(3)]
    assert {(reply.status, reply.header("location")) for reply in replies} == {
        (302, f"{corner.path}/docs/?format=json")
    }
    assert names(corner.get("/docs/?format=json")) == ["a.txt"]
    assert [corner.fetches(name) for name in ("docs", "docs/index.html")] == [1, 1]
    assert corner.listings == 1


@pytest.mark.parametrize("target", ["/none", "/none/", "/none?after=a", "/docs/?after=z"])
def test_nothing_below_is_a_404(corner: Corner, target: str) -> None:
    """A folder is what its keys make of it; the absence is remembered."""
    corner.put("docs/a.txt", "nonesuch.txt")
    assert {corner.get(target).status for _ in range(3)} == {404}
    assert corner.listings == 1


def test_head_is_get_without_the_body(corner: Corner) -> None:
    """With the length that the body would have."""
    corner.put("docs/a.txt")
    get, head = corner.get("/docs/"), corner.get("/docs/", method="HEAD")
    assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(get.body)))
    assert {name for name, _ in head.headers} == {name for name, _ in get.headers}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "format=xml", "after=%00", "after=" + "a" * 1100]
)
def test_a_page_that_cannot_be_is_a_400(corner: Corner, query: str) -> None:
    """The store is not asked for it."""
    corner.put("docs/a.txt")
    reply = corner.get(f"/docs/?{query}")
    assert (reply.status, reply.body.startswith(b"400 Bad Request: ")) == (400, True)
    assert corner.listings == 0


def test_a_query_means_nothing_elsewhere(corner: Corner) -> None:
    """An object is served whatever the query says of pages."""
    corner.put("docs/a.txt")
    assert corner.get("/docs/a.txt?limit=0").status == 200


async def test_many_at_once_make_one_request(corner: Corner) -> None:
    """A hundred clients, one ListObjectsV2."""
    corner.put("docs/a.txt")
    replies = await fetch_many(corner.site.server.url, [f"{corner.path}/docs/?format=json"] * 100, 100)
    assert {tuple(names(reply)) for reply in replies} == {("a.txt",)}
    assert corner.listings == 1


def test_an_outage_is_an_outage(start: StartCorner) -> None:
    """502, 503 or 504, never a 404 and never remembered."""
    corner = start("--autoindex", "--origin-first-byte-timeout", "1.5")
    corner.put("docs/a.txt")
    for status, code, expected in ((503, b"SlowDown", 503), (403, b"SignatureDoesNotMatch", 502)):
        corner.site.relay.answer("", status, b"<Error><Code>%s</Code></Error>" % code)
        for target in ("/docs/", "/docs"):
            reply = corner.get(target)
            assert (reply.status, reply.header("cache-control")) == (expected, "no-store")
    with corner.site.relay.hold(""):
        assert corner.get("/docs/").status == 504
    corner.site.relay.heal()
    assert names(corner.get("/docs/?format=json")) == ["a.txt"]


def test_a_clear_forgets_it(corner: Corner) -> None:
    """What was uploaded since is there."""
    corner.put("docs/a.txt")
    assert names(corner.get("/docs/?format=json")) == ["a.txt"]
    corner.put("docs/b.txt")
    assert names(corner.get("/docs/?format=json")) == ["a.txt"]
    assert corner.site.get(CLEAR, authorization="Bearer abc123").status == 304
    assert names(corner.get("/docs/?format=json")) == ["a.txt", "b.txt"]


def test_it_has_an_outcome_like_everything_else(corner: Corner) -> None:
    """In the header and in the record, which names the resource as if its index were there."""
    corner.put("docs/a.txt")
    said = [(corner.get("/docs/").header("cache-status") or "").partition("; ttl")[0] for _ in range(2)]
    assert said == ["s3-sidecar; fwd=uri-miss; fwd-status=200; stored", "s3-sidecar; hit"]
    resource = f"'{corner.path}/docs/index.html' "
    until(lambda: corner.site.server.log().count(resource) >= 2)  # a client may have its answer before the log has it
    told = [line.partition(resource)[2] for line in corner.site.server.log().splitlines()]
    assert [re.sub(r"\d+B \S+ms", "", line).split()[:2] for line in told if line] == [
        ["200", "cache=miss"],
        ["200", "cache=hit"],
    ]


def test_an_error_document_and_a_single_page_come_after_it(start: StartCorner) -> None:
    """A folder that holds something is no error."""
    corner = start("--autoindex", "--spa", "--error-document", "404.html")
    corner.put("docs/a.txt", "index.html", "404.html")
    assert names(corner.get("/docs/?format=json")) == ["a.txt"]
    assert corner.get("/none/").body == b"index.html"
    assert corner.get("/none.js").body == b"404.html"


def test_folders_are_not_listed_unasked(start: StartCorner) -> None:
    """Without --autoindex a folder without an index is a 404, and no listing is asked for."""
    corner = start()
    corner.put("docs/a.txt")
    assert [corner.get(target).status for target in ("/docs/", "/docs")] == [404, 404]
    assert corner.listings == 0


def test_credentials_that_may_not_list(seaweedfs: SeaweedFS, key_prefix: str, start_sidecar: StartSidecar) -> None:
    """What is missing stays a 404, not a 403; one line in the log says what the credentials lack."""
    with Relay(seaweedfs.reader) as relay:
        corner = Corner(Site(seaweedfs, relay, start_sidecar(relay, "--autoindex")), key_prefix)
        corner.put("docs/a.txt")
        assert [corner.get(target).status for target in ("/docs/", "/docs", "/none")] == [404] * 3
        assert corner.get("/docs/a.txt").status == 200
        told = "is taken for an empty folder: listings need s3:ListBucket"
        until(lambda: told in corner.site.server.log())
        assert corner.site.server.log().count(told) == 1


def test_folders_among_objects(corner: Corner) -> None:
    """In the order of AWS, by the bytes of the keys, whichever the store itself has."""
    corner.put("docs/sub-a", "docs/sub/x", "docs/sub.b", "docs/sub0")
    assert names(corner.get("/docs/?format=json")) == ["sub-a", "sub.b", "sub/", "sub0"]


def test_a_folder_with_an_odd_name(corner: Corner) -> None:
    """Its listing has its name, and leads to what is in it."""
    folder = "a b&<c>'\"#?%41ü"
    corner.put(f"{folder}/x.txt")
    target = f"/{quote(folder, safe='')}"
    assert unquote(corner.get(target).header("location") or "") == f"{corner.path}/{folder}/"
    html = corner.get(f"{target}/").body.decode()
    assert unescape(re.findall("<h1>(.*)</h1>", html)[0]) == f"Index of {corner.path}/{folder}/"
    assert corner.get(f"{target}/x.txt").status == 200
