"""Whether what was once taken out of the cache is still what it would give."""

from dataclasses import dataclass

from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Standing
from sidecar.cache.stored import StoredResponse
from sidecar.cache.tools import Tools


@dataclass(frozen=True, slots=True)
class Currency:
    """Watches over one stored response in this worker's memory."""

    key: CacheKey
    stored: StoredResponse
    tools: Tools

    def holds(self) -> bool:
        """Whether it was neither replaced, cleared nor purged; counts as a use of it. Its age is not looked at."""
        if self.tools.metadata.held(self.key) is not self.stored:
            return False
        return self.tools.standing(self.key, self.stored) is Standing.CURRENT
