"""One object on its way from the bucket into the cache, for everybody who asks for it meanwhile."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from sidecar.cache.body import Body, EmptyBody, PassingBody, StoredBody
from sidecar.cache.epoch import Epoch
from sidecar.cache.key import CacheKey
from sidecar.cache.policy import Received, Use, decide, is_storable, store_missing, store_object
from sidecar.cache.ports import BodyStore, BodyWriter, MetadataStore, Origin, OriginResponse
from sidecar.cache.progress import Progress
from sidecar.cache.stored import StoredResponse
from sidecar.clock import Clock
from sidecar.errors import OriginError, OriginNotFound, OriginProtocolError, OriginUnavailable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a fill works with; `ttl` is in seconds."""

    origin: Origin
    metadata: MetadataStore
    bodies: BodyStore
    epoch: Epoch
    clock: Clock
    ttl: float


@dataclass(frozen=True, slots=True)
class Begun:
    """The bucket's answer has begun: the response, a body for one reader, and whether it is being stored."""

    stored: StoredResponse
    body: Body
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The bucket was not asked: a stored response that may be used has appeared since the request looked."""

    stored: StoredResponse


class Fill:
    """A fill belongs to its key, not to the request that began it: it runs in its own task to its end.

    Whoever wants the object calls `join`. The body can be read from the first byte on. An answer that may not be
    stored goes to one of those who wait; the others have to ask for themselves.
    """

    def __init__(self, key: CacheKey, epoch: int, tools: Tools) -> None:
        self._key = key
        self._epoch = epoch
        self._tools = tools
        self._begun: asyncio.Future[StoredResponse | Found | OriginError] = asyncio.get_running_loop().create_future()
        self._progress = Progress()
        self._response: OriginResponse | None = None
        self._writer: BodyWriter | None = None
        self._waiting = 0
        self._nobody_waits = asyncio.Event()

    async def join(self) -> Begun | Found | None:
        """Wait until the answer begins; None when it may not be stored and is another's already.

        Raises OriginError. A caller that is cancelled harms nobody else.
        """
        self._waiting += 1
        try:
            outcome = await asyncio.shield(self._begun)
            if isinstance(outcome, OriginError):
                raise outcome.with_traceback(None)
            return outcome if isinstance(outcome, Found) else self._hand_out(outcome)
        except OSError as error:
            logger.warning("%r cannot be read while it is being stored: %s", self._key.object_key, error)
            raise OriginUnavailable("the object cannot be read while it is being stored") from error
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._nobody_waits.set()

    async def run(self) -> None:
        """Fetch and store; those who joined are told of every failure. Followed by `close`."""
        try:
            found = await self._look_again()
            if found is None:
                await self._fetch()
            else:
                self._begun.set_result(Found(found))
        except OriginError as error:
            self._fail(error)
        except OSError as error:
            logger.warning("the cache directory failed while %r was being stored: %s", self._key.object_key, error)
            self._fail(OriginUnavailable("the object could not be stored while it was being sent"))
        except asyncio.CancelledError:
            self._fail(OriginUnavailable("the server is stopping"))
            raise
        except Exception:
            self._fail(OriginProtocolError("the object could not be fetched"))
            raise

    async def close(self) -> None:
        """Let go of everything, once each of those who joined has got what is theirs. Nobody may join any more."""
        try:
            while self._waiting:
                self._nobody_waits.clear()
                await self._nobody_waits.wait()
        finally:  # also when the server stops just now
            response, self._response = self._response, None
            if self._writer is not None:
                self._writer.discard()
            if response is not None:
                await response.close()

    def _fail(self, error: OriginError) -> None:
        if not self._begun.done():
            self._begun.set_result(error)
        self._progress.fail(error)

    def _hand_out(self, stored: StoredResponse) -> Begun | None:
        if self._writer is not None:
            return Begun(stored, StoredBody(self._writer.reader(), self._progress), is_stored=True)
        if stored.status != HTTPStatus.OK:
            return Begun(stored, EmptyBody(), is_stored=True)
        response, self._response = self._response, None
        return None if response is None else Begun(stored, PassingBody(response), is_stored=False)

    async def _look_again(self) -> StoredResponse | None:
        """What may be used after all. Without this look the bucket would be asked twice.

        1. request A finds nothing and begins a fill      2. request B finds nothing
        3. the fill stores its object and ends            4. B finds no fill to join and begins another

        It is also where a worker finds what a sibling has stored.
        """
        known = await self._tools.metadata.get(self._key)
        if known is not None and known.status != HTTPStatus.OK and self._may_use(known):
            return known
        # The file is the truth about a body: it may have been deleted while the metadata is still here.
        found = await self._tools.bodies.find(self._key)
        if found is None or not self._may_use(found):
            return None
        await self._tools.metadata.put(self._key, found)
        return found

    def _may_use(self, stored: StoredResponse) -> bool:
        return isinstance(decide(stored, epoch=self._epoch, now=self._tools.clock.now()), Use)

    async def _fetch(self) -> None:
        requested_at = self._tools.clock.now()
        try:
            self._response = await self._tools.origin.get(self._key.object_key)
        except OriginNotFound:
            missing = store_missing(self._received(requested_at), ttl=self._tools.ttl)
            await self._tools.metadata.put(self._key, missing)
            self._begun.set_result(missing)
            return
        head = self._response.head
        stored = store_object(head, self._received(requested_at), ttl=self._tools.ttl)
        if is_storable(head):
            self._writer = await self._create(stored)
        self._begun.set_result(stored)
        if self._writer is not None:
            await self._store(self._response, self._writer, stored)

    async def _create(self, stored: StoredResponse) -> BodyWriter | None:
        try:
            return await self._tools.bodies.create(self._key, stored)
        except (OSError, ValueError, OverflowError) as error:
            logger.warning("%r is passed on without being stored: %s", self._key.object_key, error)
            return None

    async def _store(self, response: OriginResponse, writer: BodyWriter, stored: StoredResponse) -> None:
        async for chunk in response.chunks():
            if self._progress.available + len(chunk) > stored.content_length:
                raise OriginProtocolError("the body is longer than its content-length")
            await writer.write(chunk)
            self._progress.advance(len(chunk))
        if self._progress.available != stored.content_length:
            raise OriginProtocolError("the body is shorter than its content-length")
        if self._epoch == self._tools.epoch.current:
            await writer.commit()
            await self._tools.metadata.put(self._key, stored)

    def _received(self, requested_at: float) -> Received:
        return Received(requested_at, self._tools.clock.now(), self._epoch, secrets.token_hex(16))
