"""Objects that lead elsewhere, in front of a real store that keeps x-amz-website-redirect-location."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import pytest
from support.http_reply import Reply
from support.rclone import Rclone
from support.relay import Relay
from support.sidecar import StartSidecar
from support.site import Site
from support.until import until

StartSite: TypeAlias = Callable[..., Site]


@pytest.fixture(scope="module")
def store(rclone: Rclone) -> Rclone:
    """Use the store that keeps the header."""
    return rclone


@pytest.fixture
def start(store: Rclone, relay: Relay, key_prefix: str, start_sidecar: StartSidecar) -> StartSite:
    """Start a server behind the test's relay; the root of its website is the test's folder."""

    def begin(*options: str, workers: int = 1) -> Site:
        return Site(store, relay, start_sidecar(relay, "--prefix", key_prefix, *options, workers=workers))

    return begin


def where(reply: Reply) -> tuple[int, str | None]:
    """Where an answer leads."""
    return reply.status, reply.header("location")


def is_hit(site: Site, target: str) -> bool:
    """Whether the answer comes out of the cache: the fill of an empty object ends a moment after its head."""
    return "; hit" in (site.get(target).header("cache-status") or "")


def test_an_object_leads_elsewhere(start: StartSite, key_prefix: str) -> None:
    """A 301, as fresh as the object, out of the cache, for HEAD too; the header itself stays inside."""
    site = start()
    for location in ("/new.html", "https://www.example.com/a?b#c", "http://www.example.com/"):
        name = f"{len(location)}.html"
        site.store.put(f"{key_prefix}{name}", b"", website_redirect_location=location, cache_control="max-age=77")
        replies = [site.get(f"/{name}"), site.get(f"/{name}?a=b"), site.get(f"/{name}", method="HEAD")]
        assert {where(reply) for reply in replies} == {(301, location)}
        assert {reply.header("cache-control") for reply in replies} == {"max-age=77"}
        assert not [header for reply in replies for header, _ in reply.headers if header.startswith("x-amz")]
        site.server.process.wait_until(partial(is_hit, site, f"/{name}"))
        assert site.fetches(f"{key_prefix}{name}") == 1


def test_it_is_known_in_every_worker_and_after_a_restart(start: StartSite, key_prefix: str) -> None:
    """It lies beside the body that is stored."""
    site = start(workers=2)
    site.store.put(f"{key_prefix}old.html", b"moved", website_redirect_location="/new.html")
    assert {where(site.get("/old.html")) for _ in range(10)} == {(301, "/new.html")}
    assert site.fetches(f"{key_prefix}old.html") == 1
    site.server.stop()
    site.server.start()
    site.relay.refuse()
    assert where(site.get("/old.html")) == (301, "/new.html")
    site.relay.accept()


def test_another_redirect_is_seen_though_the_body_is_the_same(start: StartSite, key_prefix: str) -> None:
    """A store says 304 for the same body: a redirect is not asked for by what its body was."""
    site = start("--ttl", "0", "--stale-while-revalidate", "0")
    for location in ("/one", "/two"):
        site.store.put(f"{key_prefix}old.html", b"", website_redirect_location=location)
        # Who asks while the fill before is just about to end is answered by that, without another request.
        site.server.process.wait_until(lambda: where(site.get("/old.html")) == (301, location))  # noqa: B023 - called in this round
    asked = [seen.header("if-none-match") for seen in site.relay.exchanges if seen.key == f"{key_prefix}old.html"]
    assert asked == [None, None]


def test_a_folders_index_may_lead_elsewhere(start: StartSite, key_prefix: str) -> None:
    """Its slash comes first."""
    site = start()
    site.store.put(f"{key_prefix}docs/index.html", b"", website_redirect_location="/manual/")
    assert where(site.get("/docs")) == (302, "/docs/")
    assert where(site.get("/docs/")) == (301, "/manual/")


def test_what_is_no_place_is_no_redirect(start: StartSite, key_prefix: str) -> None:
    """The object is served, and one line in the log says what is wrong with it."""
    site = start()
    headers = {"x-amz-website-redirect-location": "javascript:alert(1)", "ETag": '"a"'}
    site.relay.answer(f"{key_prefix}a.html", 200, b"<p>here</p>", headers=headers)
    replies = [site.get("/a.html") for _ in range(3)]
    assert {(where(reply), reply.body) for reply in replies} == {((200, None), b"<p>here</p>")}
    until(lambda: "x-amz-website-redirect-location" in site.server.log())
    told = [line for line in site.server.log().splitlines() if "x-amz-website-redirect-location" in line]
    assert len(told) == 1
    assert "'javascript:alert(1)' is no path and no http or https URL" in told[0]
