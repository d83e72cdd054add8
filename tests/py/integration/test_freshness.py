"""What is served once it is stale, and what it costs to find out: against a real store, through a relay that counts."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from support.exchange import Exchange
from support.http_reply import Reply
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar
from support.site import Site
from support.until import PATIENCE_SECONDS, until

CLEAR = "/_proxy/_private/_cache/clear"
BODY = bytes(range(256)) * 1000
STALE_AT_ONCE = "max-age=0, stale-while-revalidate=0"
ATTEMPTS = 3
FAILURES_TO_OPEN = 5
LONG_PAUSE_SECONDS = 4

StartSite: TypeAlias = Callable[..., Site]
Break: TypeAlias = Callable[[Relay, str], object]

OUTAGES: list[tuple[str, Break, int]] = [
    ("refused", lambda relay, _: relay.refuse(), 503),
    ("503", lambda relay, key: relay.answer(key, 503), 503),
    ("500", lambda relay, key: relay.answer(key, 500), 503),
    ("silent", lambda relay, key: relay.hold(key), 504),
    ("cut", lambda relay, key: relay.cut_after(key, -1), 503),
]


@pytest.fixture(scope="module")
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """Use one store: the other one differs in nothing that matters here."""
    return seaweedfs


@pytest.fixture
def start(store: SeaweedFS, relay: Relay, start_sidecar: StartSidecar) -> StartSite:
    """Start a server of one worker behind the test's relay."""

    def begin(*options: str, workers: int = 1) -> Site:
        return Site(store, relay, start_sidecar(relay, *options, workers=workers))

    return begin


def told(reply: Reply) -> str:
    """What the answer says of the cache."""
    return reply.header("cache-status") or ""


def asked(site: Site, key: str) -> list[Exchange]:
    """What the store was asked for an object, in order."""
    return [seen for seen in site.relay.exchanges if seen.key == key]


@pytest.mark.parametrize("cache_control", [STALE_AT_ONCE, "no-cache", "max-age=0, must-revalidate"])
def test_a_revalidation_moves_no_body(site: Site, key_prefix: str, cache_control: str) -> None:
    """What is stale is asked for with its ETag, and the store's 304 is all that comes."""
    key = f"{key_prefix}a"
    etag = site.store.put(key, BODY, cache_control=cache_control)
    replies = [site.get(f"/{key}") for _ in range(4)]
    assert {reply.body == BODY for reply in replies} == {True}
    first, *others = asked(site, key)
    assert (first.status, first.body_bytes) == (200, len(BODY))
    assert [(seen.status, seen.body_bytes, seen.header("if-none-match")) for seen in others] == [(304, 0, etag)] * 3
    assert {"fwd=stale; fwd-status=304" in told(reply) for reply in replies[1:]} == {True}


def test_a_ttl_of_nothing_revalidates(start: StartSite, key_prefix: str) -> None:
    """--ttl 0 makes every object stale at once that says nothing of its own freshness."""
    site = start("--ttl", "0", "--stale-while-revalidate", "0")
    site.store.put(f"{key_prefix}a", BODY)
    site.store.put(f"{key_prefix}own", BODY, cache_control="max-age=60")
    for name, statuses in (("a", [200, 304, 304]), ("own", [200])):
        assert {site.get(f"/{key_prefix}{name}").body == BODY for _ in range(3)} == {True}
        assert [seen.status for seen in asked(site, f"{key_prefix}{name}")] == statuses


def test_a_changed_object_is_served_anew(site: Site, key_prefix: str) -> None:
    """The revalidation brings the new body, its type and its ETag."""
    key = f"{key_prefix}a"
    site.store.put(key, b"one", cache_control=STALE_AT_ONCE, content_type="text/plain")
    assert site.get(f"/{key}").body == b"one"
    etag = site.store.put(key, b"two!", cache_control=STALE_AT_ONCE, content_type="text/css")
    reply = site.get(f"/{key}")
    assert (reply.body, reply.header("etag"), reply.header("content-type")) == (b"two!", etag, "text/css")
    assert "fwd-status=200" in told(reply)


def test_a_deleted_object_is_missing(site: Site, key_prefix: str) -> None:
    """The revalidation that finds nothing is a 404 for every worker, and nothing old comes back in an outage."""
    key = f"{key_prefix}a"
    site.store.put(key, b"one", cache_control=STALE_AT_ONCE)
    assert {site.get(f"/{key}").body for _ in range(6)} == {b"one"}
    site.store.delete(key)
    assert {site.get(f"/{key}").status for _ in range(6)} == {404}


def test_new_headers_come_with_a_304(site: Site, key_prefix: str) -> None:
    """An object whose Cache-Control has changed, and nothing else, is fresh again without a transfer."""
    key = f"{key_prefix}a"
    site.store.put(key, BODY, cache_control=STALE_AT_ONCE)
    site.get(f"/{key}")
    site.relay.answer(key, 304, headers={"Cache-Control": "max-age=500"}, times=1)
    assert site.get(f"/{key}").header("cache-control") == "max-age=500"
    assert {site.get(f"/{key}").header("cache-control") for _ in range(6)} == {"max-age=500"}
    assert site.fetches(key) == 2


def test_stale_while_revalidate_answers_at_once(site: Site, key_prefix: str) -> None:
    """The old body is served while the store is silent; one revalidation is under way, however many ask."""
    key, cache_control = f"{key_prefix}a", "max-age=0, stale-while-revalidate=60"
    site.store.put(key, b"one", cache_control=cache_control)
    assert {site.get(f"/{key}").body for _ in range(6)} == {b"one"}
    with site.relay.hold(key) as barrier:
        # A revalidation of before may be under way still, and what it began with has no part in this.
        until(lambda: site.get(f"/{key}").body == b"one" and barrier.arrived.is_set())
        before = site.fetches(key)
        site.store.put(key, b"two", cache_control=cache_control)
        replies = [site.get(f"/{key}") for _ in range(20)]
        assert barrier.reached.wait(PATIENCE_SECONDS)
        assert site.fetches(key) == before
    assert {reply.body for reply in replies} == {b"one"}
    assert {"; hit; ttl=-" in told(reply) for reply in replies} == {True}
    site.server.process.wait_until(lambda: {site.get(f"/{key}").body for _ in range(6)} == {b"two"})


@pytest.mark.parametrize(("broken", "status"), [row[1:] for row in OUTAGES], ids=[row[0] for row in OUTAGES])
def test_an_outage_is_bridged(start: StartSite, key_prefix: str, broken: Break, status: int) -> None:
    """A stale copy is served with 200, and says so; what must not be served stale, or was never stored, is a 5xx."""
    site = start("--origin-first-byte-timeout", "1")
    bridged, bound, cold = (f"{key_prefix}{name}" for name in ("bridged", "bound", "cold"))
    site.store.put(bridged, b"one", cache_control=STALE_AT_ONCE)
    site.store.put(bound, b"one", cache_control="max-age=0, must-revalidate")
    site.store.put(cold, b"one")
    assert {site.get(f"/{key}").status for key in (bridged, bound)} == {200}
    for key in (bridged, bound, cold):
        broken(site.relay, key)
    replies = [site.get(f"/{key}") for key in (bridged, bound, cold)]
    assert [(reply.status, reply.body == b"one") for reply in replies] == [
        (200, True),
        (status, False),
        (status, False),
    ]
    assert "fwd=stale; ttl=-" in told(replies[0])
    assert "detail=stale-if-error" in told(replies[0])
    site.relay.heal()
    site.relay.accept()
    assert {site.get(f"/{key}").body for key in (bridged, bound, cold)} == {b"one"}


@pytest.mark.parametrize("cache_control", ["no-cache", "max-age=0, stale-if-error=0", "s-maxage=0"])
def test_an_object_may_forbid_to_be_served_stale(site: Site, key_prefix: str, cache_control: str) -> None:
    """Its own Cache-Control wins over --stale-if-error."""
    key = f"{key_prefix}a"
    site.store.put(key, b"one", cache_control=f"{cache_control}, stale-while-revalidate=0")
    assert site.get(f"/{key}").status == 200
    site.relay.answer(key, 503)
    assert site.get(f"/{key}").status == 503
    site.relay.heal()
    assert {site.get(f"/{key}").status for _ in range(4)} == {200}


def test_a_restart_keeps_the_bodies(start: StartSite, key_prefix: str) -> None:
    """After a restart what was fresh is asked for again, and a 304 makes it fresh for every worker."""
    site = start(workers=2)
    keys = [f"{key_prefix}{number}" for number in range(3)]
    for key in keys:
        site.store.put(key, BODY)
        site.get(f"/{key}")
    assert site.server.stop() == 0
    site.relay.reset()
    site.server.start()
    assert {site.get(f"/{key}").body == BODY for key in keys * 4} == {True}
    assert [[(seen.status, seen.body_bytes) for seen in asked(site, key)] for key in keys] == [[(304, 0)]] * 3


def test_a_restart_in_an_outage_serves_what_is_there(start: StartSite, key_prefix: str) -> None:
    """After a restart with the store gone, what was stored before is served as stale."""
    site = start()
    site.store.put(f"{key_prefix}a", BODY)
    site.get(f"/{key_prefix}a")
    assert site.server.stop() == 0
    site.relay.refuse()
    site.server.start()
    replies = [site.get(f"/{key_prefix}a") for _ in range(3)]
    assert {(reply.status, reply.body == BODY) for reply in replies} == {(200, True)}
    assert {"detail=stale-if-error" in told(reply) for reply in replies} == {True}


@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
def test_nothing_comes_back_after_a_clear(start: StartSite, key_prefix: str, *, is_restarted: bool) -> None:
    """What was cleared is not served in an outage either."""
    site = start(workers=2)
    site.store.put(f"{key_prefix}a", BODY)
    assert {site.get(f"/{key_prefix}a").status for _ in range(6)} == {200}
    assert site.get(CLEAR, authorization="Bearer abc123").status == 304
    site.relay.refuse()
    if is_restarted:
        assert site.server.stop() == 0
        site.server.start()
    assert {site.get(f"/{key_prefix}a").status for _ in range(6)} == {503}


def test_nothing_comes_back_after_a_clear_and_a_crash(start: StartSite, key_prefix: str) -> None:
    """The whole server is killed right after its 304 to a clear: what was cleared is not served after the restart."""
    site = start(workers=2)
    keys = [f"{key_prefix}{number}" for number in range(40)]
    for key in keys:
        site.store.put(key, BODY)
        site.get(f"/{key}")
    assert site.get(CLEAR, authorization="Bearer abc123").status == 304
    site.server.kill()
    site.relay.refuse()
    site.server.start()
    assert {site.get(f"/{key}").status for key in keys} == {503}


def test_only_if_cached_asks_nobody(site: Site, key_prefix: str) -> None:
    """504 for what is not stored; what is, by whichever worker, is a hit; the store hears nothing of it."""
    key = f"{key_prefix}a"
    site.store.put(key, b"one")
    assert {site.get(f"/{key}", cache_control="only-if-cached").status for _ in range(6)} == {504}
    assert site.fetches(key) == 0
    site.get(f"/{key}")
    replies = [site.get(f"/{key}", cache_control="only-if-cached") for _ in range(6)]
    assert {(reply.status, "; hit" in told(reply)) for reply in replies} == {(200, True)}
    assert site.fetches(key) == 1


@pytest.mark.parametrize("directive", ["no-cache", "no-store", "max-age=0", "min-fresh=99999"])
def test_a_clients_cache_control_is_ignored(site: Site, key_prefix: str, directive: str) -> None:
    """A reload in a browser costs the store nothing."""
    key = f"{key_prefix}a"
    site.store.put(key, b"one")
    site.get(f"/{key}")
    replies = [site.get(f"/{key}", cache_control=directive) for _ in range(6)]
    assert {"; hit" in told(reply) for reply in replies} == {True}
    assert site.fetches(key) == 1


def test_a_clients_cache_control_may_be_honoured(start: StartSite, key_prefix: str) -> None:
    """With --honor-client-cache-control a client may have an object revalidated, or fetched for itself alone."""
    site = start("--honor-client-cache-control", "true")
    key = f"{key_prefix}a"
    site.store.put(key, b"one")
    site.get(f"/{key}")
    expected = {"no-cache": 304, "min-fresh=99999": 304, "no-store": 200}
    for directive in expected:
        reply = site.get(f"/{key}", cache_control=directive)
        assert (reply.status, reply.body, "; hit" in told(reply)) == (200, b"one", False), directive
    assert "; hit" in told(site.get(f"/{key}", cache_control="max-age=1000"))
    assert [seen.status for seen in asked(site, key)] == [200, *expected.values()]


def test_a_missing_object_has_a_freshness_of_its_own(start: StartSite, key_prefix: str) -> None:
    """--negative-ttl 0 asks each time; by itself it leaves the objects' freshness alone."""
    site = start("--negative-ttl", "0")
    site.store.put(f"{key_prefix}a", b"one")
    for name, status in (("a", 200), ("gone", 404)):
        assert {site.get(f"/{key_prefix}{name}").status for _ in range(3)} == {status}
    assert [site.fetches(f"{key_prefix}{name}") for name in ("a", "gone")] == [1, 3]
    site.store.put(f"{key_prefix}gone", b"here")
    assert site.get(f"/{key_prefix}gone").body == b"here"


def test_a_missing_object_is_remembered_longer_than_others(start: StartSite, key_prefix: str) -> None:
    """--negative-ttl may be longer than the TTL."""
    site = start("--ttl", "0", "--negative-ttl", "300", "--stale-while-revalidate", "0")
    site.store.put(f"{key_prefix}a", b"one")
    for name in ("a", "gone"):
        for _ in range(3):
            site.get(f"/{key_prefix}{name}")
    assert [site.fetches(f"{key_prefix}{name}") for name in ("a", "gone")] == [3, 1]


def test_a_dead_store_is_left_alone(start: StartSite, key_prefix: str) -> None:
    """After five failures in a row requests fail at once, and stale copies are served, without asking the store."""
    site = start()
    stale = f"{key_prefix}stale"
    site.store.put(stale, b"one", cache_control=STALE_AT_ONCE)
    site.get(f"/{stale}")
    site.relay.reset()
    site.relay.answer(None, 503)
    assert {site.get(f"/{key_prefix}{number}").status for number in range(FAILURES_TO_OPEN)} == {503}
    assert site.relay.count() == FAILURES_TO_OPEN * ATTEMPTS
    # Probes fail, too: before long the pause is longer than anything that holds a test up.
    until(lambda: int(site.get(f"/{key_prefix}next").header("retry-after") or "0") >= LONG_PAUSE_SECONDS)
    before = site.relay.count()
    refused = site.get(f"/{key_prefix}next")
    assert refused.status == 503
    assert 1 <= int(refused.header("retry-after") or "0") <= LONG_PAUSE_SECONDS
    assert site.get(f"/{stale}").body == b"one"
    assert site.relay.count() == before
    site.relay.heal()
    site.server.process.wait_until(lambda: site.get(f"/{key_prefix}next").status == 404)
    assert site.get(f"/{stale}").status == 200
