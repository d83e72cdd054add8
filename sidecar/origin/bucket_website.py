"""The website's rules as the bucket's own website configuration gives them."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from sidecar.errors import OriginError, OriginNotFound
from sidecar.origin.website import Website
from sidecar.origin.website_configuration import ConfigurationError, parse_configuration

logger = logging.getLogger(__name__)

READING_SECONDS = 300.0
"""How often the configuration is read again."""

RETRY_SECONDS = 15.0
"""How soon after it could not be read."""

PATIENCE_SECONDS = 3.0
"""How long requests wait, from the start of the worker on, for the first reading."""


class ConfiguredBucket(Protocol):
    """A bucket that may have a website configuration."""

    async def website(self) -> Mapping[str, Any]:
        """The configuration in S3's own format. Raises OriginError, OriginNotFound when there is none."""
        ...


class BucketWebsite:
    """Rules that are read from the bucket in the background; until then, and where it says nothing, the flags count.

    A reading that fails changes nothing: what was read before goes on.
    """

    def __init__(
        self,
        bucket: ConfiguredBucket,
        flags: Website,
        *,
        pauses: tuple[float, float] = (READING_SECONDS, RETRY_SECONDS),
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._bucket = bucket
        self._flags = flags
        self._website = flags
        self._pauses = pauses
        self._patience_seconds = patience_seconds
        self._was_read = asyncio.Event()
        self._patient_until = 0.0
        self._told = ""

    @property
    def known(self) -> Website:
        """The rules as they are known now; the same object for as long as they are the same."""
        return self._website

    async def current(self) -> Website:
        """The rules as they are known now, after the first reading unless that takes too long."""
        if not self._was_read.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._patient_until):
                    await self._was_read.wait()
        return self._website

    async def follow(self) -> None:
        """Read again and again, for as long as the worker runs."""
        self._patient_until = asyncio.get_running_loop().time() + self._patience_seconds
        while True:
            is_read = await self._read()
            self._was_read.set()
            await asyncio.sleep(self._pauses[0] if is_read else self._pauses[1])

    async def _read(self) -> bool:
        try:
            configuration = parse_configuration(await self._bucket.website())
        except OriginNotFound:
            self._website = self._flags
            self._tell("the bucket has no website configuration: the flags count", logging.WARNING)
        except (OriginError, ConfigurationError) as error:
            counts = "the flags count" if self._website is self._flags else "what was read before goes on"
            self._tell(f"the bucket's website configuration cannot be used, {counts}: {error}", logging.ERROR)
            return False
        else:
            self._take(self._flags.configured(configuration))
            documents = f"index {self._website.index!r}, error document {self._website.error_document!r}"
            self._tell(f"website of the bucket: {documents}, {len(self._website.rules)} routing rules", logging.INFO)
        return True

    def _take(self, website: Website) -> None:
        if website != self._website:
            self._website = website

    def _tell(self, what: str, level: int) -> None:
        """Once, until there is something else to tell."""
        if what != self._told:
            self._told = what
            logger.log(level, "%s", what)
