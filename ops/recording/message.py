"""Records on their way between processes: many in one message. Pure.

The columns of a table are packed faster than its rows, and `marshal` writes a text that occurs again but once. Both
ends are of one program, so its format need not outlive a version of Python.

What waits to be packed is one flat list, with a summary in it that hits share which had the same answer. Thousands of
tuples that live for a tenth of a second would make the garbage collector walk through everything a worker holds, again
and again, for 0.1 s each time.
"""

import marshal
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from ops.records import Record
from sidecar.observe import Client, RequestRecord, Sent, Summary

MOST_RECORDS = 256
"""In one message: to pack them takes some 0.05 ms, and no event loop is held up for longer."""

_COUNT = struct.Struct("<I")

WIDTH = 6
"""The fields of a record, flat."""

Flat = tuple[Summary, Sent, Sent, str, int, int]
"""What the answer came to, X-Real-IP and X-Forwarded-For, the connection's address, the instant, and the time spent."""

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
    method, resource, status, size, peer, media_type, outcome, instant, span, _, _, is_coded, request = record
    summary = Summary(method, status, outcome, size, resource, media_type, is_coded)
    real_ip, forwarded_for = (None, None) if request is None else request.forwarding()
    return summary, real_ip, forwarded_for, peer, instant, span


def pack(fields: Sequence[Any]) -> bytes:
    """Pack the fields of some records, one after the other. Raises TypeError and ValueError for what is none."""
    answers, real_ips, forwarded_fors, peers, instants, spans = (fields[column::WIDTH] for column in range(WIDTH))
    names = list(map(id, answers))
    different = dict(zip(names, answers, strict=True))  # most are one that is kept, and told of again and again
    methods, statuses, outcomes, sizes, resources, media_types, codings = zip(*different.values(), strict=True)
    columns: Any = (
        (methods, _packed(statuses), outcomes, _packed(sizes), resources, media_types, codings),
        _packed(list(different)), _packed(names),
        real_ips, forwarded_fors, peers, _packed(instants), _packed(spans),
    )  # fmt: skip
    return _COUNT.pack(len(answers)) + marshal.dumps(columns)


def message_of(data: bytes, arrived_ns: int) -> Message:
    """What was received; nothing is unpacked."""
    return Message(_COUNT.unpack_from(data)[0], arrived_ns, data)


def addresses_in(message: Message) -> set[str]:
    """The addresses of its clients."""
    return {_address(*client) for client in set(_clients(_columns(message)))}


def rows_of(message: Message) -> Iterator[Row]:
    """Unpack it."""
    columns = _columns(message)
    answers, different, names, _, _, _, instants, spans = columns
    methods, statuses, outcomes, sizes, resources, media_types, codings = answers
    before = zip(methods, resources, _numbers(statuses), _numbers(sizes), strict=True)
    after = zip(media_types, codings, outcomes, strict=True)
    halves = dict(zip(_numbers(different), zip(before, after, strict=True), strict=True))
    addresses = [_address(*client) for client in _clients(columns)]
    rest = zip(_numbers(names), addresses, _numbers(instants), _numbers(spans), strict=True)
    for name, address, instant, span in rest:
        first, last = halves[name]
        yield (*first, address, *last, instant, span)


def records_of(rows: Iterable[Row], locate: Callable[[str], Any]) -> list[Record]:
    """The records, each with what `locate` knows of its address."""
    return [Record._make((*row, locate(address_of(row)))) for row in rows]


def _packed(numbers: Sequence[int]) -> bytes:
    return array("q", numbers).tobytes()


def _numbers(packed: bytes) -> Sequence[int]:
    return array("q", packed)


def _columns(message: Message) -> Sequence[Any]:
    columns: Sequence[Any] = marshal.loads(memoryview(message.packed)[_COUNT.size :])  # noqa: S302 - of our own workers
    return columns


def _clients(columns: Sequence[Any]) -> Iterator[tuple[Sent, Sent, str]]:
    _, _, _, real_ips, forwarded_fors, peers, _, _ = columns
    return zip(real_ips, forwarded_fors, peers, strict=True)


@lru_cache(maxsize=8192)
def _address(real_ip: Sent, forwarded_for: Sent, peer: str) -> str:
    return Client(_text(real_ip), _text(forwarded_for), peer).address


def _text(value: Sent) -> str | None:
    return value.rstrip(b" \t").decode(errors="surrogateescape") if isinstance(value, bytes) else value
