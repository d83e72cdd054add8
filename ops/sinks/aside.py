"""Calls that may hang, made where they hold up nothing."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def begin(work: Callable[[], T], name: str) -> "asyncio.Future[T]":
    """Do it in a thread of its own; whoever waits for the result shields it.

    Not in the event loop's threads: calls that hang would take one after the other, and the process could not end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            tell = _failed(done, error)
        else:
            tell = _succeeded(done, result)
        with suppress(RuntimeError):  # nobody waits any more: the loop is closed
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


def _failed(done: "asyncio.Future[T]", error: Exception) -> Callable[[], None]:
    def tell() -> None:
        if not done.done():
            done.set_exception(error)
            done.exception()  # whoever asked may have gone, and has no need of it

    return tell


def _succeeded(done: "asyncio.Future[T]", result: T) -> Callable[[], None]:
    def tell() -> None:
        if not done.done():
            done.set_result(result)

    return tell
