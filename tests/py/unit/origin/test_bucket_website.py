"""The rules that are read from the bucket while it is being served."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.scripted_origin import Barrier, ScriptedConfiguration
from support.until import PATIENCE_SECONDS
from unit.cache.node import clients, settle

from sidecar.errors import OriginForbidden, OriginUnavailable
from sidecar.origin.bucket_website import BucketWebsite
from sidecar.origin.routing import Destination, RoutingRule
from sidecar.origin.website import Website
from sidecar.tasks import Tasks

FLAGS = Website(index="flag.html", error_document="flag-404.html", is_single_page=True)
HOME: Mapping[str, Any] = {"IndexDocument": {"Suffix": "home.html"}, "ResponseMetadata": {}}
RULES: Mapping[str, Any] = {"RoutingRules": [{"Redirect": {"HostName": "www.example.com"}}]}
WRONG: Mapping[str, Any] = {"RoutingRules": [{"Redirect": {"HttpRedirectCode": "200", "ReplaceKeyWith": "a"}}]}
AT_ONCE = (0.0, 0.0)
NEVER = (3600.0, 3600.0)


@asynccontextmanager
async def following(
    bucket: ScriptedConfiguration,
    pauses: tuple[float, float] = NEVER,
    *,
    flags: Website = FLAGS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> AsyncIterator[BucketWebsite]:
    """A worker's rules, while they are being read."""
    website = BucketWebsite(bucket, flags, pauses=pauses, patience_seconds=patience_seconds)
    tasks = Tasks()
    tasks.spawn(website.follow(), name="follow")
    await settle(1)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield website
    finally:
        await tasks.cancel_all()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """What was logged."""
    return [(record.levelno, record.getMessage()) for record in caplog.records]


async def test_the_buckets_configuration_counts() -> None:
    """What it says wins over the flags; what it does not say, and what S3 does not know, stays."""
    async with following(ScriptedConfiguration((HOME,))) as website:
        assert await website.current() == Website("home.html", "flag-404.html", is_single_page=True)


async def test_the_buckets_rules_take_the_place_of_the_files() -> None:
    """Two lists of rules would have no order between them."""
    of_the_file = Website(rules=(RoutingRule(Destination(replace_key="a")),))
    async with following(ScriptedConfiguration((RULES,)), flags=of_the_file) as website:
        assert (await website.current()).rules == (RoutingRule(Destination(host="www.example.com")),)


async def test_requests_wait_for_the_first_reading() -> None:
    """A visitor who comes early is not sent by the wrong rules."""
    barrier = Barrier()
    async with following(ScriptedConfiguration((barrier, HOME))) as website:
        await barrier.reached()
        async with clients(website.current()) as (early,):
            assert not early.done()
            barrier.release()
        assert early.result().index == "home.html"


async def test_requests_wait_for_so_long_only() -> None:
    """A bucket that says nothing holds up nobody for good: the flags count until it does."""
    barrier = Barrier()
    async with following(ScriptedConfiguration((barrier, HOME)), patience_seconds=0.0) as website:
        assert await website.current() == FLAGS
        assert barrier.is_reached
        barrier.release()
        await settle()
        assert (await website.current()).index == "home.html"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((OriginUnavailable("it is down"),), "cannot be used, the flags count: it is down"),
        ((OriginForbidden("AccessDenied"),), "cannot be used, the flags count: AccessDenied"),
        ((WRONG,), "cannot be used, the flags count: routing rule 1: Redirect: HttpRedirectCode must be"),
        ((), "has no website configuration: the flags count"),
    ],
    ids=["outage", "forbidden", "mistake", "none"],
)
async def test_without_one_the_flags_count(
    caplog: pytest.LogCaptureFixture, answer: tuple[Mapping[str, Any] | Exception, ...], words: str
) -> None:
    """And however often it is read again, one line says so."""
    last = Barrier()
    bucket = ScriptedConfiguration(answer, answer, answer, (last,))
    with caplog.at_level(logging.INFO):
        async with following(bucket, AT_ONCE) as website:
            await last.reached()
            assert await website.current() == FLAGS
    assert bucket.readings == 4
    assert len(told(caplog)) == 1
    assert words in told(caplog)[0][1]


async def test_it_is_read_again(caplog: pytest.LogCaptureFixture) -> None:
    """What has changed is taken over, and told once; an outage takes nothing back, a removal does."""
    barriers = [Barrier() for _ in range(4)]
    outage = OriginUnavailable("it is down")
    bucket = ScriptedConfiguration((HOME,), (barriers[0], RULES), (barriers[1], outage), (barriers[2],), (barriers[3],))
    seen = []
    with caplog.at_level(logging.INFO):
        async with following(bucket, AT_ONCE) as website:
            for barrier in barriers:
                await barrier.reached()
                current = await website.current()
                seen.append((current.index, len(current.rules)))
                barrier.release()
    assert seen == [("home.html", 0), ("flag.html", 1), ("flag.html", 1), ("flag.html", 0)]
    assert [level for level, _ in told(caplog)] == [logging.INFO, logging.INFO, logging.ERROR, logging.WARNING]
    assert "what was read before goes on: it is down" in told(caplog)[2][1]


async def test_the_same_rules_are_the_same_object() -> None:
    """What is kept of answers stays good when a reading brings nothing new, and not when it does."""
    barriers = [Barrier(), Barrier()]
    async with following(ScriptedConfiguration((HOME,), (barriers[0], HOME), (barriers[1], RULES)), AT_ONCE) as website:
        await barriers[0].reached()
        known = website.known
        barriers[0].release()
        await barriers[1].reached()
        assert website.known is known
        barriers[1].release()
        await settle()
        assert website.known is not known


async def test_a_failure_is_soon_tried_again() -> None:
    """The pause after it is another one."""
    barrier = Barrier()
    bucket = ScriptedConfiguration((OriginUnavailable("it is down"),), (barrier,))
    async with following(bucket, (NEVER[0], 0.0)):
        await barrier.reached()
        assert bucket.readings == 2
