"""The cache: looks up, decides, forwards at most once, and says what it did."""

import asyncio
import contextlib
import math
from dataclasses import dataclass, replace
from http import HTTPStatus

from sidecar.cache.answer import EVERYTHING, Answer, Refusal, Selected, Want
from sidecar.cache.body import Body, PassingBody, wait_for_all
from sidecar.cache.collapse import Collapse
from sidecar.cache.currency import Currency
from sidecar.cache.fill import Begun, Fill, Found
from sidecar.cache.key import CacheKey, Slice
from sidecar.cache.listings import Listings
from sidecar.cache.opening import Opening
from sidecar.cache.policy import Decision, Forward, Pass, Use, decide
from sidecar.cache.ports import Span, Turn
from sidecar.cache.purge import PurgeRule, Scope
from sidecar.cache.selection import Selection
from sidecar.cache.sliced import SlicedBody
from sidecar.cache.stored import StoredResponse
from sidecar.cache.storing import Received, store_object
from sidecar.cache.tools import Tools
from sidecar.cache.variants import Variants
from sidecar.errors import OriginChanged, OriginError, OriginNotAsked
from sidecar.http.cache_status import CacheStatus, ForwardReason
from sidecar.tasks import Tasks

_MARK_SECONDS = 1.0
_FILLS_TO_JOIN = 2
"""A body that a fill has found may be deleted before it is opened: the second fill fetches it, for everybody."""


@dataclass(frozen=True, slots=True)
class Place:
    """The part of a store that is served: its address and the bucket's name."""

    store: str
    bucket: str


class Engine:
    """The cache of one worker. All workers share the bodies, the epoch and the purges."""

    def __init__(self, place: Place, tools: Tools, tasks: Tasks) -> None:
        self._place = place
        self._tools = tools
        self._tasks = tasks
        self._fills: Collapse[Fill] = Collapse(tasks)
        opening = Opening(tools, self._sliced_body)
        self._selection = Selection(tools, opening, Variants(tools, tasks), self.answer)
        self.listings = Listings(tools, tasks)

    @property
    def fills(self) -> Collapse[Fill]:
        """The fills that are running."""
        return self._fills

    async def answer(self, object_key: str, want: Want = EVERYTHING) -> Answer | Refusal:
        """The object, or its absence, or why neither can be told."""
        key = self._key(object_key)
        stored = await self._tools.metadata.get(key)
        decision = self._decide(key, stored, want)
        if stored is not None and isinstance(decision, Use):
            answer = await self._use(key, stored, want, is_stale=decision.is_stale)
            if answer is not None:
                if decision.is_stale:
                    self._start(key, want)
                return answer
            decision = Forward(ForwardReason.MISS)
        return await self._go_forward(key, decision, want)

    async def fetch(self, object_key: str) -> Answer | Refusal:
        """As `answer`, but returns when all of the object is stored; the body is closed already."""
        answer = await self.answer(object_key)
        if isinstance(answer, Refusal):
            return answer
        try:
            if answer.stored.has_body and not answer.status.hit:
                await wait_for_all(answer.body, answer.stored.content_length)
        except OriginError as error:
            return Refusal(error, answer.status)
        finally:
            await answer.body.close()
        return answer

    def currency(self, object_key: str) -> Currency | None:
        """What tells whether this worker still uses what it holds of an object now; None when it holds nothing."""
        key = self._key(object_key)
        stored = self._tools.metadata.held(key)
        return None if stored is None else Currency(key, stored, self._tools)

    async def forget(self, object_key: str) -> None:
        """Let no worker use what has turned out to be altered, or of a version that the bucket has no more."""
        await self.purge(PurgeRule(Scope.KEY, object_key))

    async def clear(self) -> None:
        """Forget everything, in every worker, before this returns; the files go in the background."""
        self._tools.epoch.advance()
        with contextlib.suppress(TimeoutError):  # a disk that hangs must not hold up the answer
            async with asyncio.timeout(_MARK_SECONDS):
                await self._tools.bodies.mark_clear(is_begun=True)
        await self._tools.metadata.clear()
        self._tasks.spawn(self._remove_cleared(), name="remove cleared bodies")

    async def purge(self, rule: PurgeRule) -> int:
        """Make a rule hold in every worker before this returns; how many bodies were removed."""
        self._tools.purges.append(rule)
        if rule.is_soft:
            return 0
        if rule.scope is Scope.KEY:  # its slices are found by nobody any more, and leave in their turn
            return int(await self._tools.bodies.remove(self._key(rule.value)))
        return await self._tools.bodies.remove_purged(rule, self._tools.purges.count)

    def _key(self, object_key: str) -> CacheKey:
        return CacheKey(self._place.store, self._place.bucket, object_key)

    def _decide(self, key: CacheKey, stored: StoredResponse | None, want: Want) -> Decision:
        if stored is None:
            return Pass() if want.asked.no_store else Forward(ForwardReason.URI_MISS)
        decision = decide(stored, self._tools.standing(key, stored), now=self._tools.clock.now(), asked=want.asked)
        is_too_little = isinstance(decision, Use) and stored.is_sliced and want.is_whole
        return Forward(ForwardReason.PARTIAL) if is_too_little else decision

    async def _remove_cleared(self) -> None:
        epoch = self._tools.epoch.current
        await self._tools.bodies.remove_other_epochs(epoch)
        if epoch == self._tools.epoch.current:  # else a later clear, in any worker, is still at it
            await self._tools.bodies.mark_clear(is_begun=False)

    async def _use(
        self,
        key: CacheKey,
        stored: StoredResponse,
        want: Want,
        status: CacheStatus | None = None,
        *,
        is_stale: bool = False,
    ) -> Answer | None:
        """What is stored, as it suits, as a hit unless `status` says otherwise; None when the body is gone."""
        selected = await self._selection.of_stored(key, stored, want)
        if selected is None:
            return None
        return selected.answer(status or self._hit_status(stored, is_stale=is_stale))

    def _hit_status(self, stored: StoredResponse, *, is_stale: bool) -> CacheStatus:
        ttl = self._ttl(stored)
        return CacheStatus(hit=True, ttl=min(-1, ttl) if is_stale else max(0, ttl))

    def _sliced_body(self, key: CacheKey, stored: StoredResponse) -> SlicedBody:
        async def open_slice(part: Slice) -> tuple[Body, CacheStatus]:
            answer = await self._forward(key.of_slice(part), ForwardReason.PARTIAL, EVERYTHING)
            if isinstance(answer, Refusal):
                raise answer.error
            if answer.status.hit:
                return answer.body, CacheStatus(hit=True, ttl=max(0, self._ttl(stored)))
            return answer.body, replace(answer.status, forward_status=HTTPStatus.PARTIAL_CONTENT)

        size, length = self._tools.limits.slice_bytes, stored.content_length
        return SlicedBody(open_slice, size=size, length=length, etag=stored.etag or "")

    async def _go_forward(self, key: CacheKey, decision: Decision, want: Want) -> Answer | Refusal:
        reason = decision.reason if isinstance(decision, Forward) else ForwardReason.BYPASS
        if want.asked.only_if_cached:
            return await self._look_only(key, want)
        try:
            coming = self._pass(key) if isinstance(decision, Pass) else self._forward(key, reason, want)
            outcome = await coming
        except OriginError as error:
            outcome = Refusal(error, CacheStatus(forward=reason))
        if isinstance(outcome, Refusal):
            return await self._fall_back(key, want) or outcome
        return outcome

    async def _forward(self, key: CacheKey, reason: ForwardReason, want: Want) -> Answer | Refusal:
        """What the one fill of the key gives, or a request of its own. Raises OriginError."""
        newer_than = self._newer_than(reason)
        for attempt in range(1, _FILLS_TO_JOIN + 1):
            fill, is_first = self._start(key, want)
            fill.newer_than = max(fill.newer_than, newer_than)
            begun = await self._join(fill)
            is_collapsed = not (is_first and fill.is_led_here)
            if isinstance(begun, OriginChanged) and key.slice is None and attempt < _FILLS_TO_JOIN:
                continue  # it went on with a version that is gone
            if isinstance(begun, OriginError):
                return Refusal(begun, CacheStatus(forward=reason, collapsed=is_collapsed))
            if begun is None or (isinstance(begun, Found) and begun.stored.is_unstorable):
                break
            if _is_for_others(begun, want, newer_than):
                continue
            answer = await self._joined_answer(key, begun, reason, want, is_collapsed=is_collapsed)
            if answer is not None:
                return answer
        return await self._pass(key)

    async def _joined_answer(
        self, key: CacheKey, begun: Begun | Found, reason: ForwardReason, want: Want, *, is_collapsed: bool
    ) -> Answer | None:
        """What a fill gives; None when its body is gone, or it began too long ago."""
        if isinstance(begun, Found):
            return await self._use(key, begun.stored, want, self._found_status(begun, is_collapsed=is_collapsed))
        status = _begun_status(begun, reason, is_collapsed=is_collapsed)
        if begun.stored.is_sliced:
            return await self._use(key, begun.stored, want, status)
        if is_collapsed and self._is_outdated(begun.stored):
            await begun.body.close()
            return None
        coming = Selected(begun.stored, begun.body)
        return (await self._selection.of_coming(key, coming, want)).answer(status)

    def _is_outdated(self, begun: StoredResponse) -> bool:
        """Whether a fill takes so long that what it began with is stale for who comes now."""
        return 0 < begun.lifetime_seconds <= begun.age_at(self._tools.clock.now())

    def _newer_than(self, reason: ForwardReason) -> float:
        """What was stored before does not do; nothing is too old for who was not sent forward by its own directives."""
        return self._tools.clock.now() if reason is ForwardReason.REQUEST else 0.0

    async def _join(self, fill: Fill) -> Begun | Found | OriginError | None:
        """What the fill gives, or the error that it ended with."""
        try:
            return await fill.join()
        except OriginError as error:
            return error

    def _found_status(self, found: Found, *, is_collapsed: bool) -> CacheStatus:
        if found.forward_status is None:
            return self._hit_status(found.stored, is_stale=False)
        return CacheStatus(forward=ForwardReason.STALE, forward_status=found.forward_status, collapsed=is_collapsed)

    def _start(self, key: CacheKey, want: Want) -> tuple[Fill, bool]:
        """The fill of the key in this turn, and whether it begins now."""
        turn = Turn(self._tools.epoch.current, self._tools.purges.generation(key))
        fill, is_first = self._fills.find_or_start((key.digest, turn), lambda: Fill(key, turn, self._tools))
        fill.wants_whole |= want.is_whole
        return fill, is_first

    async def _look_only(self, key: CacheKey, want: Want) -> Answer | Refusal:
        """What a sibling may have stored; the bucket is not asked (RFC 9111 5.2.1.7)."""
        found = await self._tools.bodies.find(key)
        decision = self._decide(key, found, want)
        if found is not None and isinstance(decision, Use):
            answer = await self._use(key, found, want, is_stale=decision.is_stale)
            if answer is not None:
                return answer
        status = CacheStatus(forward=ForwardReason.REQUEST, detail="only-if-cached")
        return Refusal(OriginNotAsked("nothing is stored that may be used"), status)

    async def _fall_back(self, key: CacheKey, want: Want) -> Answer | None:
        """What is stored, though it is stale, when the bucket fails (RFC 5861 4)."""
        found = await self._tools.bodies.find(key)
        decision = self._decide(key, found, EVERYTHING)
        may_serve = isinstance(decision, Use) or (isinstance(decision, Forward) and decision.has_fallback)
        if found is None or not may_serve:
            return None
        ttl = min(-1, self._ttl(found))
        status = CacheStatus(forward=ForwardReason.STALE, ttl=ttl, detail="stale-if-error")
        return await self._use(key, found, want, status)

    async def _pass(self, key: CacheKey) -> Answer:
        """One answer for one request, not stored. Raises OriginError."""
        requested_at = self._tools.clock.now()
        if key.slice is None:
            response = await self._tools.origin.get(key.object_key)
        else:
            span = Span(key.slice.etag, key.slice.start, key.slice.stop)
            response = await self._tools.origin.get_span(key.object_key, span)
        received = Received(
            requested_at, self._tools.clock.now(), self._tools.epoch.current, self._tools.purges.count, identity=""
        )
        stored = store_object(response.head, received, self._tools.limits)
        status = CacheStatus(forward=ForwardReason.BYPASS, forward_status=stored.origin_status)
        return self._selection.of_passing(key, Selected(stored, PassingBody(response))).answer(status)

    def _ttl(self, stored: StoredResponse) -> int:
        return math.floor(stored.ttl_at(self._tools.clock.now()))


def _is_for_others(begun: Begun | Found, want: Want, newer_than: float) -> bool:
    """Whether a fill has found what is too old, or begun with a part, for somebody who was content with that."""
    is_too_old = isinstance(begun, Found) and begun.stored.received_at < newer_than
    return is_too_old or (begun.stored.is_sliced and want.is_whole)


def _begun_status(begun: Begun, reason: ForwardReason, *, is_collapsed: bool) -> CacheStatus:
    return CacheStatus(
        forward=reason,
        forward_status=begun.stored.origin_status,
        stored=begun.is_stored and not is_collapsed,
        collapsed=is_collapsed,
    )
