"""The composition root: everything is made and joined here, once in each worker, and what the main process claims."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from socket import socket as Socket  # noqa: N812 - a class, whatever its name
from typing import TYPE_CHECKING, Any

from sanic import Blueprint, Sanic

from ops.auth import BearerToken
from ops.blueprint import create_blueprint
from ops.endpoints import Endpoints
from ops.metrics.exposition import Exposition
from ops.metrics.main_process import MainProcess
from ops.metrics.numbers import Part, shared_numbers
from ops.metrics.overview import Holdings, Overview, Server
from ops.recording.claim import claim_channel
from sidecar.bounds import bounds_of
from sidecar.clock import SystemClock
from sidecar.errors import SettingsError
from sidecar.folders import with_usable_folders
from sidecar.http.cors import ALLOWED_METHODS
from sidecar.http.header_rules import HeaderRules
from sidecar.preparing import cold_fields, decide_bounds, prepare_cache, tell_of_mounts
from sidecar.server import lifecycle, logs
from sidecar.server.certificate import CertificateLoader, certificate_of
from sidecar.server.faults import FaultHandler
from sidecar.server.finish import Finish
from sidecar.server.front import Front
from sidecar.server.handlers import Rules, WebsiteHandler
from sidecar.server.hot_keeping import HotKeeping
from sidecar.server.hotpath import HotPath
from sidecar.server.listener import Listener, ops_socket
from sidecar.server.telling import Telling
from sidecar.settings import Settings, worker_number
from sidecar.shared import Shared
from sidecar.store.ledger import Ledger
from sidecar.store.room import Room
from sidecar.store.watch import Watch
from sidecar.version import version
from sidecar.worker import Worker

if TYPE_CHECKING:
    from ops.listener import OpsListener

logger = logging.getLogger(__name__)

_METHODS = tuple(ALLOWED_METHODS.split(", "))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the main process claimed: settings with every default decided, the address, and the shared memory.

    `bystanders` are what it runs beside the workers.
    """

    settings: Settings
    listener: Listener
    shared: Shared
    bystanders: tuple[lifecycle.Bystander, ...]


def prepare(settings: Settings) -> Prepared:
    """Claim log file, cache directory and address; raises SettingsError with all that is in the way."""
    mistakes: list[str] = []
    settings, told = with_usable_folders(settings)
    claims = (claim_channel, logs.configure, prepare_cache, certificate_of, Listener, ops_socket)
    channel, *_, listener, socket = [_claimed(claim, settings, mistakes) for claim in claims]
    if mistakes:
        raise SettingsError(tuple(mistakes))
    for one in told:
        logger.warning("%s", one)
    writing = channel.writing if channel else None
    shared = Shared(numbers=shared_numbers(settings.threads), records=writing, started_at=SystemClock().now())
    decided = replace(decide_bounds(settings), ops_port=socket.getsockname()[1] if socket else 0)
    Room(decided.cache_dir, bounds_of(decided), Ledger(shared.counts, worker_number())).recount()
    tell_of_mounts(decided)
    bystanders: list[lifecycle.Bystander] = [MainProcess(shared.numbers, shared.started_at)]
    if socket:
        bystanders.append(_ops_listener(socket, decided, shared))
    if channel:
        from ops.recording.process import RecordsProcess  # noqa: PLC0415 - the main process alone has it
        from ops.recording.recorder import Order  # noqa: PLC0415

        order = Order(decided, channel.reading, shared.numbers, logs.configure)
        bystanders.append(RecordsProcess(order, channel))
    return Prepared(decided, listener, shared, tuple(bystanders))


def _claimed(claim: Callable[[Settings], Any], settings: Settings, mistakes: list[str]) -> Any:
    try:
        return claim(settings)
    except SettingsError as error:
        mistakes += error.mistakes
    return None


def _ops_listener(socket: Socket, settings: Settings, shared: Shared) -> "OpsListener":
    from ops.listener import OpsListener  # noqa: PLC0415 - workers have none, and aiohttp's server takes 2 MB

    own, serves_stale = Part(shared.numbers, 0), settings.stale_if_error > 0
    return OpsListener(socket, _look_of(settings, shared), own, SystemClock(), serves_stale=serves_stale)


def _look_of(settings: Settings, shared: Shared) -> Callable[[], Overview]:
    """What looks at the numbers of all processes."""
    bounds = bounds_of(settings)
    room = Room(settings.cache_dir, bounds, Ledger(shared.counts, worker_number()))

    def holdings() -> Holdings:
        usage = room.usage()
        return Holdings(
            usage.used_bytes, bounds.max_bytes, usage.files, bounds.max_files, usage.free_bytes, bounds.min_free_bytes
        )

    server = Server(version(), shared.started_at, holdings)
    return lambda: Overview(shared.numbers, server)


def _management(settings: Settings, shared: Shared, worker: Worker, telling: Telling) -> Blueprint:
    look, clock = _look_of(settings, shared), SystemClock()
    endpoints = Endpoints(worker.management, look, Exposition(look), clock)
    return create_blueprint(settings.ops_path, BearerToken(settings), endpoints, clock, telling.watched)


def create_app(settings: Settings, shared: Shared) -> lifecycle.App:
    """The application of one process: of the main one, which starts the workers, and of each worker."""
    logs.configure(settings)
    clock, worker = SystemClock(), Worker(settings, shared)
    observer = worker.audience.observer
    telling = Telling(observer, clock)
    finish = Finish(settings.allowed_origins, HeaderRules(settings.headers), exposes_metadata=settings.expose_metadata)
    app: lifecycle.App = Sanic(
        lifecycle.NAME,
        config=lifecycle.sanic_config(),
        configure_logging=False,
        error_handler=FaultHandler(clock, finish, telling),
    )
    app.certloader_class = CertificateLoader(worker.certificate)  # type: ignore[assignment]  # Sanic only calls it
    hot = HotPath(
        settings.hot_size, cold_fields(settings), worker.lists, ignores_query=not settings.reject_query_strings
    )
    worker.watch = Watch(settings.cache_dir, hot.drop)
    rules = Rules(
        settings.reject_query_strings,
        finish,
        HotKeeping(hot, worker.watch, finish, clock, has_companions=settings.precompressed),
        honors_cache_control=settings.honor_client_cache_control,
        reserved=f"{settings.ops_path}/",
        trace=worker.audience.trace,
    )
    website = WebsiteHandler(worker.sites, rules, clock, telling)
    app.blueprint(_management(settings, shared, worker, telling))
    app.add_route(website.handle, "/", methods=_METHODS, name="root")
    app.add_route(website.handle, "/<path:path>", methods=_METHODS, name="object")
    app.ctx.front = Front(settings, hot, finish, clock, observer)
    lifecycle.attach(app, worker)
    return app
