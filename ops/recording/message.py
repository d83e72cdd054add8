"""Records on their way between processes: many in one message. Pure.

The columns of a table are packed faster than its rows, and `marshal` writes a text that occurs again but once. Both
ends are of one program, so its format need not outlive a version of Python.

What waits to be packed is one flat list of texts and numbers. Thousands of tuples that live for a tenth of a second
would make the garbage collector walk through everything a worker holds, again and again, for 0.1 s each time.
"""

import marshal
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from ops.records import Record
from sidecar.observe import Client, RequestRecord

MOST_RECORDS = 256
"""In one message: to pack them takes some 0.15 ms, and no event loop is held up for longer."""

_COUNT = struct.Struct("<I")
_NUMBERS = (2, 3, 10, 11)

WIDTH = 12
"""The fields of a record, flat: of its client there are three."""

Flat = tuple[str, str, int, int, str | None, str | None, str, str | None, bool, str, int, int]

Row = tuple[Any, ...]
"""The fields of a Record but for the location, which comes last."""

timestamp_of: Callable[[Row], int] = itemgetter(Record._fields.index("timestamp_ns"))
address_of: Callable[[Row], str] = itemgetter(Record._fields.index("address"))


class Message(NamedTuple):
    """So many packed records, and when they arrived: in nanoseconds since 1970."""

    length: int
    arrived_ns: int
    packed: bytes


def flat(record: RequestRecord) -> Flat:
    """A record's fields, for a list in which they lie one after the other."""
    method, resource, status, size, _, media_type, outcome, instant, span, _, _, is_coded, _ = record
    real_ip, forwarded_for, peer = record.client
    return (
        method, resource, status, size, real_ip, forwarded_for, peer, media_type, is_coded, outcome, instant, span
    )  # fmt: skip


def pack(fields: Sequence[Any]) -> bytes:
    """Pack the fields of some records, one after the other. Raises TypeError and ValueError for what is none."""
    columns = [fields[column::WIDTH] for column in range(WIDTH)]
    for column in _NUMBERS:
        columns[column] = array("q", columns[column]).tobytes()
    return _COUNT.pack(len(fields) // WIDTH) + marshal.dumps(columns)


def message_of(data: bytes, arrived_ns: int) -> Message:
    """What was received; nothing is unpacked."""
    return Message(_COUNT.unpack_from(data)[0], arrived_ns, data)


def addresses_in(message: Message) -> set[str]:
    """The addresses of its clients."""
    return {_address(*client) for client in set(_clients(_columns(message)))}


def rows_of(message: Message) -> Iterator[Row]:
    """Unpack it."""
    columns = _columns(message)
    methods, resources, statuses, sizes, _, _, _, media_types, codings, outcomes, instants, spans = columns
    return zip(
        methods,
        resources,
        array("q", statuses),
        array("q", sizes),
        [_address(*client) for client in _clients(columns)],
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


def _clients(columns: Sequence[Any]) -> Iterator[tuple[str | None, str | None, str]]:
    real_ips, forwarded_fors, peers = columns[4:7]
    return zip(real_ips, forwarded_fors, peers, strict=True)


@lru_cache(maxsize=8192)
def _address(real_ip: str | None, forwarded_for: str | None, peer: str) -> str:
    return Client(real_ip=real_ip, forwarded_for=forwarded_for, peer=peer).address
