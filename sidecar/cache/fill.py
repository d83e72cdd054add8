"""One object on its way from the bucket into the cache, for everybody in this worker who asks for it meanwhile."""

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.cache.body import Body, EmptyBody, PassingBody, StoredBody
from sidecar.cache.follow import LOOK_SECONDS, follow
from sidecar.cache.key import CacheKey
from sidecar.cache.lead import Lead
from sidecar.cache.ports import OriginResponse, Turn
from sidecar.cache.progress import Progress
from sidecar.cache.stored import StoredResponse
from sidecar.cache.tools import Tools
from sidecar.errors import REASONS, OriginError, OriginProtocolError, OriginUnavailable

if TYPE_CHECKING:
    from sidecar.cache.ports import Part

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """The bucket's answer has begun: the response, a body for one reader, and whether it is being stored."""

    stored: StoredResponse
    body: Body
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A stored response may be used: it has appeared meanwhile, or the bucket has confirmed it with a 304."""

    stored: StoredResponse
    forward_status: int | None = None


class Fill:
    """A fill belongs to its key, not to the request that began it: it runs in its own task to its end.

    Whoever wants the object calls `join`. The body can be read from the first byte on. An answer that may not be
    stored goes to one of those who wait; the others have to ask for themselves.

    Of all fills of a key on the node one leads and asks the bucket, the others follow and read along. When the leader's
    process dies, a follower goes on in its place.
    """

    def __init__(self, key: CacheKey, turn: Turn, tools: Tools) -> None:
        self.key = key
        self.turn = turn
        self.wants_whole = False
        """Whether anybody who waits wants all of the object; a large one is fetched in slices otherwise."""
        self.newer_than = 0.0
        """When somebody who waits refused what was stored; nothing older will do then, be it as fresh as it may."""
        self.progress = Progress()
        self._tools = tools
        self._outcome: asyncio.Future[StoredResponse | Found | OriginError] = asyncio.get_running_loop().create_future()
        self._part: Part | None = None
        self._response: OriginResponse | None = None
        self._waiting = 0
        self._nobody_waits = asyncio.Event()
        self.is_led_here = True

    @property
    def has_begun(self) -> bool:
        """Whether those who wait know what they get."""
        return self._outcome.done()

    @property
    def waiting(self) -> int:
        """How many wait to know what they get."""
        return self._waiting

    async def join(self) -> Begun | Found | None:
        """Wait until the answer begins; None when it may not be stored and is another's already.

        Raises OriginError. A caller that is cancelled harms nobody else.
        """
        self._waiting += 1
        try:
            outcome = await asyncio.shield(self._outcome)
            if isinstance(outcome, OriginError):
                raise outcome.with_traceback(None)
            return outcome if isinstance(outcome, Found) else self._hand_out(outcome)
        except OSError as error:
            logger.warning("%r cannot be read while it is being stored: %s", self.key.object_key, error)
            raise OriginUnavailable("the object cannot be read while it is being stored") from error
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._nobody_waits.set()

    async def run(self) -> None:
        """Lead or follow; those who joined are told of every failure. Followed by `close`."""
        try:
            await self._run()
        except OriginError as error:
            self.fail(error)
        except OSError as error:
            logger.warning("the cache directory failed while %r was being stored: %s", self.key.object_key, error)
            self.fail(OriginUnavailable("the object could not be stored while it was being sent"))
        except asyncio.CancelledError:
            self.fail(OriginUnavailable("the server is stopping"))
            raise
        except Exception:
            self.fail(OriginProtocolError("the object could not be fetched"))
            raise

    async def close(self) -> None:
        """Let go of everything, once each of those who joined has got what is theirs. Nobody may join any more."""
        try:
            while self._waiting:
                self._nobody_waits.clear()
                await self._nobody_waits.wait()
        finally:  # also when the server stops just now
            response, self._response = self._response, None
            if self._part is not None:
                self._part.close()
            if response is not None:
                await response.close()

    def begin(self, stored: StoredResponse, response: OriginResponse | None = None) -> None:
        """What is coming is known; with a `response` it goes to one of those who wait."""
        self._response = response
        if not self._outcome.done():
            self._outcome.set_result(stored)

    def find(self, stored: StoredResponse, forward_status: int | None = None) -> None:
        """What is stored may be used."""
        if not self._outcome.done():
            self._outcome.set_result(Found(stored, forward_status))

    def fail(self, error: OriginError) -> None:
        """Nothing, or nothing more, will come."""
        if self.is_led_here:  # else it is told where it is led
            self._tools.events.fill_failed(REASONS.get(type(error), "other"))
        if not self._outcome.done():
            self._outcome.set_result(error)
        self.progress.fail(error)

    def _hand_out(self, stored: StoredResponse) -> Begun | None:
        if self._response is not None:
            response, self._response = self._response, None
            return Begun(stored, PassingBody(response), is_stored=False)
        if stored.is_sliced:
            return Begun(stored, EmptyBody(), is_stored=True)
        if stored.has_body and self._part is not None:
            return Begun(stored, StoredBody(self._part.reader(), self.progress), is_stored=True)
        return None if stored.has_body or stored.is_unstorable else Begun(stored, EmptyBody(), is_stored=True)

    async def _run(self) -> None:
        try:
            self._part, self.is_led_here = await self._claim()
        except OSError as error:
            self._tools.disk_log.failed(error)
        if self._part is not None and not self.is_led_here:
            self.is_led_here = await follow(self, self._part, self._tools)
        if self.is_led_here:
            await Lead(self, self._part, self._tools).run()

    async def _claim(self) -> "tuple[Part, bool]":
        """The place of the fill. One that is over as it is claimed was over before: its leader is about to leave."""
        while True:
            part, is_leader = await self._tools.bodies.claim(self.key, self.turn)
            try:
                if is_leader or not part.look().is_over:
                    return part, is_leader
            except OSError:
                part.close()
                raise
            part.close()
            await asyncio.sleep(LOOK_SECONDS)
