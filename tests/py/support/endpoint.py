"""Where a bucket is, and as whom to ask for it."""

from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeAlias
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A bucket behind a URL, and an identity."""

    url: str
    bucket: str
    access_key: str
    secret_key: str

    @property
    def host(self) -> str:
        """The URL's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The URL's port."""
        return urlsplit(self.url).port or 80

    def as_identity(self, access_key: str, secret_key: str) -> Self:
        """Return the same bucket, asked by another identity."""
        return replace(self, access_key=access_key, secret_key=secret_key)

    def at(self, url: str) -> Self:
        """Return the same bucket and identity through another address."""
        return replace(self, url=url)


class HasEndpoint(Protocol):
    """A store, or what stands in front of one."""

    @property
    def endpoint(self) -> Endpoint:
        """Where its bucket is."""
        ...


Source: TypeAlias = Endpoint | HasEndpoint
"""Anything that a server or a relay can be pointed at."""


def endpoint_of(source: Source) -> Endpoint:
    """Return the endpoint itself, or the one of a store or relay."""
    return source if isinstance(source, Endpoint) else source.endpoint
