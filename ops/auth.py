"""Who may call the management endpoints: whoever has the bearer token (RFC 6750)."""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.settings import Settings


class Access(Enum):
    """What an Authorization header comes to."""

    GRANTED = "granted"
    MALFORMED = "malformed"
    DENIED = "denied"


class BearerToken:
    """The token of the settings; without one nobody is let in."""

    def __init__(self, settings: "Settings") -> None:
        self._key = settings.auth_key

    def judge(self, authorization: str | None) -> Access:
        """Whether the header's value opens the door; the comparison takes the same time for every wrong token."""
        if authorization is None:
            return Access.DENIED
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            return Access.MALFORMED
        is_right = self._key is not None and self._key.equals(token.strip())
        return Access.GRANTED if is_right else Access.DENIED
