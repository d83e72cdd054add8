"""Reads along with a fill that another worker of the node leads."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.cache.ports import Part, Phase, Sight
from sidecar.cache.stored import StoredResponse

if TYPE_CHECKING:
    from sidecar.cache.fill import Fill
    from sidecar.cache.tools import Tools

LOOK_SECONDS = 0.004
"""How often the leader's progress is looked at: two system calls for each key that is being followed."""


async def follow(fill: "Fill", part: Part, tools: "Tools") -> bool:
    """Tell those who joined `fill` what the leader does; True when the leader has died and this worker leads now."""
    while True:
        # The lock first: a leader writes its last word before it lets go, so what is seen after that is final.
        is_leader_gone = part.try_to_lead()
        sight = part.look()
        if await _pass_on(fill, sight, tools):
            return False
        if is_leader_gone:
            return True
        await asyncio.sleep(LOOK_SECONDS)


async def _pass_on(fill: "Fill", sight: Sight, tools: "Tools") -> bool:
    """Pass on what is new; whether that was the last of it."""
    match sight.phase:
        case Phase.FAILED if sight.error is not None:
            fill.fail(sight.error)
        case Phase.SETTLED:
            found = await tools.bodies.find(fill.key)
            if found is None:
                return False  # removed again in the meantime: whoever gets the lock asks the bucket
            await tools.metadata.put(fill.key, found)
            fill.find(found, sight.forward_status)
        case Phase.FILLING | Phase.COMPLETE if sight.stored is not None:
            fill.begin(sight.stored)
            fill.progress.advance(_given_out(sight.stored, sight) - fill.progress.available)
            if sight.phase is Phase.COMPLETE:
                await tools.metadata.put(fill.key, sight.stored)
    return sight.is_over


def _given_out(stored: StoredResponse, sight: Sight) -> int:
    """How many bytes readers may have: the last one not before all of it is stored, as with the leader."""
    is_stored = sight.phase is Phase.COMPLETE
    return sight.available if is_stored else min(sight.available, stored.content_length - 1)
