"""The rules of a website in front of a real store: what is answered, and what the store is asked for it."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from support.http_reply import Reply
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS

INDEX = b"<p>index</p>"
PAGE = b"<p>not here</p>"
FORBIDDEN = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'
CONFIGURATION = b'<?xml version="1.0"?><WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</WebsiteConfiguration>'

StartSite: TypeAlias = Callable[..., Site]


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the rules are ours, and the other one knows no folder beside an object."""
    return seaweedfs


@pytest.fixture
def start(store: SeaweedFS, relay: Relay, key_prefix: str, start_sidecar: StartSidecar) -> StartSite:
    """Start a server of one worker behind the test's relay; the root of its website is the test's folder."""

    def begin(*options: str, **environ: str) -> Site:
        server = start_sidecar(relay, "--prefix", key_prefix, "-l", "debug", *options, env=environ)
        return Site(store, relay, server)

    return begin


def put(site: Site, key_prefix: str, **pages: bytes) -> None:
    """Put pages into the website; `docs__index` is docs/index.html."""
    for name, body in pages.items():
        site.store.put(f"{key_prefix}{name.replace('__', '/')}.html", body, content_type="text/html")


def asked(site: Site, key_prefix: str) -> list[str]:
    """The keys of the website that the store was asked for, in order."""
    return [(seen.key or "").removeprefix(key_prefix) for seen in site.relay.exchanges]


def outcomes(site: Site, count: int) -> list[str]:
    """What the cache did, as the log tells it: one word for each of so many requests."""

    def told() -> list[str]:
        lines = [line for line in site.server.log().splitlines() if "cache=" in line and "/_proxy/" not in line]
        return [line.rpartition("cache=")[2].partition(" ")[0] for line in lines]

    site.server.process.wait_until(lambda: len(told()) >= count)  # a client may have its body before the log has it
    return told()


def is_told(site: Site, words: str) -> bool:
    """Whether the log says so, sooner or later."""
    site.server.process.wait_until(lambda: any(words in message for message in site.server.messages()))
    return True


def rules(folder: Path, *documents: Any) -> str:
    """A file of routing rules."""
    path = folder / "rules.json"
    path.write_text(json.dumps(documents))
    return str(path)


def where(reply: Reply) -> tuple[int, str | None]:
    """Where an answer leads."""
    return reply.status, reply.header("location")


def test_a_folder_without_its_slash(start: StartSite, key_prefix: str) -> None:
    """It is a 302 with its query; all that the store is asked for it is asked once; HEAD says the same."""
    site = start()
    put(site, key_prefix, docs__index=INDEX)
    first = site.get("/docs?a=1")
    assert site.get("/docs/").body == INDEX  # whoever has all of it can rely on its being stored
    replies = [site.get("/docs?a=1"), site.get("/docs?a=1", method="HEAD")]
    assert {where(reply) for reply in (first, *replies)} == {(302, "/docs/?a=1")}
    assert [reply.body for reply in replies] == [b"302 Found\n", b""]
    assert ["; hit;" in (reply.header("cache-status") or "") for reply in (first, *replies)] == [False, True, True]
    assert {reply.header("cache-control") for reply in (first, *replies)} == {"no-cache"}
    assert asked(site, key_prefix) == ["docs", "docs/index.html"]
    told = outcomes(site, 4)
    assert (told[0], told[2:]) == ("miss", ["hit", "hit"])


def test_a_missing_page_costs_two_requests_once(start: StartSite, key_prefix: str) -> None:
    """Neither an object nor a folder: both absences are remembered."""
    site = start()
    assert [site.get("/docs").status for _ in range(5)] == [404] * 5
    assert asked(site, key_prefix) == ["docs", "docs/index.html"]


def test_no_redirect_to_another_host(start: StartSite, key_prefix: str) -> None:
    """A path of two slashes is a path, and not somebody else's server."""
    site = start()
    site.relay.answer(f"{key_prefix}/evil.example/index.html", 200, INDEX, headers={"ETag": '"a"'})
    reply = site.get("//evil.example", host="evil.example", x_forwarded_host="evil.example")
    assert where(reply) == (302, "/%2Fevil.example/")
    assert site.get("/%2Fevil.example/").body == INDEX


def test_another_index(start: StartSite, key_prefix: str) -> None:
    """--index names the document of a folder; records name the resource by it."""
    site = start(INDEX_DOCUMENT="home.html")
    put(site, key_prefix, docs__home=INDEX, docs__index=PAGE)
    assert site.get("/docs/").body == INDEX
    assert is_told(site, "'/docs/home.html' 200")


def test_an_error_document(start: StartSite, key_prefix: str) -> None:
    """It is sent with the status of the error, without validators of its own; conditions and ranges do not count."""
    site = start("--error-document", "404.html", "--negative-ttl", "77")
    put(site, key_prefix, **{"404": PAGE})
    etag = site.get("/404.html").header("etag") or ""
    asking: list[dict[str, str]] = [
        {},
        {"if_none_match": etag},
        {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"if_match": '"x"'},
        {"range": "bytes=0-3"},
        {"method": "HEAD"},
    ]
    for fields in asking:
        reply = site.get("/a.css", **fields)
        assert (reply.status, reply.body) == (404, b"" if "method" in fields else PAGE)
        assert reply.header("content-length") == str(len(PAGE))
        assert (reply.header("content-type") or "").startswith("text/html")
        assert reply.header("cache-control") == "max-age=77"  # the absence's, not the document's
        told = {name for name, _ in reply.headers}
        assert not told & {"etag", "last-modified", "expires", "accept-ranges", "content-range"}
    assert asked(site, key_prefix) == ["404.html", "a.css", "a.css/index.html"]
    assert outcomes(site, 1 + len(asking)) == ["miss", *["hit"] * len(asking)]


def test_an_error_document_that_is_missing(start: StartSite, key_prefix: str) -> None:
    """Then the answer is the plain one, and the absence is remembered like any other."""
    site = start("--error-document", "404.html")
    assert {(reply.status, reply.body) for reply in (site.get("/a/"), site.get("/a/"))} == {(404, b"404 Not Found\n")}
    assert asked(site, key_prefix) == ["a/index.html", "404.html"]


def test_an_error_document_for_a_forbidden_object(start: StartSite, key_prefix: str) -> None:
    """With the status 403, where that is told from missing."""
    site = start("--error-document", "404.html", "--forbidden-is-missing", "false")
    put(site, key_prefix, **{"404": PAGE})
    site.relay.answer(f"{key_prefix}secret", 403, FORBIDDEN)
    reply = site.get("/secret")
    assert (reply.status, reply.body, reply.header("cache-control")) == (403, PAGE, "no-store")


def test_an_outage_is_an_outage(start: StartSite, key_prefix: str) -> None:
    """Whatever the rules, a store that fails is a 5xx, and what they would have sent is not sent."""
    site = start("--error-document", "404.html", "--spa", "--autoindex")
    put(site, key_prefix, **{"404": PAGE, "index": INDEX})
    assert (site.get("/404.html").body, site.get("/").body) == (PAGE, INDEX)
    for key in ("docs", "docs/index.html"):
        site.relay.answer(f"{key_prefix}{key}", 503)
        reply = site.get("/docs")
        assert (reply.status, reply.body) == (503, b"503 Service Unavailable\n")
        site.relay.heal()
    assert site.get("/docs").body == INDEX


def test_a_single_page_application(start: StartSite, key_prefix: str) -> None:
    """A route is a 200 with the root's document, conditions and ranges included; an asset that is missing is a 404."""
    site = start("--spa", "--error-document", "404.html")
    put(site, key_prefix, index=INDEX, **{"404": PAGE})
    page = site.get("/users/7?tab=1", accept="text/html")
    assert (page.status, page.body, page.header("vary")) == (200, INDEX, "accept")
    assert page.header("etag") == site.get("/").header("etag")
    assert site.get("/users/8", if_none_match=page.header("etag") or "").status == 304
    assert site.get("/users/8", range="bytes=0-2").body == INDEX[:3]
    assert site.get("/users/8", method="HEAD").header("content-length") == str(len(INDEX))
    for target, accept in (("/app.js", "*/*"), ("/users/8", "application/json")):
        reply = site.get(target, accept=accept)
        assert (reply.status, reply.body) == (404, PAGE)
    assert is_told(site, "'/users/7' 200")


def test_what_is_answered_from_memory_is_what_the_path_names(start: StartSite, key_prefix: str) -> None:
    """However often a route or a missing page was asked for, and the document of both too, each keeps its answer."""
    site = start("--spa", "--error-document", "404.html")
    put(site, key_prefix, index=INDEX, **{"404": PAGE})
    targets = {
        ("/users/7", "text/html"): (200, INDEX),
        ("/users/7", "application/json"): (404, PAGE),
        ("/a.css", "text/css"): (404, PAGE),
        ("/404.html", "*/*"): (200, PAGE),
        ("/", "*/*"): (200, INDEX),
    }
    for _ in range(5):
        for (target, accept), expected in targets.items():
            reply = site.get(target, accept=accept)
            assert (reply.status, reply.body) == expected


def test_documents_come_compressed(start: StartSite, key_prefix: str) -> None:
    """Those of errors too, and Vary says so."""
    page = b"<p>not here</p>" * 1000
    site = start("--error-document", "404.html")
    put(site, key_prefix, **{"404": page})
    site.get("/404.html")
    replies = {coding: site.get("/a.css", accept_encoding=coding) for coding in ("gzip", "identity")}
    assert {coding: (reply.status, reply.header("content-encoding")) for coding, reply in replies.items()} == {
        "gzip": (404, "gzip"),
        "identity": (404, None),
    }
    assert {reply.header("vary") for reply in replies.values()} == {"accept-encoding"}
    assert (gzip.decompress(replies["gzip"].body), replies["identity"].body) == (page, page)


def test_who_is_led_to_a_folder_needs_no_coding_of_its_index(start: StartSite, key_prefix: str) -> None:
    """Neither made, for which the redirect would have to wait, nor looked for in the bucket."""
    site = start("--precompressed")
    put(site, key_prefix, docs__index=INDEX * 1000)
    assert where(site.get("/docs", accept_encoding="gzip")) == (302, "/docs/")
    assert asked(site, key_prefix) == ["docs", "docs/index.html"]


def test_a_route_costs_nothing_twice(start: StartSite, key_prefix: str) -> None:
    """Two absences and the document, and then a hit for each request."""
    site = start("--spa")
    put(site, key_prefix, index=INDEX)
    assert {site.get("/users").body for _ in range(3)} == {INDEX}
    assert asked(site, key_prefix) == ["users", "users/index.html", "index.html"]
    assert outcomes(site, 3) == ["miss", "hit", "hit"]


def test_the_rules_of_a_mount(start: StartSite, store: SeaweedFS, key_prefix: str, tmp_path: Path) -> None:
    """Its documents are its own, redirects stay below its path, and the rules of the main site are not its rules."""
    rule = {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyWith": "closed.html"}}
    mount = f"/größe={store.bucket}/{key_prefix}mounted"
    site = start("--mount", mount, "--routing-rules", rules(tmp_path, rule), "--error-document", "404.html")
    put(site, key_prefix, mounted__docs__index=INDEX, mounted__404=PAGE)
    assert where(site.get("/docs/")) == (301, "/closed.html")
    assert where(site.get("/gr%C3%B6%C3%9Fe/docs?a")) == (302, "/gr%C3%B6%C3%9Fe/docs/?a")
    assert site.get("/gr%C3%B6%C3%9Fe/docs/").body == INDEX
    assert (site.get("/gr%C3%B6%C3%9Fe/a.css").status, site.get("/gr%C3%B6%C3%9Fe/a.css").body) == (404, PAGE)
    assert is_told(site, "'/größe/docs/index.html' 200")


def test_a_rule_before_the_store_is_asked(start: StartSite, key_prefix: str, tmp_path: Path) -> None:
    """It asks for nothing, and says so."""
    rule = {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}
    site = start("--routing-rules", rules(tmp_path, rule))
    reply = site.get("/docs/a%20b?c=d")
    assert where(reply) == (301, "/documents/a%20b?c=d")
    assert reply.header("cache-control") == "no-cache"
    assert reply.header("cache-status") == "s3-sidecar; detail=not-asked"
    assert site.relay.requests == []
    assert outcomes(site, 1) == ["none"]


def test_a_rule_for_an_error(start: StartSite, key_prefix: str, tmp_path: Path) -> None:
    """It leads to another host, which keeps the client's protocol; what is there is served."""
    rule = {
        "Condition": {"HttpErrorCodeReturnedEquals": "404"},
        "Redirect": {"HostName": "www.example.com", "ReplaceKeyPrefixWith": "report-404/", "HttpRedirectCode": "302"},
    }
    site = start("--routing-rules", rules(tmp_path, rule), "--error-document", "404.html")
    put(site, key_prefix, a=INDEX)
    replies = [site.get("/b.html") for _ in range(3)]
    assert {where(reply) for reply in replies} == {(302, "//www.example.com/report-404/b.html")}
    assert site.get("/a.html").body == INDEX
    assert asked(site, key_prefix) == ["b.html", "b.html/index.html", "a.html"]
    assert outcomes(site, 4) == ["miss", "hit", "hit", "miss"]


def test_a_rule_for_a_protocol_needs_the_host(start: StartSite, key_prefix: str, tmp_path: Path) -> None:
    """The one that the client names, if it is one."""
    site = start("--routing-rules", rules(tmp_path, {"Redirect": {"Protocol": "https"}}))
    assert where(site.get("/a?b", host="site.example:8000")) == (301, "https://site.example:8000/a?b")
    for host in ("evil.example/@site.example", "a b", "user@site.example", ""):
        assert where(site.get("/a", host=host)) == (400, None)


@pytest.mark.parametrize("option", ["--routing-rules", "--website-from-bucket"])
def test_all_requests_to_another_host(
    start: StartSite, key_prefix: str, tmp_path: Path, relay: Relay, option: str
) -> None:
    """RedirectAllRequestsTo, from a file or from the bucket."""
    if option == "--routing-rules":
        path = tmp_path / "all.json"
        path.write_text('{"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}}')
        site = start(option, str(path))
    else:
        relay.answer("", 200, CONFIGURATION % b"<RedirectAllRequestsTo><HostName>www.example.com</HostName>"
                     b"<Protocol>https</Protocol></RedirectAllRequestsTo>")  # fmt: skip
        site = start(option)
    assert where(site.get("/a/b?c")) == (301, "https://www.example.com/a/b?c")
    assert where(site.get("/")) == (301, "https://www.example.com/")


def test_the_configuration_of_the_bucket(start: StartSite, key_prefix: str, relay: Relay) -> None:
    """Documents and rules are those of the bucket; --spa, which it does not know, is the flags'."""
    relay.answer(
        "",
        200,
        CONFIGURATION
        % b"<IndexDocument><Suffix>home.html</Suffix></IndexDocument><ErrorDocument><Key>oh.html</Key></ErrorDocument>"
        b"<RoutingRules><RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>"
        b"<Redirect><HttpRedirectCode>308</HttpRedirectCode><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect>"
        b"</RoutingRule></RoutingRules>",
    )
    site = start("--website-from-bucket", "--error-document", "404.html", "--spa")
    put(site, key_prefix, home=INDEX, oh=PAGE)
    assert site.get("/").body == INDEX
    assert site.get("/users").body == INDEX
    assert (site.get("/a.js").status, site.get("/a.js").body) == (404, PAGE)
    assert where(site.get("/old/a")) == (308, "/new/a")
    assert site.relay.count(key="") == 1
    assert is_told(site, "website of the bucket: index 'home.html', error document 'oh.html', 1 routing rules")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            (200, CONFIGURATION % b"<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"),
            "IndexDocument: Suffix must be",
        ),
        ((403, FORBIDDEN), "the flags count: AccessDenied"),
        ((501, b"<Error><Code>NotImplemented</Code></Error>"), "the flags count: the bucket answered 501"),
    ],
    ids=["mistake", "forbidden", "not-implemented"],
)
def test_a_configuration_that_cannot_be_used(
    start: StartSite, key_prefix: str, relay: Relay, answer: tuple[int, bytes], told: str
) -> None:
    """One line says why, and the flags count; that the bucket gives objects is another matter."""
    relay.answer("", *answer)
    site = start("--website-from-bucket", "--error-document", "404.html")
    put(site, key_prefix, **{"404": PAGE, "index": INDEX})
    assert site.get("/").body == INDEX
    assert (site.get("/a/").status, site.get("/a/").body) == (404, PAGE)
    assert is_told(site, "website configuration cannot be used")
    lines = [line for line in site.server.log().splitlines() if "website configuration cannot be used" in line]
    assert len(lines) == 1
    assert told in lines[0]


def test_a_bucket_without_configuration(start: StartSite, key_prefix: str) -> None:
    """SeaweedFS says so as AWS does: the flags count."""
    site = start("--website-from-bucket", "--index", "home.html")
    put(site, key_prefix, home=INDEX)
    assert site.get("/").body == INDEX
    assert is_told(site, "the bucket has no website configuration: the flags count")
    assert site.server.log().count("the bucket has no website configuration: the flags count") == 1


def test_requests_wait_for_the_configuration(start: StartSite, key_prefix: str, relay: Relay) -> None:
    """But not for long: a store that does not answer is no reason to serve nothing of what it does give."""
    with relay.hold("") as barrier:
        site = start("--website-from-bucket")
        put(site, key_prefix, index=INDEX)
        assert barrier.arrived.wait(PATIENCE_SECONDS)
        assert site.get("/").body == INDEX
