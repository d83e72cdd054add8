"""What waits for one sink. Pure: it is told what time it is.

Messages stay packed until their turn has come: they take a fifth of the memory then, and what is dropped has cost
nothing. The workers' records are put in the order of their time: a record is held until every other that is older must
have arrived.
"""

from bisect import bisect_right
from collections import deque

from ops.recording.message import Message, Row, rows_of, timestamp_of

WINDOW_NS = 300_000_000
"""How long a record is held: three times what a worker takes to hand it over. Its location is looked up meanwhile."""

MOST_AT_ONCE = 2000
"""Records in a batch: MongoDB takes so many in some 50 ms, and a batch that has to be sent again is no great loss."""

_FUTURE_NS = 1_000_000_000


class Backlog:
    """At most `limit` records, of which the oldest are dropped; those that were taken count until they are settled."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.most = max(1, min(MOST_AT_ONCE, limit // 4))
        self._messages: deque[Message] = deque()
        self._packed = 0
        self._rows: list[Row] = []
        self._taken = 0

    def __len__(self) -> int:
        """How many records there are."""
        return self._packed + len(self._rows) + self._taken

    def put(self, message: Message) -> int:
        """Take in a message; how many records had to be dropped for it."""
        self._messages.append(message)
        self._packed += message.length
        dropped = 0
        while len(self) > self.limit and self._messages:
            gone = self._messages.popleft()
            self._packed -= gone.length
            dropped += gone.length
        return dropped

    def take(self, now_ns: int, *, is_last: bool = False) -> list[Row]:
        """The next batch in the order of time; empty while none is due. With `is_last` nothing is held any more.

        Must be settled before the next is taken.
        """
        due = 0
        while True:
            has_more = self._unpack()
            due = self._due(now_ns, is_last=is_last)
            if due >= self.most or not has_more:
                break
        batch = self._rows[: min(due, self.most)]
        del self._rows[: len(batch)]
        self._taken = len(batch)
        return batch

    def settle(self) -> None:
        """What was taken is written, or given up."""
        self._taken = 0

    def clear(self) -> int:
        """Give up everything; how many records that were."""
        count = len(self)
        self._messages.clear()
        self._rows.clear()
        self._packed = self._taken = 0
        return count

    def _unpack(self) -> bool:
        """Unpack about a batch; whether there is more, and room for it."""
        count = 0
        while self._messages and count < self.most and len(self._rows) < self.limit // 2:
            message = self._messages.popleft()
            self._rows += rows_of(message)
            self._packed -= message.length
            count += message.length
        self._rows.sort(key=timestamp_of)
        return bool(self._messages) and len(self._rows) < self.limit // 2

    def _due(self, now_ns: int, *, is_last: bool) -> int:
        """How many rows nothing older can come for any more."""
        if not self._rows:
            return 0
        is_from_future = timestamp_of(self._rows[-1]) > now_ns + _FUTURE_NS  # the clock was set back
        is_crowded = len(self._rows) >= self.limit // 2
        if is_last or is_from_future or is_crowded:
            return len(self._rows)
        known_until_ns = self._messages[0].arrived_ns if self._messages else now_ns
        return bisect_right(self._rows, known_until_ns - WINDOW_NS, key=timestamp_of)
