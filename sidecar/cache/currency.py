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
        if self.tools.metadata.held(self.key) is not self.stored:
            return False
        return self.tools.standing(self.key, self.stored) is Standing.CURRENT
