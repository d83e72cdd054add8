"""What botocore, aiohttp and the network raise, in the words of this project."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import aiohttp
from botocore import exceptions as boto

from sidecar.cache.ports import OriginHead
from sidecar.errors import (
    OriginChanged,
    OriginError,
    OriginForbidden,
    OriginNotFound,
    OriginProtocolError,
    OriginRefusedCredentials,
    OriginTimeout,
    OriginUnavailable,
)

_OPERATIONS = frozenset({"GetObject", "ListObjectsV2", "GetBucketWebsite"})

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_MISSING = frozenset({"NoSuchKey", "NotFound", "404", "KeyTooLongError", "NoSuchWebsiteConfiguration"})
_FORBIDDEN = frozenset({"AccessDenied", "AllAccessDisabled", "403"})
_REFUSED_CREDENTIALS = frozenset(
    {
        "AccountProblem",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "MissingSecurityHeader",
        "NotSignedUp",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_FINAL = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.UnauthorizedSSOTokenError,
    boto.SSOTokenLoadError,
    boto.ProfileNotFound,
    boto.MetadataRetrievalError,
)
_TIMEOUTS = (boto.ConnectTimeoutError, boto.ReadTimeoutError, TimeoutError)
_UNREACHABLE = (boto.ConnectionError, boto.HTTPClientError, aiohttp.ClientError, OSError)
_SERVER_SIDE_ENCRYPTION = "Server Side Encryption"


class Unchanged(Exception):  # noqa: N818 - it is no error
    """The bucket answered 304; seen only within this folder."""

    def __init__(self, head: OriginHead) -> None:
        super().__init__("not modified")
        self.head = head


@contextlib.contextmanager
def origin_errors() -> Iterator[None]:
    """Turn what botocore, aiohttp and the network raise into OriginError."""
    try:
        yield
    except boto.ClientError as error:
        raise _meaning(error) from error
    except _NO_CREDENTIALS as error:
        raise OriginRefusedCredentials(str(error)) from error
    except _TIMEOUTS as error:
        raise OriginTimeout(_words(error) or "the bucket did not answer in time") from error
    except _UNREACHABLE as error:
        raise OriginUnavailable(_words(error)) from error
    except boto.BotoCoreError as error:
        raise OriginProtocolError(_words(error)) from error


def _meaning(error: boto.ClientError) -> OriginError | Unchanged:
    """What an answer of S3 that is not a 2xx means, or one of a service that was asked for credentials."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    answer: dict[str, Any] = dict(error.response.get("ResponseMetadata", {}))
    status = int(answer.get("HTTPStatusCode", 0))
    if status == HTTPStatus.NOT_MODIFIED:
        return Unchanged(OriginHead(tuple(answer.get("HTTPHeaders", {}).items()), content_length=0))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return OriginUnavailable(f"the bucket answered {status} {code}", retry_after=_retry_after(answer))
    # STS and SSO say AccessDenied too, but not of the object.
    if code in _REFUSED_CREDENTIALS or status == HTTPStatus.UNAUTHORIZED or error.operation_name not in _OPERATIONS:
        is_final = code in _FINAL and error.operation_name in _OPERATIONS
        return OriginRefusedCredentials(f"{error.operation_name}: {code} ({status})", is_final=is_final)
    return _meaning_of_refusal(error, code, status)


def _meaning_of_refusal(error: boto.ClientError, code: str, status: int) -> OriginError:
    """What it means that S3 knows who asks, and does not give the object."""
    if code in _MISSING:
        return OriginNotFound(code)
    if code in _FORBIDDEN:
        return OriginForbidden(code)
    if status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}:
        return OriginChanged(f"the bucket answered {status} {code}")
    if _SERVER_SIDE_ENCRYPTION in str(error):
        return OriginProtocolError("the object is encrypted with a customer's key (SSE-C), which is not supported")
    return OriginProtocolError(f"the bucket answered {status} {code}")


def _retry_after(answer: dict[str, Any]) -> int | None:
    seconds = str(answer.get("HTTPHeaders", {}).get("retry-after", ""))
    return int(seconds) if seconds.isascii() and seconds.isdigit() else None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())
