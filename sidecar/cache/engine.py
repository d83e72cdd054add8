"""The cache: looks up, decides, forwards at most once, and says what it did."""

import math
from dataclasses import dataclass
from http import HTTPStatus

from sidecar.cache.body import Body, EmptyBody, PassingBody, StoredBody
from sidecar.cache.collapse import Collapse
from sidecar.cache.fill import Begun, Fill, Tools
from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Forward, Received, decide, store_object
from sidecar.cache.stored import StoredResponse
from sidecar.errors import OriginError
from sidecar.http.cache_status import CacheStatus, ForwardReason
from sidecar.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cache says to a request: a response, its body (to be closed), and how it was come by."""

    stored: StoredResponse
    body: Body
    status: CacheStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, and what the cache did to get one."""

    error: OriginError
    status: CacheStatus


@dataclass(frozen=True, slots=True)
class Place:
    """The part of a store that is served: its address and the bucket's name."""

    store: str
    bucket: str


class Engine:
    """The cache of one worker. All workers share the bodies and the epoch."""

    def __init__(self, place: Place, tools: Tools, tasks: Tasks) -> None:
        self._place = place
        self._tools = tools
        self._fills: Collapse[Fill] = Collapse(tasks)

    async def answer(self, object_key: str) -> Answer | Refusal:
        """The object, or its absence, or why neither can be told."""
        key = CacheKey(self._place.store, self._place.bucket, object_key)
        stored = await self._tools.metadata.get(key)
        decision = decide(stored, epoch=self._tools.epoch.current, now=self._tools.clock.now())
        if isinstance(decision, Forward):
            return await self._forward(key, decision.reason)
        answer = None if stored is None else await self._use(key, stored)
        return answer or await self._forward(key, ForwardReason.MISS)

    async def clear(self) -> None:
        """Forget everything, in every worker, before this returns."""
        self._tools.epoch.advance()
        await self._tools.metadata.clear()

    async def _use(self, key: CacheKey, stored: StoredResponse) -> Answer | None:
        """The stored response with its body; None when the body is gone."""
        body = await self._open(key, stored)
        # It was fresh when that was decided; a negative number would say that a stale response was used.
        status = CacheStatus(hit=True, ttl=max(0, math.floor(stored.ttl_at(self._tools.clock.now()))))
        return None if body is None else Answer(stored, body, status)

    async def _open(self, key: CacheKey, stored: StoredResponse) -> Body | None:
        if stored.status != HTTPStatus.OK:
            return EmptyBody()
        reader = await self._tools.bodies.open(key, stored)
        return None if reader is None else StoredBody(reader)

    async def _forward(self, key: CacheKey, reason: ForwardReason) -> Answer | Refusal:
        epoch = self._tools.epoch.current
        fill, is_leader = self._fills.find_or_start((key.digest, epoch), lambda: Fill(key, epoch, self._tools))
        try:
            begun = await fill.join()
            if isinstance(begun, Begun):
                return Answer(begun.stored, begun.body, _forwarded(begun, reason, is_leader=is_leader))
            found = None if begun is None else await self._use(key, begun.stored)
            return found or await self._pass(key)
        except OriginError as error:
            return Refusal(error, CacheStatus(forward=reason, collapsed=not is_leader))

    async def _pass(self, key: CacheKey) -> Answer:
        """One answer for one request, not stored. Raises OriginError."""
        requested_at = self._tools.clock.now()
        response = await self._tools.origin.get(key.object_key)
        received = Received(requested_at, self._tools.clock.now(), self._tools.epoch.current, identity="")
        stored = store_object(response.head, received, ttl=self._tools.ttl)
        status = CacheStatus(forward=ForwardReason.BYPASS, forward_status=stored.status)
        return Answer(stored, PassingBody(response), status)


def _forwarded(begun: Begun, reason: ForwardReason, *, is_leader: bool) -> CacheStatus:
    return CacheStatus(
        forward=reason,
        forward_status=begun.stored.status,
        stored=begun.is_stored and is_leader,
        collapsed=not is_leader,
    )
