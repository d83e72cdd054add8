"""What engine and fills work with."""

import logging
from dataclasses import dataclass, field

from sidecar.cache.coding_port import Coders
from sidecar.cache.epoch import Epoch
from sidecar.cache.freshness import Limits
from sidecar.cache.key import CacheKey
from sidecar.cache.negotiation import CodingRules
from sidecar.cache.policy import Standing
from sidecar.cache.ports import BodyStore, MetadataStore, Origin
from sidecar.cache.purge import PurgeJournal, Verdict
from sidecar.cache.stored import StoredResponse
from sidecar.clock import Clock
from sidecar.observe import Events, Unobserved

logger = logging.getLogger(__name__)

_LOG_SECONDS = 60.0
_STANDINGS = {
    Verdict.STANDS: Standing.CURRENT,
    Verdict.STALE: Standing.SOFTLY_PURGED,
    Verdict.PURGED: Standing.GONE,
}


class FailureLog:
    """Tells the log what does not work, and why: one line a minute, with how often it happened."""

    def __init__(self, clock: Clock, consequence: str) -> None:
        self._clock = clock
        self._consequence = consequence
        self._next_at = 0.0
        self.failures = 0

    def failed(self, error: Exception) -> None:
        """Note a failure."""
        self.failures += 1
        now = self._clock.now()
        if now >= self._next_at:
            self._next_at = now + _LOG_SECONDS
            reason = str(error) or type(error).__name__
            logger.warning("%s: %s (%d times so far)", self._consequence, reason, self.failures)


def disk_log(clock: Clock) -> FailureLog:
    """For a disk that cannot be used."""
    return FailureLog(clock, "answers pass without being stored")


@dataclass(frozen=True, slots=True)
class Tools:
    """The outside of the cache of one worker, and what it shares with the others."""

    origin: Origin
    metadata: MetadataStore
    bodies: BodyStore
    epoch: Epoch
    purges: PurgeJournal
    clock: Clock
    limits: Limits
    coding: CodingRules
    coders: Coders
    disk_log: FailureLog
    events: Events = field(default_factory=Unobserved)

    def standing(self, key: CacheKey, stored: StoredResponse) -> Standing:
        """Where a stored response stands now, by what was cleared and purged since."""
        if stored.epoch == self.epoch.current:
            return _STANDINGS[self.purges.judge(key, stored.tags, stored.purge_count)]
        return Standing.EARLIER_RUN if self.epoch.is_first else Standing.GONE

    def is_gone(self, key: CacheKey, stored: StoredResponse) -> bool:
        """Whether it was cleared or purged."""
        return self.standing(key, stored) is Standing.GONE
