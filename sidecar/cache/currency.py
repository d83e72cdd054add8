"""Whether what was once taken out of the cache is still what it would give."""

from dataclasses import dataclass

from sidecar.cache.key import CacheKey
from sidecar.cache.negotiation import choose
from sidecar.cache.policy import Standing
from sidecar.cache.stored import StoredResponse
from sidecar.cache.tools import Tools
from sidecar.http.encoding import IDENTITY


@dataclass(frozen=True, slots=True)
class Currency:
    """Watches over one stored response in this worker's memory."""

    key: CacheKey
    stored: StoredResponse
    tools: Tools

    def is_best(self, sent: StoredResponse, accept_encoding: str | None) -> bool:
        """Whether nothing suits a request better than what was sent; a variant may not be to be had for a while."""
        choice = choose(self.stored, self.key.object_key, accept_encoding, self.tools.coding)
        coding = sent.header("content-encoding") or IDENTITY
        return choice.variant in {None, coding} or coding in choice.companions

    def holds(self) -> bool:
        """Whether it was neither replaced, cleared nor purged; counts as a use of it. Its age is not looked at."""
        stored, tools = self.stored, self.tools
        if tools.metadata.held(self.key) is not stored:
            return False
        is_untouched = tools.epoch.numbers[0] == stored.epoch and tools.purges.numbers[0] == stored.purge_count
        return is_untouched or tools.standing(self.key, stored) is Standing.CURRENT
