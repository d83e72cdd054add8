"""Records on their way between processes: many in one message. Pure.

The columns of a table are packed faster than its rows, and `marshal` writes a text that occurs again but once. Both
ends are of one program, so its format need not outlive a version of Python.
"""

import marshal
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from ops.records import Record
from sidecar.observe import Client, RequestRecord

MOST_RECORDS = 256
"""In one message: to pack them takes some 0.15 ms, and no event loop is held up for longer."""

_COUNT = struct.Struct("<I")
_FIELDS = len(Record._fields) - 1
_addresses = attrgetter("real_ip", "forwarded_for", "peer")

Row = tuple[Any, ...]
"""The fields of a Record but for the location, which comes last."""

timestamp_of: Callable[[Row], int] = itemgetter(Record._fields.index("timestamp_ns"))
address_of: Callable[[Row], str] = itemgetter(Record._fields.index("address"))


class Message(NamedTuple):
    """So many packed records, and when they arrived: in nanoseconds since 1970."""

    length: int
    arrived_ns: int
    packed: bytes


def pack(records: Sequence[RequestRecord]) -> bytes:
    """Pack some. Raises ValueError for what is none."""
    methods, resources, statuses, sizes, clients, media_types, outcomes, instants, spans, _, _, codings = zip(
        *records, strict=True
    )
    columns = (
        methods,
        resources,
        array("q", statuses).tobytes(),
        array("q", sizes).tobytes(),
        list(map(_addresses, clients)),
        media_types,
        codings,
        outcomes,
        array("q", instants).tobytes(),
        array("q", spans).tobytes(),
    )
    return _COUNT.pack(len(records)) + marshal.dumps(columns)


def message_of(data: bytes, arrived_ns: int) -> Message:
    """What was received; nothing is unpacked."""
    return Message(_COUNT.unpack_from(data)[0], arrived_ns, data)


def addresses_in(message: Message) -> set[str]:
    """The addresses of its clients."""
    return {_address(*client) for client in set(_columns(message)[4])}


def rows_of(message: Message) -> Iterator[Row]:
    """Unpack it."""
    methods, resources, statuses, sizes, clients, media_types, codings, outcomes, instants, spans = _columns(message)
    return zip(
        methods,
        resources,
        array("q", statuses),
        array("q", sizes),
        [_address(*client) for client in clients],
        media_types,
        codings,
        outcomes,
        array("q", instants),
        array("q", spans),
        strict=True,
    )


def records_of(rows: Iterable[Row], locate: Callable[[str], Any]) -> list[Record]:
    """The records, each with what `locate` knows of its address."""
    return [Record._make((*row, locate(address_of(row)))) for row in rows]


def _columns(message: Message) -> Sequence[Any]:
    columns: Sequence[Any] = marshal.loads(memoryview(message.packed)[_COUNT.size :])  # noqa: S302 - of our own workers
    return columns


@lru_cache(maxsize=8192)
def _address(real_ip: str | None, forwarded_for: str | None, peer: str) -> str:
    return Client(real_ip=real_ip, forwarded_for=forwarded_for, peer=peer).address
