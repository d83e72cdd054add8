"""How a worker is just now, read from its parts."""

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from sidecar.cache.engine import Engine
from sidecar.cache.tools import FailureLog
from sidecar.observe import Vitals
from sidecar.origin.observed import ObservedOrigin
from sidecar.store.room import Room

if TYPE_CHECKING:
    from sidecar.origin.s3 import S3Origin


class Pulse:
    """Reads a worker's parts; `root` is the origin that readiness asks about."""

    def __init__(
        self,
        engines: Collection[Engine],
        origins: "Collection[S3Origin]",
        root: ObservedOrigin,
        room: Room,
        log: FailureLog,
    ) -> None:
        self._engines = engines
        self._origins = origins
        self._root = root
        self._room = room
        self._disk_log = log

    def take(self) -> Vitals:
        """How it is just now."""
        fills = [fill for engine in self._engines for fill in engine.fills]
        reaches, now = [origin.reach for origin in self._origins], asyncio.get_running_loop().time()
        return Vitals(
            fills=len(fills),
            waiting=sum(fill.waiting for fill in fills),
            disk_failures=self._disk_log.failures,
            evictions=dict(self._room.evictions),
            circuits=Counter(reach.circuit.state(now).value for reach in reaches),
            without_credentials=sum(reach.are_credentials_missing for reach in reaches),
            credentials_expire_at=min(filter(None, (reach.credentials_expire_at for reach in reaches)), default=0.0),
            credentials_renewals=sum(reach.renewals for reach in reaches),
            origin_retries=sum(reach.retries for reach in reaches),
            origin_answered_at=self._root.answered_at,
            origin_failed_at=self._root.failed_at,
        )
