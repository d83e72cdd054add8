"""The trace that the request which is being answered belongs to, for the requests to the bucket that it causes.

A fill has a task of its own; it is made within the request that begins it, and so takes over what is current there.
"""

import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from sidecar.http.trace_context import TraceContext

if TYPE_CHECKING:
    from sidecar.observe import Request

Fields = tuple[tuple[str, str], ...]


class Asking(Protocol):
    """A request to the bucket, as part of a trace."""

    @property
    def fields(self) -> Fields:
        """The headers that tell the bucket of the trace."""
        ...

    def answered(self, status: int) -> None:
        """The answer has begun."""
        ...

    def failed(self, error: BaseException) -> None:
        """There is no answer."""
        ...


class Trace(Protocol):
    """The part that this server has in a trace."""

    def ask(self, method: str, url: str) -> Asking:
        """Begin a request to the bucket."""
        ...


CURRENT: ContextVar[Trace | None] = ContextVar("CURRENT", default=None)
"""Of the request that is being answered here, if it has one."""


class PassedOn:
    """A trace that others record: the bucket is told of it, and nothing else happens."""

    def __init__(self, context: TraceContext) -> None:
        self._context = context

    def ask(self, method: str, url: str) -> "PassedOnAsking":
        """Begin a request, which has an identity of its own in the trace."""
        return PassedOnAsking(self._context._replace(parent_id=_new_id()).fields())


class PassedOnAsking:
    """A request to the bucket that nobody records."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    def answered(self, status: int) -> None:
        """See `Asking`."""

    def failed(self, error: BaseException) -> None:
        """See `Asking`."""


def passed_on(request: "Request") -> PassedOn | None:
    """The trace that a request belongs to, to be passed on; None for none."""
    traceparent = request.header("traceparent")
    if traceparent is None:
        return None
    context = TraceContext.parse(traceparent, request.header("tracestate"))
    return None if context is None else PassedOn(context)


def _new_id() -> str:
    return secrets.token_hex(8)
