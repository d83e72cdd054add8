"""The end of an event loop in a thread: nothing that it has begun stays open."""

import asyncio


async def end_all_tasks() -> None:
    """Cancel every other task of this loop, those of connections that are being accepted just now too."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # what was closed is told of it in the loop's next turn
