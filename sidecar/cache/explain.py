"""What would become of a plain GET of an object, without doing it."""

import math
from dataclasses import dataclass

from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Decision, Forward, Standing, Use, decide
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.cache.tools import Tools


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is stored under a key, in this worker's memory and on disk, and what a request would do with it."""

    key: CacheKey
    stored: StoredResponse | None
    standing: Standing | None
    decision: Decision
    now: float
    is_in_memory: bool
    is_on_disk: bool

    @property
    def words(self) -> str:
        """The decision, and why, for people."""
        match self.decision:
            case Use(is_stale=False) if self.stored is not None:
                what = "a remembered 404" if self.stored.kind is Kind.MISSING else "a hit"
                return f"{what}: it is fresh for another {math.floor(self.stored.ttl_at(self.now))} s"
            case Use():
                return "served stale at once, and revalidated behind the client's back"
            case Forward(has_fallback=has_fallback):
                return f"the bucket is asked: {self._why()}" + ("; if it fails, this is served" if has_fallback else "")
            case _:
                return "passed on from the bucket: it may not be stored"

    def _why(self) -> str:
        if self.stored is None:
            return "nothing is stored"
        if self.standing is Standing.GONE:
            return "what is stored was cleared or purged"
        if self.standing is Standing.SOFTLY_PURGED:
            return "what is stored was softly purged"
        if self.standing is Standing.EARLIER_RUN:
            return "what is stored is of an earlier run, and has to be revalidated"
        return f"what is stored is stale since {math.floor(-self.stored.ttl_at(self.now))} s"


async def explain(key: CacheKey, tools: Tools) -> Explanation:
    """Look into memory and onto the disk; where both have something, memory decides, as for a request.

    But what is gone decides nothing: a sibling may have stored another version since.
    """
    remembered, found = await tools.metadata.get(key), await tools.bodies.find(key)
    stored = remembered or found
    if remembered is not None and found is not None and tools.is_gone(key, remembered):
        stored = found
    standing = None if stored is None else tools.standing(key, stored)
    now = tools.clock.now()
    decision = decide(stored, standing or Standing.CURRENT, now=now)
    return Explanation(key, stored, standing, decision, now, remembered is not None, found is not None)
