"""A store, a relay in front of it, and a server in front of that."""

from dataclasses import dataclass

from support.http_client import request
from support.http_reply import Reply
from support.relay import Relay
from support.s3_store import S3Store
from support.sidecar import Sidecar


@dataclass(frozen=True)
class Site:
    """A website under test: what is in `store`, asked through `relay`, served by `server`."""

    store: S3Store
    relay: Relay
    server: Sidecar

    def get(self, target: str | bytes, *, method: str = "GET", **headers: str) -> Reply:
        """Ask the server; headers are named as in `if_none_match="*"`."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self.server.port, method, target, fields)

    def fetches(self, key: str) -> int:
        """Return how often the store was asked for the object."""
        return self.relay.count(method="GET", key=key)
