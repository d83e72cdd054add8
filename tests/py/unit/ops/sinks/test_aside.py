"""Calls that may hang."""

import asyncio
import threading

import pytest

from ops.sinks.aside import begin


async def test_the_result_and_the_error() -> None:
    """Are those of the call."""
    assert await begin(lambda: 7, "seven") == 7
    with pytest.raises(ZeroDivisionError):
        await begin(lambda: 1 // 0, "nothing")


def test_a_call_that_hangs_does_not_outlive_its_loop_loudly() -> None:
    """It holds up neither the loop's end nor the process's, and its result is wanted by nobody."""
    over = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.shield(begin(over.wait, "hanging"))

    asyncio.run(give_up())
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "hanging"]
    assert thread.daemon
    over.set()
    thread.join(5)
    assert not thread.is_alive()


async def test_a_result_that_nobody_waits_for_any_more() -> None:
    """Is not told to a future that was cancelled."""
    over = threading.Event()
    done = begin(over.wait, "late")
    done.cancel()
    over.set()
    assert await begin(lambda: 1, "next") == 1
    assert done.cancelled()
