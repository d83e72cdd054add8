"""Sanic's reading of one connection's requests, with the edges that matter here filed off."""

from typing import TYPE_CHECKING, Any

from sanic.http import Http
from sanic.http.constants import Stage

if TYPE_CHECKING:
    from sidecar.server.protocol import SidecarProtocol


class SidecarHttp(Http):
    """The requests of one connection, as far as they are Sanic's."""

    __slots__ = ("_is_kept", "_must_close")

    def __init__(self, protocol: "SidecarProtocol") -> None:
        self._is_kept = True
        self._must_close = False
        super().__init__(protocol)

    @property
    def keep_alive(self) -> bool:
        """Whether the connection outlives the answer."""
        return self._is_kept and not self._must_close

    @keep_alive.setter
    def keep_alive(self, is_kept: bool) -> None:
        # While it reads a head Sanic judges by the whole Connection field; that was read better already.
        if not is_kept and self.stage is not Stage.REQUEST:
            self._must_close = True

    def begin(self, *, is_kept: bool) -> None:
        """Note what the client wants to become of the connection after the request that is handed over now."""
        self._is_kept = is_kept

    def close_after_answer(self) -> None:
        """Make the answer that is being made the last one."""
        self._must_close = True

    def init_for_request(self) -> None:
        """Get ready for a request; Sanic calls this before it looks whether there is one."""
        super().init_for_request()
        protocol: Any = self.protocol
        protocol.next_request()

    def respond(self, response: Any) -> Any:
        """Begin an answer. A body that was only announced is not asked for any more, nor is its end waited for."""
        if self.expecting_continue:
            self.expecting_continue = False
            self._must_close = True
        return super().respond(response)

    async def error_response(self, exception: Exception) -> None:
        """Answer instead of a handler; what could not be read as a request leaves the connection in doubt."""
        if self.stage is not Stage.HANDLER:
            self._must_close = True
        await super().error_response(exception)

    def create_empty_request(self) -> None:
        """Stand in for a request that could not be parsed, while its 400 is made.

        Sanic would parse the same bad target again here, and drop the connection without an answer.
        """
        self.url = "*"
        super().create_empty_request()
