"""What is asked of the cache, and what it says."""

from dataclasses import dataclass

from sidecar.cache.body import Body
from sidecar.cache.policy import NO_DIRECTIVES
from sidecar.cache.stored import StoredResponse
from sidecar.errors import OriginError
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import CacheStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cache says to a request: a response, its body (to be closed), and how it was come by.

    `is_uncertain` when the same request could bring another representation at another time.
    """

    stored: StoredResponse
    body: Body
    status: CacheStatus
    is_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """A representation of an object, and its body."""

    stored: StoredResponse
    body: Body
    is_uncertain: bool = False

    def answer(self, status: CacheStatus) -> Answer:
        """Say how it was come by."""
        return Answer(self.stored, self.body, status, self.is_uncertain)


@dataclass(frozen=True, slots=True)
class Want:
    """What a request wants of an object: its directives that count, all of the body or a part, and the codings."""

    asked: CacheControl = NO_DIRECTIVES
    is_whole: bool = True
    accept_encoding: str | None = None


EVERYTHING = Want()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, and what the cache did to get one."""

    error: OriginError
    status: CacheStatus
