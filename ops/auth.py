"""Who may call the management endpoints: whoever has the bearer token (RFC 6750)."""

from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from ops.refusal import Refused

if TYPE_CHECKING:
    from sidecar.settings import Settings

_CHALLENGE = 'Bearer realm="s3-sidecar"'


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

    def admit(self, authorization: str | None) -> None:
        """Let in who has the token; raises Refused for anybody else (RFC 6750 3, RFC 9110 15.5.4)."""
        if self._key is None:
            raise Refused(HTTPStatus.FORBIDDEN, "the server has no --auth-key: nobody may manage it")
        if self.judge(authorization) is Access.GRANTED:
            return
        is_wrong = authorization is not None and authorization.strip().lower().startswith("bearer ")
        challenge = _CHALLENGE + (', error="invalid_token"' if is_wrong else "")
        detail = "the bearer token is wrong" if is_wrong else "a bearer token is needed: Authorization: Bearer TOKEN"
        raise Refused(HTTPStatus.UNAUTHORIZED, detail, www_authenticate=challenge)
