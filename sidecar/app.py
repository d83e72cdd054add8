"""The composition root: everything is made and joined here, once in each worker."""

import logging

from sanic import Sanic

from ops.auth import BearerToken
from ops.blueprint import create_blueprint
from sidecar.cache.engine import Engine, Place
from sidecar.cache.epoch import Epoch, shared_epoch
from sidecar.cache.fill import Tools
from sidecar.clock import SystemClock
from sidecar.errors import SettingsError
from sidecar.http.cors import ALLOWED_METHODS
from sidecar.observe import RequestRecord
from sidecar.origin.s3 import S3Origin, bucket_of
from sidecar.origin.website import Website
from sidecar.server import lifecycle, logs
from sidecar.server.faults import FaultHandler
from sidecar.server.handlers import Rules, WebsiteHandler
from sidecar.server.listener import Listener
from sidecar.settings import Settings
from sidecar.store.bodies import FileBodies, sweep
from sidecar.store.metadata import Metadata
from sidecar.store.paths import prepare_directory
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
                record.client_address,
            )


class Worker:
    """What one worker holds beside Sanic."""

    def __init__(self, settings: Settings) -> None:
        self._tasks = Tasks()
        self._epoch = Epoch()
        self._origin = S3Origin(bucket_of(settings))
        self._bodies = FileBodies(settings.cache_dir)
        tools = Tools(self._origin, Metadata(), self._bodies, self._epoch, SystemClock(), settings.ttl)
        place = Place(settings.endpoint_url or settings.region, settings.bucket)
        self.engine = Engine(place, tools, self._tasks)

    async def open(self, app: lifecycle.App) -> None:
        """Share the epoch, and begin to look for credentials: requests wait for that, the worker's start does not."""
        self._epoch.share(app.shared_ctx.epoch)
        self._tasks.spawn(self._origin.connect(), name="connect to the bucket")

    async def close(self) -> None:
        """Give up what is still being fetched, and close every file and connection."""
        await self._tasks.cancel_all()
        await self._origin.close()
        self._bodies.close()


def prepare(settings: Settings) -> Listener:
    """Claim log file, cache directory and address; raises SettingsError with all that is in the way."""
    mistakes: list[str] = []
    listener = None
    for claim in (logs.configure, _prepare_cache, Listener):
        try:
            claimed = claim(settings)
        except SettingsError as error:
            mistakes += error.mistakes
        else:
            listener = claimed if isinstance(claimed, Listener) else None
    if mistakes or listener is None:
        raise SettingsError(tuple(mistakes))
    return listener


def _prepare_cache(settings: Settings) -> None:
    prepare_directory(settings.cache_dir)
    removed = sweep(settings.cache_dir)
    if removed:
        logger.info("removed %d unfinished bodies of workers that are gone", removed)


def create_app(settings: Settings) -> lifecycle.App:
    """The application of one process: of the main one, which starts the workers, and of each worker."""
    logs.configure(settings)
    clock, observer, worker = SystemClock(), RequestLog(), Worker(settings)
    app: lifecycle.App = Sanic(
        _NAME, config=lifecycle.sanic_config(), configure_logging=False, error_handler=FaultHandler(clock)
    )
    app.shared_ctx.epoch = shared_epoch()  # the main process's is put in its place before a worker opens
    rules = Rules(Website(settings.prefix), settings.reject_query_strings, settings.allowed_origins)
    website = WebsiteHandler(worker.engine, rules, clock, observer)
    app.blueprint(create_blueprint(BearerToken(settings), worker.engine.clear))
    app.add_route(website.handle, "/", methods=_METHODS, name="root")
    app.add_route(website.handle, "/<path:path>", methods=_METHODS, name="object")
    lifecycle.attach(app, worker)
    return app
