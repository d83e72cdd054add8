"""Whether the bucket accepts the key and secret that it was given, asked once, when the server starts."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.errors import OriginRefusedCredentials

if TYPE_CHECKING:
    from sidecar.origin.observed import ObservedOrigin
    from sidecar.settings import Settings
    from sidecar.store.room import Room

logger = logging.getLogger(__name__)

GiveUp = Callable[[str], None]
"""Ends the server, with this as the reason."""


class Acceptance:
    """Asks the root's bucket; docs/adr/0017 says when the server gives up, and why it does not otherwise."""

    def __init__(self, settings: "Settings", bucket: "ObservedOrigin", room: "Room") -> None:
        self._bucket = bucket
        self._room = room
        self._name = settings.bucket
        self._is_to_ask = settings.check_key and settings.key is not None
        self._serves_stale = settings.stale_if_error > 0

    async def check(self, object_key: str, give_up: GiveUp) -> None:
        """Ask for nothing, and give up if the answer is that there is no such key, or that its secret is another."""
        if not self._is_to_ask:
            return
        refusal = await self._bucket.probe(object_key)
        if not isinstance(refusal, OriginRefusedCredentials) or not refusal.is_final:
            return
        if self._serves_stale and self._room.usage().files > 0:
            logger.error("bucket %s does not accept --key and --secret; what is stored is served stale", self._name)
            return
        give_up(f"bucket {self._name} does not accept --key and --secret (AWS_KEY, AWS_SECRET): {refusal}")
