"""The composition root: everything is made and joined here, once in each worker."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from sanic import Sanic

from ops.auth import BearerToken
from ops.blueprint import create_blueprint
from sidecar.cache.engine import Engine
from sidecar.cache.epoch import Epoch
from sidecar.cache.eviction import Bounds
from sidecar.cache.freshness import Limits
from sidecar.cache.negotiation import CodingRules
from sidecar.cache.purge import PurgeJournal
from sidecar.cache.release import Release
from sidecar.cache.tools import Tools, disk_log
from sidecar.clock import SystemClock
from sidecar.errors import SettingsError
from sidecar.http.cors import ALLOWED_METHODS
from sidecar.http.encoding import CODINGS
from sidecar.http.header_rules import HeaderRules
from sidecar.observe import RequestRecord
from sidecar.origin.bucket_website import BucketWebsite
from sidecar.origin.place import place_of
from sidecar.origin.s3 import OWN_KEYS, S3Origin, bucket_of, new_session
from sidecar.origin.website import Website, flags_of, website_of
from sidecar.server import lifecycle, logs
from sidecar.server.certificate import CertificateLoader, certificate_of
from sidecar.server.faults import FaultHandler
from sidecar.server.finish import Finish
from sidecar.server.front import Front
from sidecar.server.handlers import Rules, WebsiteHandler
from sidecar.server.hot_keeping import HotKeeping
from sidecar.server.hotpath import HotPath
from sidecar.server.listener import Listener
from sidecar.server.site import FixedFolder, Folder, Site, Sites
from sidecar.settings import BucketSettings, Mount, Settings, worker_number
from sidecar.shared import Shared
from sidecar.store.bodies import FileBodies, finish_clear, sweep
from sidecar.store.coders import Coders
from sidecar.store.ledger import Ledger
from sidecar.store.metadata import Metadata
from sidecar.store.paths import prepare_directory
from sidecar.store.room import Room, default_max_bytes
from sidecar.store.watch import Watch
from sidecar.tasks import Tasks

logger = logging.getLogger(__name__)
requests = logging.getLogger("sidecar.requests")

_NAME = "s3-sidecar"
_METHODS = tuple(ALLOWED_METHODS.split(", "))


class RequestLog:
    """Tells the log of every request, at debug level."""

    def request_answered(self, record: RequestRecord) -> None:
        """One line for each."""
        if requests.isEnabledFor(logging.DEBUG):
            requests.debug(
                "%s %r %d %dB %.1fms cache=%s from=%s",
                record.method,
                record.resource,
                record.status,
                record.body_bytes,
                record.duration_ns / 1e6,
                record.outcome,
                record.client.address,
            )


class Worker:
    """What one worker holds beside Sanic: its sites, and all they share."""

    def __init__(self, settings: Settings, shared: Shared) -> None:
        clock = SystemClock()
        self._tasks = Tasks()
        room = Room(settings.cache_dir, _bounds(settings), Ledger(shared.counts, worker_number()))
        self._bodies = FileBodies(settings.cache_dir, room, clock)
        self._coders = Coders()
        self._origins = _origins(settings)
        make_tools = partial(
            Tools,
            metadata=Metadata(settings.cache_max_entries),
            bodies=self._bodies,
            epoch=Epoch(shared.epoch),
            purges=PurgeJournal(shared.purges),
            clock=clock,
            limits=_limits(settings),
            coding=_coding(settings),
            coders=self._coders,
            disk_log=disk_log(clock),
        )
        engines = {
            bucket: Engine(place_of(bucket, self._origins), make_tools(origin=origin), self._tasks)
            for bucket, origin in self._origins.items()
        }
        self._followed: list[BucketWebsite] = []
        make_site = partial(self._site, engines, reads_bucket=settings.website_from_bucket)
        release = Release(shared.release, settings.prefix)
        root = make_site(replace(settings.root, path=""), website_of(settings), release)
        self.sites = Sites(root, [make_site(mount, flags_of(settings)) for mount in settings.mounts])
        self.certificate = certificate_of(settings)
        self.watch: Watch | None = None

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

    async def open(self) -> None:
        """Begin to look for credentials: requests wait for that, the worker's start does not."""
        if self.certificate is not None:
            self._tasks.spawn(self.certificate.keep_current(), name="keep the certificate current")
        for origin in self._origins.values():
            self._tasks.spawn(origin.connect(), name="connect to a bucket")
            self._tasks.spawn(origin.keep_credentials(), name="keep credentials")
        for website in self._followed:
            self._tasks.spawn(website.follow(), name="follow a bucket's website configuration")

    async def close(self) -> None:
        """Give up what is still being fetched, and close every file and connection."""
        await self._tasks.cancel_all()
        for origin in self._origins.values():
            await origin.close()
        self._coders.close()
        self._bodies.close()
        if self.watch is not None:
            self.watch.close()


def _origins(settings: Settings) -> dict[BucketSettings, S3Origin]:
    """One for each bucket and way to it, however many mounts lead there."""
    session = new_session()
    own_keys = {_whole(mount): f"key and secret of the mount at {mount.path}" for mount in reversed(settings.mounts)}
    own_keys |= {bucket: OWN_KEYS for bucket in own_keys if bucket.key == settings.key}
    own_keys |= {_whole(settings.root): OWN_KEYS}
    return {bucket: S3Origin(bucket_of(bucket, keys), session) for bucket, keys in own_keys.items()}


def _whole(mount: Mount) -> BucketSettings:
    """The mount's bucket, whichever folder of it is served."""
    return replace(mount.origin, prefix="")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the main process claimed: settings with every default decided, the address, and the shared memory."""

    settings: Settings
    listener: Listener
    shared: Shared


def prepare(settings: Settings) -> Prepared:
    """Claim log file, cache directory and address; raises SettingsError with all that is in the way."""
    shared = Shared()
    mistakes: list[str] = []
    listener = None
    for claim in (logs.configure, prepare_cache, certificate_of, Listener):
        try:
            claimed = claim(settings)
        except SettingsError as error:
            mistakes += error.mistakes
        else:
            listener = claimed if isinstance(claimed, Listener) else None
    if mistakes or listener is None:
        raise SettingsError(tuple(mistakes))
    decided = _decide_bounds(settings)
    Room(decided.cache_dir, _bounds(decided), Ledger(shared.counts, worker_number())).recount()
    _tell_of_mounts(decided)
    return Prepared(decided, listener, shared)


def _tell_of_mounts(settings: Settings) -> None:
    for mount in settings.mounts:
        logger.info("serving /%s of bucket %s at %s", mount.origin.prefix, mount.origin.bucket, mount.path)


def prepare_cache(settings: Settings) -> None:
    """Make the cache directory, and remove what workers that are gone have left unfinished; raises SettingsError."""
    prepare_directory(settings.cache_dir)
    finish_clear(settings.cache_dir)
    removed = sweep(settings.cache_dir)
    if removed:
        logger.info("removed %d unfinished bodies of workers that are gone", removed)


def _decide_bounds(settings: Settings) -> Settings:
    """Decide how much of the disk the cache may take, where the operator has not."""
    if settings.cache_max_size is not None:
        return settings
    return replace(settings, cache_max_size=default_max_bytes(settings.cache_dir))


def _limits(settings: Settings) -> Limits:
    return Limits(
        ttl=settings.ttl,
        negative_ttl=settings.ttl if settings.negative_ttl is None else settings.negative_ttl,
        stale_while_revalidate=settings.stale_while_revalidate,
        stale_if_error=settings.stale_if_error,
        is_ttl_final=settings.ttl_override,
        max_object_bytes=settings.max_object_size,
        slice_bytes=settings.slice_size,
        slice_threshold_bytes=settings.slice_threshold,
    )


def _coding(settings: Settings) -> CodingRules:
    return CodingRules(
        offered=settings.compress,
        looked_for=(settings.compress or CODINGS) if settings.precompressed else (),
        min_bytes=settings.compress_min_size,
        max_bytes=settings.compress_max_size,
    )


def _bounds(settings: Settings) -> Bounds:
    assert settings.cache_max_size is not None  # noqa: S101 - `prepare` has decided it
    return Bounds(settings.cache_max_size, settings.cache_max_entries, settings.cache_min_free)


def _cold_fields(settings: Settings) -> frozenset[bytes]:
    """The header fields of requests whose answers depend on more than the hot path knows."""
    cold = {b"expect", b"upgrade"}
    if settings.honor_client_cache_control:
        cold.add(b"cache-control")
    if "*" not in settings.allowed_origins:
        cold.add(b"origin")
    return frozenset(cold)


def create_app(settings: Settings, shared: Shared) -> lifecycle.App:
    """The application of one process: of the main one, which starts the workers, and of each worker."""
    logs.configure(settings)
    clock, observer, worker = SystemClock(), RequestLog(), Worker(settings, shared)
    finish = Finish(settings.allowed_origins, HeaderRules(settings.headers), exposes_metadata=settings.expose_metadata)
    app: lifecycle.App = Sanic(
        _NAME,
        config=lifecycle.sanic_config(),
        configure_logging=False,
        error_handler=FaultHandler(clock, finish),
    )
    app.certloader_class = CertificateLoader(worker.certificate)  # type: ignore[assignment]  # Sanic only calls it
    hot = HotPath(settings.hot_size, _cold_fields(settings), ignores_query=not settings.reject_query_strings)
    worker.watch = Watch(settings.cache_dir, hot.drop)
    rules = Rules(
        settings.reject_query_strings,
        finish,
        HotKeeping(hot, worker.watch, finish, clock, has_companions=settings.precompressed),
        honors_cache_control=settings.honor_client_cache_control,
    )
    website = WebsiteHandler(worker.sites, rules, clock, observer)
    app.blueprint(create_blueprint(BearerToken(settings), worker.sites.root.engine.clear, clock))
    app.add_route(website.handle, "/", methods=_METHODS, name="root")
    app.add_route(website.handle, "/<path:path>", methods=_METHODS, name="object")
    app.ctx.front = Front(settings, hot, finish, clock, observer)
    lifecycle.attach(app, worker)
    return app
