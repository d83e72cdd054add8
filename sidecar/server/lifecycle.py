"""The life of the server: what happens before the workers, in each worker, and when it ends."""

import asyncio
import ctypes
import gc
import logging
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from ctypes import c_bool, c_char
from functools import partial
from multiprocessing.sharedctypes import RawArray, RawValue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from sanic import Sanic
from sanic.config import Config
from sanic.worker.loader import AppLoader

from sidecar.errors import SettingsError
from sidecar.server import logs
from sidecar.server.listener import BACKLOG, Listener
from sidecar.server.protocol import SidecarProtocol
from sidecar.server.supervision import Leaving, accept_signals, keep_states_here, supervise
from sidecar.settings import worker_number

if TYPE_CHECKING:
    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

App = Sanic[Config, SimpleNamespace]

NAME = "s3-sidecar"

DRAIN_SECONDS = 8.0
"""How long a worker waits for answers that are being sent; SIGTERM to exit stays below ten seconds."""

_LONGEST_REFUSAL_BYTES = 1024

MAX_REQUEST_BODY_BYTES = 64 * 1024
HTTP_HEAD_CEILING = 16 * 1024
"""Above what `sidecar.server.head` lets through."""


class Worker(Protocol):
    """What a worker holds beside Sanic: opened before it serves, closed after its last answer."""

    async def open(self, give_up: Callable[[str], None] | None) -> None:
        """Get ready, waiting for nobody; the first of a server may `give_up` and say why."""
        ...

    async def close(self) -> None:
        """End background work and give back what is held."""
        ...


class Bystander(Protocol):
    """What the main process runs beside the workers."""

    def start(self) -> None:
        """Begin; it ends with the process."""
        ...

    def withdraw(self) -> None:
        """The server will end, and does not want new clients any more."""
        ...

    def drain(self) -> None:
        """The server is about to end."""
        ...

    def close(self) -> None:
        """The workers have ended."""
        ...


def serve(
    settings: "Settings", listener: Listener, create_app: Callable[[], App], bystanders: Sequence[Bystander] = ()
) -> None:
    """Serve until SIGTERM or SIGINT; every worker makes its own app by `create_app`, which must be picklable.

    Raises SettingsError when a worker gives up.
    """
    allow_open_files()
    app = _main_app()
    app.main_process_ready(partial(_main_ready, settings=settings, listener=listener, bystanders=bystanders))
    app.prepare(
        sock=listener.socket,
        workers=settings.threads,
        protocol=SidecarProtocol,
        backlog=BACKLOG,
        access_log=False,
        motd=False,
    )
    try:
        keep_states_here()
        Sanic.serve(primary=app, app_loader=AppLoader(factory=create_app))
    finally:
        listener.close()
        for bystander in bystanders:
            bystander.close()
    if app.shared_ctx.refusal.value:
        raise SettingsError((app.shared_ctx.refusal.value.decode(errors="replace"),))


def _main_app() -> App:
    """What the main process needs of an application, which serves nobody: what it shares with the workers."""
    app: App = Sanic(NAME, config=sanic_config(), configure_logging=False)
    app.shared_ctx.is_stopping = RawValue(c_bool, False)
    app.shared_ctx.is_begun = RawValue(c_bool, False)
    app.shared_ctx.refusal = RawArray(c_char, _LONGEST_REFUSAL_BYTES)
    return app


async def _main_ready(
    app: App, _: Any, *, settings: "Settings", listener: Listener, bystanders: Sequence[Bystander]
) -> None:
    def announce() -> None:
        logger.info("requests are taken for another %g s", settings.drain_delay)
        for bystander in bystanders:
            bystander.withdraw()

    def stop_accepting() -> None:
        for bystander in bystanders:
            bystander.drain()
        app.shared_ctx.is_stopping.value = True
        listener.close()

    supervise(app.manager, stop_accepting, Leaving(settings.drain_delay, announce))
    for bystander in bystanders:
        bystander.start()
    if not logs.has_destination(settings):
        print(  # noqa: T201 - there is no log to write it to
            f"s3proxy: logging goes nowhere: {settings.log_dir}/ does not exist and --console is off", file=sys.stderr
        )
    if settings.auth_key is None:
        logger.warning("no --auth-key: the management endpoints answer 403 to everyone")
    logger.info("serving bucket %s with %d workers", settings.bucket, settings.threads)
    logger.info("listening on %s", listener.url)


def allow_open_files() -> None:
    """Every client costs two descriptors; a login shell allows 1,024, for select(), which nobody uses here."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def sanic_config() -> Config:
    """Sanic's own settings: from here, not from the environment."""
    return Config(
        {
            "AUTO_EXTEND": False,
            "GRACEFUL_SHUTDOWN_TIMEOUT": DRAIN_SECONDS,
            "MOTD": False,
            "REQUEST_MAX_HEADER_SIZE": HTTP_HEAD_CEILING,
            "REQUEST_MAX_SIZE": MAX_REQUEST_BODY_BYTES,
        },
        env_prefix=None,
    )


def attach(app: App, worker: Worker) -> None:
    """Let `worker` open and close with the process's server."""

    async def before_start(app: App) -> None:
        _end_with_parent(app)
        await worker.open(_first_may_give_up(app))

    async def after_start(app: App) -> None:
        _ready_once_serving(app)

    async def before_stop(_: App) -> None:
        # A terminal's Ctrl-C reaches the workers twice, once through the main process: the second must not interrupt.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def after_stop(_: App) -> None:
        await worker.close()

    app.before_server_start(before_start)
    app.after_server_start(after_start)
    app.before_server_stop(before_stop)
    app.after_server_stop(after_stop)


def _first_may_give_up(app: App) -> Callable[[str], None] | None:
    """The first start of the first worker may end the server; a worker that takes another's place may not."""
    if worker_number() != 1 or app.shared_ctx.is_begun.value:
        return None
    app.shared_ctx.is_begun.value = True
    return partial(_give_up, app)


def _give_up(app: App, reason: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        app.shared_ctx.refusal.value = reason.encode()[: _LONGEST_REFUSAL_BYTES - 1]
        os.kill(parent.pid, signal.SIGINT)  # which no delay is for


def _ready_once_serving(app: App) -> None:
    """Let signals through once the loop runs for good: a stop that comes to it earlier is lost, so ask for it then."""
    if not app.state.is_running:
        asyncio.get_running_loop().call_soon(_ready_once_serving, app)
        return
    accept_signals()
    settle()
    logger.info("worker ready pid=%d", os.getpid())
    if app.shared_ctx.is_stopping.value:
        app.stop(terminate=False)


def settle() -> None:
    """Spare the garbage collector what lives as long as the process: a full run looks at everything that is not frozen.

    What is imported alone has 80,000 objects, and nobody is served while it looks at them. And let the system have
    what was needed to get this far: some 2 MB, which glibc would keep.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _end_with_parent(app: App) -> None:
    """A worker whose main process was killed would serve on, unsupervised, and hold the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, _orphaned, app, parent.sentinel)


def _orphaned(app: App, sentinel: int) -> None:
    logger.error("the main process is gone; worker pid=%d ends", os.getpid())
    asyncio.get_running_loop().remove_reader(sentinel)
    app.stop(terminate=False)
