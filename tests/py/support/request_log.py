"""What a server that logs at debug level has said of the requests it answered."""

import re
from dataclasses import dataclass

from support.sidecar import Sidecar

_LINE = re.compile(r"(?P<method>\S+) (?P<quote>['\"])(?P<resource>.*?)(?P=quote) (?P<status>\d+) (?P<length>\d+)B ")


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that was answered, or broken off; `body_bytes` were sent."""

    method: str
    resource: str
    status: int
    body_bytes: int


def logged_requests(server: Sidecar, resource: str) -> list[LoggedRequest]:
    """List the requests for a resource, in the order in which they ended."""
    found = [
        LoggedRequest(match["method"], match["resource"], int(match["status"]), int(match["length"]))
        for match in map(_LINE.match, server.messages())
        if match is not None
    ]
    return [logged for logged in found if logged.resource == resource]
