"""Fetches an object for the whole node, and stores it."""

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.cache.policy import may_fill
from sidecar.cache.ports import NotModified, OriginResponse, Part, Phase, Span, Validators
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.cache.storing import (
    Received,
    freshen,
    pass_on,
    remember_unstorable,
    store_missing,
    store_object,
    store_slice,
    store_sliced,
    store_variant,
)
from sidecar.errors import OriginChanged, OriginError, OriginNotFound, OriginProtocolError, OriginUnavailable

if TYPE_CHECKING:
    from sidecar.cache.fill import Fill
    from sidecar.cache.tools import Tools


_RETRY_SECONDS = 2.0
"""How long an object is passed on, without another try to store it, when there was no room."""


class Lead:
    """The leader's part of a fill. Without a `part`, when the disk cannot be used, the answer is passed on."""

    def __init__(self, fill: "Fill", part: Part | None, tools: "Tools") -> None:
        self._fill = fill
        self._part = part
        self._tools = tools
        self._key = fill.key
        self._purge_count = tools.purges.count

    async def run(self) -> None:
        """Find, revalidate or fetch. Raises OriginError and OSError, which those who follow are told too."""
        try:
            sight = None if self._part is None else self._part.look()
            if self._part is not None and sight is not None and sight.phase is Phase.FILLING:
                await self._resume(self._part, sight.stored, sight.available)
            else:
                await self._find_or_fetch()
        except OriginError as error:
            await self._tell(error)
            raise
        except OSError:
            await self._tell(OriginUnavailable("the object could not be stored while it was being sent"))
            raise

    async def _find_or_fetch(self) -> None:
        """Look again first. Without this look the bucket would be asked twice.

        1. request A finds nothing and begins a fill      2. request B finds nothing
        3. the fill stores its object and ends            4. B finds no fill to join and begins another

        It is also where a worker finds what a sibling has stored.
        """
        known = await self._known()
        if known is not None and self._may_use(known):
            await self._settle(known, None)
        else:
            await self._fetch(known)

    def _may_use(self, known: StoredResponse) -> bool:
        if self._key.is_of_one_version and not known.is_unstorable:
            return True  # it does not age, and what is gone was sorted out
        if known.received_at < self._fill.newer_than:
            return False
        standing, now = self._tools.standing(self._key, known), self._tools.clock.now()
        return may_fill(known, standing, now=now, wants_whole=self._fill.wants_whole)

    async def _known(self) -> StoredResponse | None:
        """What is stored and not gone. A body's file is the truth: it may have been deleted behind the metadata."""
        if self._part is None:
            return None
        found = await self._tools.bodies.find(self._key) or await self._remembered()
        if found is None or self._tools.is_gone(self._key, found):
            return None
        return found

    async def _remembered(self) -> StoredResponse | None:
        """What is kept in memory alone: that there is nothing to store."""
        found = await self._tools.metadata.get(self._key)
        return None if found is None or found.has_body or found.is_sliced else found

    async def _fetch(self, known: StoredResponse | None) -> None:
        requested_at = self._tools.clock.now()
        try:
            response = await self._ask(known)
        except OriginNotFound:
            await self._store_missing(store_missing(self._received(requested_at), self._tools.limits))
            return
        if isinstance(response, NotModified):
            assert known is not None  # noqa: S101 - its validators were sent
            await self._confirm(known, response, requested_at)
        else:
            await self._receive(response, requested_at)

    async def _ask(self, known: StoredResponse | None) -> OriginResponse | NotModified:
        part = self._key.slice
        if part is not None:
            return await self._tools.origin.get_span(self._key.object_key, Span(part.etag, part.start, part.stop))
        if known is None or not known.has_validator or (known.is_sliced and self._fill.wants_whole):
            return await self._tools.origin.get(self._key.object_key)
        validators = Validators(known.etag, known.header("last-modified"))
        return await self._tools.origin.get_if_changed(self._key.object_key, validators)

    async def _confirm(self, known: StoredResponse, answer: NotModified, requested_at: float) -> None:
        fresh = freshen(known, answer.head, self._received(requested_at), self._tools.limits)
        await self._tools.bodies.freshen(self._key, fresh)
        await self._settle(fresh, HTTPStatus.NOT_MODIFIED)

    async def _settle(self, stored: StoredResponse, forward_status: int | None) -> None:
        await self._tools.metadata.put(self._key, stored)
        if self._part is not None:
            await self._part.settle(forward_status)
        self._fill.find(stored, forward_status)

    async def _store_missing(self, missing: StoredResponse) -> None:
        await self._tools.bodies.remove(self._key)
        await self._remember(missing)
        self._fill.begin(missing)

    async def _receive(self, response: OriginResponse, requested_at: float) -> None:
        is_passed_on = False
        try:
            stored = self._to_store(response, requested_at)
            if stored.is_bare and await self._begins(stored):
                await self._commit(stored)
                self._fill.begin(stored)
            elif stored.kind is Kind.OBJECT and await self._begins(stored):
                self._fill.begin(stored)
                await self._store(response, stored)
            else:
                await self._pass_on(response, stored)
                is_passed_on = True
        finally:
            if not is_passed_on:
                await response.close()

    async def _pass_on(self, response: OriginResponse, stored: StoredResponse) -> None:
        """Give the answer to one of those who wait. Where only room is lacking, what is stored stays, to stand in."""
        seconds = _RETRY_SECONDS
        if stored.is_unstorable:
            await self._tools.bodies.remove(self._key)
            seconds = self._tools.limits.ttl
        passed_on = pass_on(stored)
        await self._remember(remember_unstorable(passed_on, seconds))
        self._fill.begin(passed_on, response)

    def _to_store(self, response: OriginResponse, requested_at: float) -> StoredResponse:
        received, limits = self._received(requested_at), self._tools.limits
        if self._key.slice is not None:
            return store_slice(response.head, received, limits)
        if self._key.variant is not None:
            return store_variant(response.head, received, limits)
        stored = store_object(response.head, received, limits)
        is_large = stored.has_body and stored.content_length > limits.slice_threshold_bytes
        # Without a strong ETag the slices could not be bound to one version; without a disk none could be kept.
        is_bindable = stored.has_strong_etag and self._part is not None
        return store_sliced(stored) if is_large and is_bindable and not self._fill.wants_whole else stored

    async def _begins(self, stored: StoredResponse) -> bool:
        """Whether there is room for the body; a full disk makes the answer pass, it does not fail it."""
        if self._part is None:
            return False
        try:
            await self._part.begin(stored)
        except (OSError, ValueError, OverflowError) as error:
            self._tools.disk_log.failed(error)
            return False
        return True

    async def _resume(self, part: Part, stored: StoredResponse | None, available: int) -> None:
        """Go on where a leader died, with the same version of the object; its followers have read up to here."""
        if stored is None or (not self._fill.has_begun and self._tools.is_gone(self._key, stored)):
            raise OriginChanged("the object was purged while it was being stored")
        if available == stored.content_length:  # its leader died before it was stored, or could not store it
            await part.resume()
            self._go_on(stored, available)
            await self._commit(stored)
            return
        if stored.etag is None or not stored.has_strong_etag:
            raise OriginChanged("the object cannot be gone on with: it has no strong ETag")
        await part.resume()
        # Asked first: as long as nobody here has begun to read, a version that is gone harms nobody.
        response = await self._tools.origin.get_span(self._key.object_key, self._rest(stored.etag, available))
        try:
            self._go_on(stored, available)
            await self._store(response, stored)
        finally:
            await response.close()

    def _go_on(self, stored: StoredResponse, available: int) -> None:
        self._fill.begin(stored)
        self._fill.progress.advance(available - self._fill.progress.available)

    def _rest(self, etag: str, available: int) -> Span:
        part = self._key.slice
        return Span(etag, available) if part is None else Span(etag, part.start + available, part.stop)

    async def _store(self, response: OriginResponse, stored: StoredResponse) -> None:
        assert self._part is not None  # noqa: S101 - it has begun there
        progress = self._fill.progress
        written = progress.available
        async for chunk in response.chunks():
            written += len(chunk)
            if written > stored.content_length:
                raise OriginProtocolError("the body is longer than its content-length")
            await self._part.write(chunk)
            if written == stored.content_length:
                # Before its last byte is given out: whoever has all of it can rely on its being stored.
                await self._commit(stored)
            progress.advance(len(chunk))
        if written != stored.content_length:
            raise OriginProtocolError("the body is shorter than its content-length")
        if written == 0:
            await self._commit(stored)

    async def _remember(self, stored: StoredResponse) -> None:
        """Remember that there is nothing to store: in memory alone, so that no flood of such keys fills the disk."""
        await self._tools.metadata.put(self._key, stored)
        if self._part is not None:
            await self._part.announce(stored)

    async def _commit(self, stored: StoredResponse) -> None:
        if self._part is None:
            return
        if self._tools.is_gone(self._key, stored):
            self._part.drop()
            return
        try:
            await self._part.commit()
        except OSError as error:  # all of it has been sent; only keeping it failed
            self._tools.disk_log.failed(error)
        else:
            await self._tools.metadata.put(self._key, stored)

    async def _tell(self, error: OriginError) -> None:
        """Tell those who follow in other workers."""
        if self._part is not None:
            await self._part.fail(error)

    def _received(self, requested_at: float) -> Received:
        return Received(
            requested_at=requested_at,
            received_at=self._tools.clock.now(),
            epoch=self._fill.turn.epoch,
            purge_count=self._purge_count,
            identity=secrets.token_hex(16),
        )
