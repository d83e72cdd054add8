"""The bucket, by aiobotocore. Every failure of botocore, aiohttp and the network becomes an OriginError here."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import exceptions as boto
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from sidecar.cache.ports import OriginHead
from sidecar.errors import (
    OriginError,
    OriginForbidden,
    OriginNotFound,
    OriginProtocolError,
    OriginRefusedCredentials,
    OriginTimeout,
    OriginUnavailable,
)

if TYPE_CHECKING:
    from types_aiobotocore_s3.client import S3Client

    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024
_CONNECTIONS = 64
_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0
_OPERATION = "GetObject"

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_MISSING = frozenset({"NoSuchKey", "NotFound", "404", "KeyTooLongError"})
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


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the objects are and how to ask for them; spans in seconds."""

    name: str
    credential_source: str
    client_arguments: dict[str, Any]
    first_byte_timeout_seconds: float
    forbidden_is_missing: bool


def bucket_of(settings: "Settings") -> Bucket:
    """The bucket that the settings name."""
    has_keys = settings.key is not None and settings.secret is not None
    style = settings.addressing_style
    if style == "auto" and settings.endpoint_url:
        style = "path"
    config = AioConfig(
        connect_timeout=settings.origin_connect_timeout,
        read_timeout=settings.origin_idle_timeout,
        max_pool_connections=_CONNECTIONS,
        retries={"total_max_attempts": 1},  # botocore knows no time budget: retries are made here
        s3={"addressing_style": style},
        # Checksums other than the body's length are not sent by every store, and ranges have none.
        response_checksum_validation="when_required",
    )
    return Bucket(
        name=settings.bucket,
        credential_source="--key and --secret" if has_keys else "the AWS default chain",
        client_arguments={
            "region_name": settings.region,
            "endpoint_url": settings.endpoint_url,
            "aws_access_key_id": settings.key.reveal() if settings.key else None,
            "aws_secret_access_key": settings.secret.reveal() if settings.secret else None,
            "config": config,
        },
        first_byte_timeout_seconds=settings.origin_first_byte_timeout,
        forbidden_is_missing=settings.forbidden_is_missing,
    )


class S3Response:
    """An object on its way."""

    def __init__(self, head: OriginHead, body: Any) -> None:
        self.head = head
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Raises OriginError when it ends early or stops coming."""
        with origin_errors():
            while chunk := await self._body.read(CHUNK):
                yield chunk

    async def close(self) -> None:
        """Give back the connection, or drop it if the body was not read to its end."""
        self._body.close()


class S3Origin:
    """The bucket as one worker reaches it, with one client for all its requests."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._session = AioSession()
        self._exit = contextlib.AsyncExitStack()
        self._client: S3Client | None = None
        self._connecting = asyncio.Lock()
        self._is_refused = False
        self._has_told_of_forbidden = False

    async def connect(self) -> None:
        """Make the client, which looks for credentials; may take seconds on a machine that has none."""
        with contextlib.suppress(OriginError), self._telling_of_refusal():
            await self._connected()

    async def get(self, object_key: str) -> S3Response:
        """Ask for one object. Raises OriginError."""
        with self._telling_of_refusal():
            try:
                response = await self._get_within_budget(object_key)
            except OriginForbidden as error:
                if not self._bucket.forbidden_is_missing:
                    raise
                self._tell_of_forbidden(object_key)
                raise OriginNotFound(str(error)) from error
        self._is_refused = False
        return response

    async def close(self) -> None:
        """Close every connection."""
        await self._exit.aclose()

    async def _get_within_budget(self, object_key: str) -> S3Response:
        """Try again while there is time; when there is none, the last failure is what is told."""
        budget = self._bucket.first_byte_timeout_seconds
        deadline = asyncio.get_running_loop().time() + budget
        attempts = AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(budget),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
            retry=retry_if_exception_type(OriginUnavailable),
            reraise=True,
        )
        return await attempts(self._get, object_key, deadline)

    async def _get(self, object_key: str, deadline: float) -> S3Response:
        with origin_errors():
            async with asyncio.timeout_at(deadline):
                client = await self._connected()
                answer = await client.get_object(Bucket=self._bucket.name, Key=object_key)
        try:
            return S3Response(_head(answer), answer["Body"])
        except OriginError:
            answer["Body"].close()
            raise

    async def _connected(self) -> "S3Client":
        async with self._connecting:
            if self._client is None:
                self._client = await self._made()
            return self._client

    async def _made(self) -> "S3Client":
        with origin_errors():
            made = self._session.create_client("s3", **self._bucket.client_arguments)
            return await self._exit.enter_async_context(made)
        raise AssertionError("origin_errors lets nothing pass")

    @contextlib.contextmanager
    def _telling_of_refusal(self) -> Iterator[None]:
        """Log refused credentials once, until they are accepted again."""
        try:
            yield
        except OriginRefusedCredentials as error:
            if not self._is_refused:
                self._is_refused = True
                source = self._bucket.credential_source
                logger.error(  # noqa: TRY400 - one clear line, no trace
                    "bucket %s: the credentials from %s are refused: %s", self._bucket.name, source, error
                )
            raise

    def _tell_of_forbidden(self, object_key: str) -> None:
        if not self._has_told_of_forbidden:
            self._has_told_of_forbidden = True
            logger.warning(
                "bucket %s: AccessDenied for %r is answered as 404: without s3:ListBucket S3 says so of missing keys; "
                "if every object is missing, the credentials lack s3:GetObject (told once)",
                self._bucket.name,
                object_key,
            )


def _head(answer: Any) -> OriginHead:
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise OriginProtocolError("the bucket's answer has no content-length")
    return OriginHead(
        headers=tuple((name.lower(), value) for name, value in headers.items()), content_length=int(length)
    )


@contextlib.contextmanager
def origin_errors() -> Iterator[None]:
    """Turn what botocore, aiohttp and the network raise into OriginError."""
    try:
        yield
    except boto.ClientError as error:
        raise _refusal(error) from error
    except _NO_CREDENTIALS as error:
        raise OriginRefusedCredentials(str(error)) from error
    except _TIMEOUTS as error:
        raise OriginTimeout(_words(error) or "the bucket did not answer in time") from error
    except _UNREACHABLE as error:
        raise OriginUnavailable(_words(error)) from error
    except boto.BotoCoreError as error:
        raise OriginProtocolError(_words(error)) from error


def _refusal(error: boto.ClientError) -> OriginError:
    """What an error answer of S3 means, or of a service that was asked for credentials."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    answer: dict[str, Any] = dict(error.response.get("ResponseMetadata", {}))
    status = int(answer.get("HTTPStatusCode", 0))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        retry_after = str(answer.get("HTTPHeaders", {}).get("retry-after", ""))
        seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
        return OriginUnavailable(f"the bucket answered {status} {code}", retry_after=seconds)
    # STS and SSO say AccessDenied too, but not of the object.
    if code in _REFUSED_CREDENTIALS or status == HTTPStatus.UNAUTHORIZED or error.operation_name != _OPERATION:
        return OriginRefusedCredentials(f"{error.operation_name}: {code} ({status})")
    if code in _MISSING:
        return OriginNotFound(code)
    if code in _FORBIDDEN:
        return OriginForbidden(code)
    return OriginProtocolError(f"the bucket answered {status} {code}")


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())
