"""The bucket, by aiobotocore. Every failure of botocore, aiohttp and the network becomes an OriginError here."""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from aiobotocore.session import AioSession
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from sidecar.cache.ports import FolderPage, NotModified, PageOf, Span, Validators
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
from sidecar.origin.reach import Reach
from sidecar.origin.s3_errors import Unchanged, origin_errors
from sidecar.origin.s3_get import ObjectGetter
from sidecar.origin.s3_listing import folder_page, listing_arguments
from sidecar.origin.s3_response import S3Response
from sidecar.origin.s3_route import watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from types_aiobotocore_s3.client import S3Client

    from sidecar.origin.s3_bucket import Bucket

logger = logging.getLogger(__name__)

T = TypeVar("T")

_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0
_RENEWAL_SECONDS = 60.0
_FORBIDDEN_IS_MISSING = (
    "is answered as 404: without s3:ListBucket S3 says so of missing keys; "
    "if every object is missing, the credentials lack s3:GetObject"
)
_MAY_NOT_LIST = "is taken for an empty folder: listings need s3:ListBucket"


def new_session() -> AioSession:
    """What the origins of one worker share: the credentials of the default chain, and 12 MB that describe S3."""
    return AioSession()


class S3Origin:
    """The bucket as one worker reaches it, with one client for all its requests."""

    def __init__(self, bucket: "Bucket", session: AioSession) -> None:
        self._bucket = bucket
        self._session = session
        self._exit = contextlib.AsyncExitStack()
        self._client: S3Client | None = None
        self._connecting = asyncio.Lock()
        self._objects = ObjectGetter({"Bucket": bucket.name} | bucket.get_arguments)
        self.reach = Reach(has_keys=bucket.has_keys)
        self._circuit = self.reach.circuit
        self._told: str | None = None
        self._told_once: set[str] = set()

    async def connect(self) -> None:
        """Make the client, which looks for credentials; may take seconds on a machine that has none."""
        with contextlib.suppress(OriginError), self._telling_of_refusal():
            await self._connected()
            self.reach.note(await self._session.get_credentials())

    async def get(self, object_key: str) -> S3Response:
        """Ask for an object. Raises OriginError."""
        return await self._ask(object_key, {})

    async def get_if_changed(self, object_key: str, known: Validators) -> S3Response | NotModified:
        """Ask for an object unless it is the one that is known. Raises OriginError."""
        # The ETag alone where there is one: a date beside it is to be ignored anyway (RFC 9110 13.1.3).
        condition = {"IfNoneMatch": known.etag} if known.etag else {"IfModifiedSince": known.last_modified}
        try:
            return await self._ask(object_key, condition)
        except Unchanged as answer:
            return NotModified(answer.head)

    async def get_span(self, object_key: str, span: Span) -> S3Response:
        """Ask for a part of one version of an object. Raises OriginError, OriginChanged for another version."""
        last = "" if span.stop is None else str(span.stop - 1)
        response = await self._ask(object_key, {"IfMatch": span.etag, "Range": f"bytes={span.start}-{last}"})
        content_range = response.head.header("content-range") or ""
        # Some stores ignore If-Match, and some the range: two versions of an object must never be mixed.
        if response.head.header("etag") != span.etag or not content_range.startswith(f"bytes {span.start}-"):
            await response.close()
            raise OriginChanged("the bucket sent something else than the part that was asked for")
        return response

    async def folder(self, page: PageOf) -> FolderPage:
        """What lies right below a folder; nothing when the credentials may not list. Raises OriginError."""
        arguments = listing_arguments(page)
        with self._telling_of_refusal(), self._breaking_circuit():
            try:
                answer = await self._within_budget(
                    lambda client: client.list_objects_v2(
                        Bucket=self._bucket.name, **self._bucket.get_arguments, **arguments
                    )
                )
            except OriginForbidden:
                self._tell_once(_MAY_NOT_LIST, page.prefix)
                return FolderPage((), is_last=True)
        self._tell_of_success()
        return folder_page(page, answer)

    async def website(self) -> Mapping[str, Any]:
        """The bucket's website configuration, in S3's own format. Raises OriginError, OriginNotFound for none."""
        # Its failures say nothing of whether the bucket gives objects: many stores do not know it.
        return await self._within_budget(lambda client: client.get_bucket_website(Bucket=self._bucket.name))

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with the prefix. Raises OriginError."""
        with origin_errors():
            client = await self._connected()
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.name, Prefix=prefix)
            async for page in pages:
                for entry in page.get("Contents", ()):
                    yield entry["Key"]

    async def _ask(self, object_key: str, how: Mapping[str, Any]) -> S3Response:
        with self._telling_of_refusal(), self._breaking_circuit():
            try:
                response = await self._within_budget(lambda client: self._objects.get(client, object_key, how))
            except OriginForbidden as error:
                if not self._bucket.forbidden_is_missing:
                    raise
                self._tell_once(_FORBIDDEN_IS_MISSING, object_key)
                raise OriginNotFound(str(error)) from error
        self._tell_of_success()
        return response

    async def keep_credentials(self, every_seconds: float = _RENEWAL_SECONDS) -> None:
        """Find what was missing, and renew what runs out long before it does, so that no request has to wait for it."""
        while not self._bucket.has_keys:
            await asyncio.sleep(every_seconds)
            with contextlib.suppress(OriginError), self._telling_of_refusal(), origin_errors():
                credentials = await self._session.get_credentials()
                if credentials is not None:
                    await credentials.get_frozen_credentials()
                    if self.reach.are_credentials_missing:
                        self._client = None  # one that was made without any never looks for them again
                self.reach.note(credentials)

    async def close(self) -> None:
        """Close every connection."""
        await self._exit.aclose()

    async def _within_budget(self, ask: "Callable[[S3Client], Awaitable[T]]") -> T:
        """Try again while there is time; when there is none, the last failure is what is told."""
        budget = self._bucket.first_byte_timeout_seconds
        deadline = asyncio.get_running_loop().time() + budget
        attempts = AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(budget),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
            retry=retry_if_exception_type(OriginUnavailable),
            before_sleep=self.reach.count_retry,
            reraise=True,
        )
        return await attempts(self._once, ask, deadline)

    async def _once(self, ask: "Callable[[S3Client], Awaitable[T]]", deadline: float) -> T:
        with origin_errors():
            async with asyncio.timeout_at(deadline):
                return await ask(await self._connected())
        raise AssertionError("origin_errors lets nothing pass")

    async def _connected(self) -> "S3Client":
        async with self._connecting:
            if self._client is None:
                self._client = await self._made()
            return self._client

    async def _made(self) -> "S3Client":
        with origin_errors():
            made = self._session.create_client("s3", **self._bucket.client_arguments)
            client: S3Client = await self._exit.enter_async_context(made)
            watch(client)
            return client
        raise AssertionError("origin_errors lets nothing pass")

    @contextlib.contextmanager
    def _telling_of_refusal(self) -> Iterator[None]:
        """Log a bucket that gives nothing once, with the reason, until it gives something again."""
        try:
            yield
        except OriginRefusedCredentials as error:
            self._tell_of_failure(f"the credentials from {self._bucket.credential_source} are refused: {error}")
            raise
        except (OriginUnavailable, OriginTimeout, OriginProtocolError) as error:
            self._tell_of_failure(str(error))
            raise

    def _tell_of_failure(self, reason: str) -> None:
        kind = reason.partition(":")[0]
        if kind != self._told:
            self._told = kind
            logger.error("bucket %s: %s", self._bucket.name, reason)

    def _tell_of_success(self) -> None:
        if self._told is not None:
            self._told = None
            logger.info("bucket %s answers again", self._bucket.name)

    @contextlib.contextmanager
    def _breaking_circuit(self) -> Iterator[None]:
        """Leave a bucket alone that has failed again and again; raises OriginUnavailable while it is."""
        now = asyncio.get_running_loop().time
        if not self._circuit.admit(now()):
            pause = math.ceil(self._circuit.seconds_until_probe(now()))
            raise OriginUnavailable("the bucket failed again and again, and is left alone", retry_after=max(1, pause))
        try:
            yield
        except (OriginUnavailable, OriginTimeout):
            self._circuit.failed(now())
            raise
        except (OriginError, Unchanged):
            self._circuit.succeeded()
            raise
        except BaseException:
            self._circuit.abandoned()
            raise
        self._circuit.succeeded()

    def _tell_once(self, what: str, of: str) -> None:
        if what not in self._told_once:
            self._told_once.add(what)
            logger.warning("bucket %s: AccessDenied for %r %s (told once)", self._bucket.name, of, what)
