"""The memory that all workers of one server share; made by the main process and handed to each worker as it starts."""

from ctypes import c_int64
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.sharedctypes import RawArray
from socket import socket as Socket  # noqa: N812 - a class, whatever its name
from typing import TYPE_CHECKING

from sidecar.cache.epoch import shared_epoch
from sidecar.cache.purge import SharedJournal
from sidecar.cache.release import SharedRelease
from sidecar.store.ledger import shared_counts

if TYPE_CHECKING:
    from ctypes import Array, c_uint64


@dataclass(frozen=True, slots=True)
class Shared:
    """The epoch, the purges, the release that is served, how much the cache holds, and what is counted of all this.

    `records` takes records of requests to the process that writes them, where there is one.
    `started_at` is when the server was started, in seconds since 1970.
    """

    epoch: "Array[c_uint64]" = field(default_factory=shared_epoch)
    purges: SharedJournal = field(default_factory=SharedJournal)
    release: SharedRelease = field(default_factory=SharedRelease)
    counts: "Array[c_int64]" = field(default_factory=shared_counts)
    numbers: "Array[c_int64]" = field(default_factory=partial(RawArray, c_int64, 0))
    records: Socket | None = None
    started_at: float = 0.0
