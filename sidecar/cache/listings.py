"""Pages of folders: each is asked for once for all who want it, and remembered for a while in this worker's memory."""

import asyncio
import math
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from sidecar.cache.answer import Refusal
from sidecar.cache.collapse import Collapse
from sidecar.cache.policy import NO_DIRECTIVES
from sidecar.cache.ports import FolderPage, PageOf, Turn
from sidecar.cache.tools import Tools
from sidecar.errors import OriginError, OriginNotAsked, OriginProtocolError, OriginUnavailable
from sidecar.http.cache_control import CacheControl
from sidecar.http.cache_status import CacheStatus, ForwardReason
from sidecar.tasks import Tasks

MAX_ENTRIES = 20_000
"""The most entries of folders that are remembered, over all pages; each page itself counts for one."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page, and how it was come by."""

    page: FolderPage
    status: CacheStatus


@dataclass(frozen=True, slots=True)
class _Remembered:
    page: FolderPage
    turn: Turn
    received_at: float
    lifetime_seconds: float

    @property
    def weight(self) -> int:
        return 1 + len(self.page.entries)

    def age_at(self, now: float) -> float:
        return max(0.0, now - self.received_at)


class Listings:
    """The folders of the bucket, as one worker knows them.

    A clear, and any purge, makes all of them unknown: what a purge names are objects, and folders are made of them.
    """

    def __init__(self, tools: Tools, tasks: Tasks, *, max_entries: int = MAX_ENTRIES) -> None:
        self._tools = tools
        self._max_entries = max_entries
        self._readings: Collapse[_Reading] = Collapse(tasks)
        self._pages: OrderedDict[PageOf, _Remembered] = OrderedDict()
        self._weight = 0

    async def page(self, wanted: PageOf, asked: CacheControl = NO_DIRECTIVES) -> Listed | Refusal:
        """A page, or why it cannot be had; `asked` are the request's directives that count."""
        turn = self._turn()
        known = self._pages.get(wanted)
        reason = self._reason(known, turn, asked)
        if known is not None and reason is None:
            self._pages.move_to_end(wanted)
            ttl = math.floor(known.lifetime_seconds - known.age_at(self._tools.clock.now()))
            return Listed(known.page, CacheStatus(hit=True, ttl=ttl))
        if asked.only_if_cached:
            status = CacheStatus(forward=ForwardReason.REQUEST, detail="only-if-cached")
            return Refusal(OriginNotAsked("no listing is stored that may be used"), status)
        return await self._read(wanted, turn, reason or ForwardReason.URI_MISS)

    def _reason(self, known: _Remembered | None, turn: Turn, asked: CacheControl) -> ForwardReason | None:
        """Why what is known does not do."""
        if known is None:
            return ForwardReason.URI_MISS
        if known.turn != turn:
            return ForwardReason.MISS
        age = known.age_at(self._tools.clock.now())
        if age >= known.lifetime_seconds:
            return ForwardReason.STALE
        is_too_old = asked.no_cache or asked.no_store or (asked.max_age is not None and age > asked.max_age)
        is_ending = asked.min_fresh is not None and known.lifetime_seconds - age < asked.min_fresh
        return ForwardReason.REQUEST if is_too_old or is_ending else None

    async def _read(self, wanted: PageOf, turn: Turn, reason: ForwardReason) -> Listed | Refusal:
        name = f"{wanted.limit}\0{wanted.after}\0{wanted.prefix}"
        reading, is_first = self._readings.find_or_start((name, turn), lambda: _Reading(self, wanted, turn))
        outcome = await reading.join()
        if isinstance(outcome, OriginError):
            return Refusal(outcome, CacheStatus(forward=reason, collapsed=not is_first))
        return Listed(
            outcome,
            CacheStatus(forward=reason, forward_status=HTTPStatus.OK, stored=is_first, collapsed=not is_first),
        )

    async def ask(self, wanted: PageOf, turn: Turn) -> FolderPage:
        """Ask the bucket for a page, and remember it. Raises OriginError."""
        page = await self._tools.origin.folder(wanted)
        limits = self._tools.limits
        lifetime = limits.ttl if page.entries else limits.negative_ttl
        if turn == self._turn():
            self._remember(wanted, _Remembered(page, turn, self._tools.clock.now(), lifetime))
        return page

    def _turn(self) -> Turn:
        return Turn(self._tools.epoch.current, self._tools.purges.count)

    def _remember(self, wanted: PageOf, page: _Remembered) -> None:
        self._forget(wanted)
        self._pages[wanted] = page
        self._weight += page.weight
        while self._weight > self._max_entries:
            self._forget(next(iter(self._pages)))

    def _forget(self, wanted: PageOf) -> None:
        known = self._pages.pop(wanted, None)
        self._weight -= 0 if known is None else known.weight


class _Reading:
    """One request to the bucket, for all who wait; it goes on when they leave."""

    def __init__(self, listings: Listings, wanted: PageOf, turn: Turn) -> None:
        self._listings = listings
        self._wanted = wanted
        self._turn = turn
        self._outcome: asyncio.Future[FolderPage | OriginError] = asyncio.get_running_loop().create_future()

    async def join(self) -> FolderPage | OriginError:
        return await asyncio.shield(self._outcome)

    async def run(self) -> None:
        try:
            self._outcome.set_result(await self._listings.ask(self._wanted, self._turn))
        except OriginError as error:
            self._outcome.set_result(error)
        except asyncio.CancelledError:
            self._outcome.set_result(OriginUnavailable("the server is stopping"))
            raise
        except Exception:
            self._outcome.set_result(OriginProtocolError("the folder could not be listed"))
            raise

    async def close(self) -> None:
        """Hold nothing."""
