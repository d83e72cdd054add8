"""The bucket, with somebody told of every request to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from sidecar.cache.ports import FolderPage, NotModified, OriginResponse, PageOf, Span, Validators
from sidecar.clock import Clock
from sidecar.errors import REASONS, OriginChanged, OriginError, OriginForbidden, OriginNotFound
from sidecar.observe import Events
from sidecar.origin.circuit import CircuitState

if TYPE_CHECKING:
    from sidecar.cache.ports import OriginHead
    from sidecar.origin.s3 import S3Origin

T = TypeVar("T")

_GET = "GetObject"
_LIST = "ListObjectsV2"
_CODES: dict[type[OriginError], str] = {OriginNotFound: "404", OriginForbidden: "403", OriginChanged: "412"}
_FAILURES = frozenset({"timeout", "unavailable", "credentials"})
"""What says that the bucket gives nothing to anybody."""
_NOTHING = Span('"no-such-version"', 0, 1)
"""A condition that no object meets: the answer is a 412, or that there is no such object, and has no body."""


class ObservedResponse:
    """An object on its way, counted as it comes."""

    def __init__(self, response: OriginResponse, events: Events) -> None:
        self.head: OriginHead = response.head
        self._response = response
        self._events = events

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Raises OriginError when it ends early or stops coming."""
        async for chunk in self._response.chunks():
            self._events.origin_received(len(chunk))
            yield chunk

    async def close(self) -> None:
        """Give back the connection; safe to repeat."""
        await self._response.close()


class ObservedOrigin:
    """The same as the origin that it is made of; `answered_at` and `failed_at` are seconds since 1970, 0 for never."""

    def __init__(self, origin: "S3Origin", events: Events, clock: Clock) -> None:
        self._origin = origin
        self._events = events
        self._clock = clock
        self.answered_at = 0.0
        self.failed_at = 0.0

    async def get(self, object_key: str) -> ObservedResponse:
        """Ask for an object. Raises OriginError."""
        return self._counted(await self._told(self._origin.get(object_key), _GET, HTTPStatus.OK))

    async def get_if_changed(self, object_key: str, known: Validators) -> ObservedResponse | NotModified:
        """Ask for an object unless it is the one that is known. Raises OriginError."""
        answer = await self._told(self._origin.get_if_changed(object_key, known), _GET, HTTPStatus.OK)
        return answer if isinstance(answer, NotModified) else self._counted(answer)

    async def get_span(self, object_key: str, span: Span) -> ObservedResponse:
        """Ask for a part of one version of an object. Raises OriginError, OriginChanged for another version."""
        return self._counted(
            await self._told(self._origin.get_span(object_key, span), _GET, HTTPStatus.PARTIAL_CONTENT)
        )

    async def folder(self, page: PageOf) -> FolderPage:
        """What lies right below a folder; nothing when the credentials may not list. Raises OriginError."""
        return await self._told(self._origin.folder(page), _LIST, HTTPStatus.OK)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with the prefix. Raises OriginError."""
        keys = self._origin.keys(prefix)
        first = await self._told(anext(keys, None), _LIST, HTTPStatus.OK)
        if first is not None:
            yield first
            async for key in keys:
                yield key

    async def probe(self, object_key: str) -> OriginError | None:
        """Ask for nothing, only to see whether the bucket answers; what it raised, refusals of the object included."""
        try:
            response = await self.get_span(object_key, _NOTHING)
        except OriginError as error:
            return error
        await response.close()
        return None

    def _counted(self, response: OriginResponse) -> ObservedResponse:
        return ObservedResponse(response, self._events)

    async def _told(self, asking: Awaitable[T], operation: str, status: HTTPStatus) -> T:
        is_left_alone = self._origin.reach.circuit.state(asyncio.get_running_loop().time()) is CircuitState.OPEN
        began = time.monotonic()
        try:
            answer = await asking
        except OriginError as error:
            if not is_left_alone:
                self._note(operation, _CODES.get(type(error)) or REASONS.get(type(error), "other"), began)
            raise
        self._note(operation, "304" if isinstance(answer, NotModified) else str(int(status)), began)
        return answer

    def _note(self, operation: str, code: str, began: float) -> None:
        self._events.origin_asked(operation, code, time.monotonic() - began)
        if code in _FAILURES:
            self.failed_at = self._clock.now()
        else:
            self.answered_at = self._clock.now()
