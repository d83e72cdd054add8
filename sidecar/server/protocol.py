"""Sanic's HTTP protocol, with the edges that matter here filed off."""

from sanic.http import Http
from sanic.server.protocols.http_protocol import HttpProtocol


class SidecarHttp(Http):
    """The requests of one connection."""

    __slots__ = ()

    def create_empty_request(self) -> None:
        """Stand in for a request that could not be parsed, while its 400 is made.

        Sanic would parse the same bad target again here, and drop the connection without an answer.
        """
        self.url = "*"
        super().create_empty_request()


class SidecarProtocol(HttpProtocol):
    """One client's connection."""

    HTTP_CLASS = SidecarHttp
    __slots__ = ()

    def close_if_idle(self) -> bool:
        """At the beginning of a drain: close now, or after the answer that is being made.

        Sanic would leave a busy keep-alive connection open after its answer, and wait for it until the drain is over.
        """
        closed = bool(super().close_if_idle())
        if not closed and self.http is not None:
            self.http.keep_alive = False
        return closed
