"""Why an operator's request is not done."""

from http import HTTPStatus

from sidecar.errors import OriginError, OriginNotFound, OriginTimeout, OriginUnavailable

_RETRY_SECONDS = 5


class Refused(Exception):  # noqa: N818 - it is the answer
    """A request that cannot be done, and why; `headers` go with the answer."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def no_switch(prefix: str, error: OriginError) -> Refused:
    """Why the folder that is served stays: there is nothing of another, or the bucket could not be asked."""
    if isinstance(error, OriginNotFound):
        detail = f"the bucket has nothing below {prefix!r}: check the name; a switch there has to be forced"
        return Refused(HTTPStatus.CONFLICT, detail)
    detail = f"the bucket cannot be asked what it has of it ({error}); a switch all the same has to be forced"
    if isinstance(error, OriginUnavailable):
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after=str(error.retry_after or _RETRY_SECONDS))
    # Never a 403, which says here that nobody may: neither for refused credentials nor without s3:ListBucket.
    return Refused(HTTPStatus.GATEWAY_TIMEOUT if isinstance(error, OriginTimeout) else HTTPStatus.BAD_GATEWAY, detail)
