"""Errors of the management endpoints: problem details (RFC 9457)."""

import json
from typing import TYPE_CHECKING

from sanic import HTTPResponse

if TYPE_CHECKING:
    from ops.refusal import Refused

NO_STORE = {"cache-control": "no-store"}


def problem_of(refused: "Refused") -> HTTPResponse:
    """The answer (RFC 9457 3.1)."""
    status = refused.status
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": str(refused)}
    return HTTPResponse(
        json.dumps(document) + "\n",
        status=status,
        headers=NO_STORE | refused.headers,
        content_type="application/problem+json",
    )
