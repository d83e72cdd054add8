"""What the rules of a website want to know for one request, asked of the cache."""

from typing import TYPE_CHECKING

from sidecar.cache.answer import Refusal, Want
from sidecar.cache.stored import Kind
from sidecar.errors import OriginError
from sidecar.origin.steps import Finding, Lookup, Role
from sidecar.server.faults import status_of
from sidecar.server.responses import asks_for_part

if TYPE_CHECKING:
    from sidecar.cache.answer import Answer
    from sidecar.cache.ports import FolderPage, PageOf
    from sidecar.cache.stored import StoredResponse
    from sidecar.http.cache_control import CacheControl
    from sidecar.server.exchange import Exchange

FOUND = Finding(200)
MISSING = Finding(404)


class Inquiry:
    """The questions of one request; what came of the last one is kept, and must be closed.

    The outcome that is told of the request is that of its last question.
    """

    def __init__(self, exchange: "Exchange", asked: "CacheControl") -> None:
        self._engine = exchange.site.engine
        self._exchange = exchange
        self._asked = asked
        self.answer: Answer | None = None
        """The object that was found last."""
        self.page: FolderPage | None = None
        """The part of a folder that was found last."""
        self.missing: StoredResponse | None = None
        """What is known of an absence; of several, the one that is forgotten first."""
        self.errors: dict[int, OriginError] = {}
        """Why the bucket did not answer, by the status that this has."""

    @property
    def stored(self) -> "StoredResponse | None":
        """What is stored of the object that was found last."""
        return None if self.answer is None else self.answer.stored

    async def look_up(self, question: Lookup) -> Finding:
        """Ask for an object."""
        await self.close()
        self._exchange.object_key = question.object_key
        answer = await self._engine.answer(question.object_key, self._want(question))
        self._exchange.cache = answer.status
        if isinstance(answer, Refusal):
            return self._failed(answer.error)
        self.answer = answer
        if answer.stored.kind is Kind.MISSING:
            return self._missing(answer.stored)
        return Finding(FOUND.status, answer.stored.redirect_location)

    async def list(self, page: "PageOf") -> Finding:
        """Ask for a part of a folder."""
        await self.close()
        listed = await self._engine.listings.page(page, self._asked)
        self._exchange.cache = listed.status
        if isinstance(listed, Refusal):
            return self._failed(listed.error)
        self.page = listed.page
        return FOUND if listed.page.entries else MISSING

    async def close(self) -> None:
        """Let go of the last answer."""
        answer, self.answer, self.page = self.answer, None, None
        if answer is not None:
            await answer.body.close()

    def _missing(self, stored: "StoredResponse") -> Finding:
        if self.missing is None or stored.received_at < self.missing.received_at:
            self.missing = stored
        return MISSING

    def _failed(self, error: OriginError) -> Finding:
        status = status_of(error)
        self.errors[status] = error
        return Finding(status)

    def _want(self, question: Lookup) -> Want:
        """All of the object, unless a part, its headers or its being there will do."""
        exchange, role = self._exchange, question.role
        if role is Role.FOLDER_INDEX:  # nor is it worth a coding
            return Want(self._asked, is_whole=False)
        is_part = role is not Role.ERROR_DOCUMENT and asks_for_part(exchange.header("range"))
        return Want(self._asked, not (exchange.is_head or is_part), exchange.header("accept-encoding"))
