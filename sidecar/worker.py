"""What one worker holds beside Sanic, made and joined here."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ops.metrics.numbers import Counts, Part, parts_of
from ops.metrics.observer import Metrics
from ops.metrics.pauses import Pauses
from ops.metrics.sampler import Sampler
from ops.recording.handover import handover_of
from sidecar.acceptance import Acceptance, GiveUp
from sidecar.audience import Audience
from sidecar.bounds import bounds_of, coding_of, limits_of
from sidecar.cache.engine import Engine, Place
from sidecar.cache.epoch import Epoch
from sidecar.cache.purge import PurgeJournal
from sidecar.cache.release import Release
from sidecar.cache.tools import FailureLog, Tools, disk_log
from sidecar.clock import SystemClock
from sidecar.management import Desk, Management
from sidecar.observe import Observer, Vitals
from sidecar.origin.bucket_website import BucketWebsite
from sidecar.origin.observed import ObservedOrigin
from sidecar.origin.place import place_of
from sidecar.origin.website import Website, flags_of, website_of
from sidecar.server import lifecycle
from sidecar.server.certificate import certificate_of
from sidecar.server.site import FixedFolder, Folder, Site, Sites
from sidecar.server.waiting_list import WaitingLists
from sidecar.settings import BucketSettings, Mount, Settings, worker_number
from sidecar.settings.shown import shown
from sidecar.shared import Shared
from sidecar.store.bodies import FileBodies
from sidecar.store.coders import Coders
from sidecar.store.ledger import Ledger
from sidecar.store.metadata import Metadata
from sidecar.store.room import Room
from sidecar.tasks import Tasks
from sidecar.vitals import Pulse

if TYPE_CHECKING:
    from sidecar.origin.s3 import S3Origin
    from sidecar.store.watch import Watch


class Worker:
    """What one worker holds beside Sanic: its sites, and all they share."""

    def __init__(self, settings: Settings, shared: Shared) -> None:
        clock, log = SystemClock(), disk_log(SystemClock())
        self._tasks = Tasks()
        counts = Counts(Part(shared.numbers, worker_number()))
        self.metrics = Metrics(counts)
        self._handover = handover_of(settings, self.metrics, shared.records, counts)
        self.audience = Audience(settings, self.observer)
        room = Room(settings.cache_dir, bounds_of(settings), Ledger(shared.counts, worker_number()))
        self._bodies = FileBodies(settings.cache_dir, room, clock)
        self._coders = Coders()
        self._origins = _origins(settings)
        make_tools = self._make_tools(settings, shared, log)
        observed = {bucket: ObservedOrigin(origin, self.metrics, clock) for bucket, origin in self._origins.items()}
        desks = {
            bucket: _desk(place_of(bucket, observed), make_tools(origin=origin), self._tasks)
            for bucket, origin in observed.items()
        }
        engines = {bucket: desk.engine for bucket, desk in desks.items()}
        self._followed: list[BucketWebsite] = []
        make_site = partial(self._site, engines, reads_bucket=settings.website_from_bucket)
        release = Release(shared.release, settings.prefix)
        root = make_site(replace(settings.root, path=""), website_of(settings), release)
        self.sites = Sites(root, [make_site(mount, flags_of(settings)) for mount in settings.mounts])
        by_engine = {desk.engine: desk for desk in desks.values()}
        told = (self.metrics.purged, shown(settings))
        self.management = Management(self.sites, by_engine, release, self._tasks, told)
        self._root = observed[_whole(settings.root)]
        self._pulse = Pulse(by_engine, self._origins.values(), self._root, room, log)
        self._sampler = Sampler(counts, self._vitals, self._probe, clock)
        self.acceptance = Acceptance(settings, self._root, room)
        self._parts = parts_of(shared.numbers)
        self._pauses = Pauses(counts)
        self.certificate = certificate_of(settings)
        self.watch: Watch | None = None
        self.lists = WaitingLists(time.monotonic)

    @property
    def observer(self) -> Observer:
        """Who is told of every request."""
        return self.metrics if self._handover is None else self._handover

    def _make_tools(self, settings: Settings, shared: Shared, log: FailureLog) -> "partial[Tools]":
        """What all engines share; each brings its origin."""
        return partial(
            Tools,
            metadata=Metadata(settings.cache_max_entries),
            bodies=self._bodies,
            epoch=Epoch(shared.epoch),
            purges=PurgeJournal(shared.purges),
            clock=SystemClock(),
            limits=limits_of(settings),
            coding=coding_of(settings),
            coders=self._coders,
            disk_log=log,
            events=self.metrics,
        )

    def _site(
        self,
        engines: Mapping[BucketSettings, Engine],
        mount: Mount,
        website: Website,
        folder: Folder | None = None,
        *,
        reads_bucket: bool,
    ) -> Site:
        """A site with these rules, or those of its bucket; each reads its own, as each may have other flags."""
        bucket, rules = _whole(mount), None
        if reads_bucket:
            rules = BucketWebsite(self._origins[bucket], website)
            self._followed.append(rules)
        return Site(mount.path, website, engines[bucket], folder or FixedFolder(mount.origin.prefix), rules)

    async def open(self, give_up: GiveUp | None) -> None:
        """Begin to look for credentials: requests wait for that, the worker's start does not.

        The first worker of a server is told how to `give_up` when they are none.
        """
        if self.certificate is not None:
            self._tasks.spawn(self.certificate.keep_current(), name="keep the certificate current")
        self._tasks.spawn(self._connect(), name="connect to the buckets")
        for origin in self._origins.values():
            self._tasks.spawn(origin.keep_credentials(), name="keep credentials")
        self._pauses.begin()
        if give_up is not None:
            asked = self.acceptance.check(self.sites.root.object_key("/"), give_up)
            self._tasks.spawn(asked, name="check the credentials")
        self._tasks.spawn(self._sampler.run(self._parts), name="sample")
        if self._handover is not None:
            self._tasks.spawn(self._handover.run(), name="hand over records")
        for website in self._followed:
            self._tasks.spawn(website.follow(), name="follow a bucket's website configuration")

    async def _connect(self) -> None:
        """Get ready to ask the buckets: what describes S3 is large, and stays."""
        await asyncio.gather(*(origin.connect() for origin in self._origins.values()))
        lifecycle.settle()

    async def close(self) -> None:
        """Give up what is still being fetched, and close every file and connection."""
        await self._tasks.cancel_all()
        self._pauses.end()
        if self._handover is not None:
            await self._handover.finish()
        self._sampler.look()  # what was counted since it looked last
        for origin in self._origins.values():
            await origin.close()
        self._coders.close()
        self._bodies.close()
        if self.watch is not None:
            self.watch.close()
        self.audience.close()

    def _vitals(self) -> Vitals:
        vitals = self._pulse.take()
        waiting = vitals.waiting + self.lists.waiting
        return replace(vitals, waiting=waiting, access_log_lost=self.audience.lost_lines)

    def _probe(self) -> None:
        """Begin to ask the root's bucket whether it answers."""
        self._tasks.spawn(self._ask_root(), name="probe the bucket")

    async def _ask_root(self) -> None:
        await self._root.probe(self.sites.root.object_key("/"))


def _desk(place: Place, tools: Tools, tasks: Tasks) -> Desk:
    return Desk(Engine(place, tools, tasks), place, tools)


def _origins(settings: Settings) -> "dict[BucketSettings, S3Origin]":
    """One for each bucket and way to it, however many mounts lead there."""
    # The main process asks no bucket, and botocore takes 11 MB.
    from sidecar.origin.s3 import S3Origin, new_session  # noqa: PLC0415
    from sidecar.origin.s3_bucket import OWN_KEYS, bucket_of  # noqa: PLC0415

    session = new_session()
    own_keys = {_whole(mount): f"key and secret of the mount at {mount.path}" for mount in reversed(settings.mounts)}
    own_keys |= {bucket: OWN_KEYS for bucket in own_keys if bucket.key == settings.key}
    own_keys |= {_whole(settings.root): OWN_KEYS}
    return {bucket: S3Origin(bucket_of(bucket, keys), session) for bucket, keys in own_keys.items()}


def _whole(mount: Mount) -> BucketSettings:
    """The mount's bucket, whichever folder of it is served."""
    return replace(mount.origin, prefix="")
