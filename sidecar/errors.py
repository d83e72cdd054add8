"""What can go wrong between the bucket and the client, and with the configuration.

The HTTP status of each is chosen in `server/faults.py` and nowhere else.
"""


class SidecarError(Exception):
    """The root of every error this project raises on purpose."""


class SettingsError(SidecarError):
    """The configuration cannot be used; `mistakes` holds one line for each thing that is wrong with it."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class OriginError(SidecarError):
    """The bucket did not give the object. Never stored, never shown as 'missing' unless it is OriginNotFound."""


class OriginNotFound(OriginError):  # noqa: N818 - the name says what happened, which is not a fault
    """The bucket has no such object."""


class OriginForbidden(OriginError):  # noqa: N818 - likewise
    """The bucket knows who asks and refuses this one object (S3's AccessDenied)."""


class OriginRefusedCredentials(OriginError):  # noqa: N818 - likewise
    """There are no credentials, or the bucket does not accept them: no object can be had until an operator acts.

    `is_final` where it says that there is no such key, or that its secret is another.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class OriginTimeout(OriginError):  # noqa: N818 - likewise
    """The bucket did not connect, answer or go on sending within the time it was given."""


class OriginUnavailable(OriginError):  # noqa: N818 - likewise
    """The bucket cannot be reached or says that it cannot answer now; `retry_after` is in seconds, if it told."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OriginProtocolError(OriginError):
    """The bucket's answer makes no sense: a body that ends early, a missing length, a status nobody expects."""


class BodyLost(SidecarError):  # noqa: N818 - likewise
    """A stored body vanished or shrank while it was being sent."""


class OriginChanged(OriginError):  # noqa: N818 - likewise
    """The bucket has another version of the object by now than the one that is being read."""


class OriginNotAsked(OriginError):  # noqa: N818 - likewise
    """The client wanted a stored answer or none (only-if-cached, RFC 9111 5.2.1.7), and there is none."""


REASONS: dict[type[OriginError], str] = {
    OriginNotFound: "missing",
    OriginForbidden: "forbidden",
    OriginRefusedCredentials: "credentials",
    OriginTimeout: "timeout",
    OriginUnavailable: "unavailable",
    OriginProtocolError: "protocol",
    OriginChanged: "changed",
}
"""What happened, in a word, for metrics."""
