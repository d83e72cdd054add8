"""What waits for a sink: bounded, complete, and in the order of time."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from unit.ops.recording.requests import NOW_NS, a_request, packed

from ops.recording.backlog import WINDOW_NS, Backlog
from ops.recording.message import Message, message_of, timestamp_of

_MS = 1_000_000
_SECOND = 1_000 * _MS
HAND_NS = 100 * _MS
"""What a worker takes to hand a record over, at most."""


def a_message(arrived_ns: int, *timestamps: int) -> Message:
    """Records of these instants that arrive together."""
    return message_of(packed([a_request(timestamp_ns=timestamp) for timestamp in timestamps]), arrived_ns)


def instants(rows: Sequence[tuple[object, ...]]) -> list[int]:
    """When they were told."""
    return [timestamp_of(row) for row in rows]


def test_a_record_is_held_for_others_that_are_older() -> None:
    """What another worker told before, but handed over later, comes first."""
    backlog = Backlog(1000)
    backlog.put(a_message(NOW_NS, NOW_NS - 10 * _MS))
    assert backlog.take(NOW_NS) == []
    backlog.put(a_message(NOW_NS + 80 * _MS, NOW_NS - 20 * _MS, NOW_NS + 60 * _MS))
    due = backlog.take(NOW_NS + WINDOW_NS)
    assert instants(due) == [NOW_NS - 20 * _MS, NOW_NS - 10 * _MS]
    backlog.settle()
    assert instants(backlog.take(NOW_NS + WINDOW_NS + 60 * _MS)) == [NOW_NS + 60 * _MS]


def test_what_is_still_packed_may_be_older() -> None:
    """A batch is not full of what came first, as long as a later message can have something from before."""
    backlog = Backlog(40)
    backlog.put(a_message(NOW_NS, *range(NOW_NS - 12, NOW_NS)))
    backlog.put(a_message(NOW_NS + 50 * _MS, NOW_NS - 20))
    assert instants(backlog.take(NOW_NS + 10 * _SECOND)) == [NOW_NS - 20, *range(NOW_NS - 12, NOW_NS - 3)]


def test_the_oldest_are_dropped() -> None:
    """A message that does not fit takes the place of those that came first."""
    backlog = Backlog(8)
    for number in range(4):
        assert backlog.put(a_message(NOW_NS, *range(number * 2, number * 2 + 2))) == 0
    assert backlog.put(a_message(NOW_NS, 8, 9)) == 2
    taken = []
    while rows := backlog.take(NOW_NS, is_last=True):
        taken += instants(rows)
        backlog.settle()
    assert taken == list(range(2, 10))


def test_what_was_taken_counts_until_it_is_settled() -> None:
    """Memory is bounded, whatever a sink has in hand."""
    backlog = Backlog(4)
    backlog.put(a_message(0, 1, 2, 3, 4))
    assert instants(backlog.take(NOW_NS)) == [1]
    assert backlog.put(a_message(0, 5)) == 1  # no room: three wait, one is taken
    backlog.settle()
    assert len(backlog) == 3


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    """Records from what is the future now are not held until it has come."""
    backlog = Backlog(1000)
    backlog.put(a_message(NOW_NS, NOW_NS))
    assert instants(backlog.take(NOW_NS - 3600 * _SECOND)) == [NOW_NS]


def test_a_crowd_is_not_held() -> None:
    """More records within the window than half of the limit go on, in order as far as they are there."""
    backlog = Backlog(100)
    for number in range(10):
        backlog.put(a_message(NOW_NS, *range(NOW_NS - number * 10, NOW_NS - number * 10 + 8)))
    assert len(backlog.take(NOW_NS)) == backlog.most


@given(data=st.data())
def test_the_order_of_time(data: st.DataObject) -> None:
    """However several workers' messages interleave, no record is taken before an older one."""
    workers = data.draw(st.integers(1, 4))
    steps = data.draw(st.lists(st.tuples(st.integers(0, workers - 1), st.integers(0, 60)), max_size=80))
    backlog, now, taken = Backlog(100_000), NOW_NS, []
    waiting: list[list[int]] = [[] for _ in range(workers)]
    told = 0
    for worker, passed in steps:
        now += passed * _MS
        for number, records in enumerate(waiting):
            if records and now - records[0] > HAND_NS - 60 * _MS:
                backlog.put(a_message(now, *records))
                waiting[number] = []
        waiting[worker].append(now)
        told += 1
        taken += instants(backlog.take(now))
        backlog.settle()
    for records in waiting:
        if records:
            backlog.put(a_message(now, *records))
    while rows := backlog.take(now, is_last=True):
        taken += instants(rows)
        backlog.settle()
    assert taken == sorted(taken)
    assert len(taken) == told


class Accounts(RuleBasedStateMachine):
    """Whatever happens in whatever order, every record is somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog(40)
        self.now = NOW_NS
        self.queued = self.settled = self.dropped = self.in_hand = 0

    @rule(size=st.integers(1, 10), age=st.integers(0, 400))
    def put(self, size: int, age: int) -> None:
        """A message arrives."""
        self.queued += size
        self.dropped += self.backlog.put(a_message(self.now, *[self.now - age * _MS] * size))

    @rule(passed=st.integers(0, 500))
    def wait(self, passed: int) -> None:
        """Time goes by."""
        self.now += passed * _MS

    @precondition(lambda self: self.in_hand == 0)
    @rule(is_last=st.booleans())
    def take(self, is_last: bool) -> None:
        """A batch is taken."""
        self.in_hand = len(self.backlog.take(self.now, is_last=is_last))
        assert self.in_hand <= self.backlog.most

    @rule()
    def settle(self) -> None:
        """It is written."""
        self.backlog.settle()
        self.settled, self.in_hand = self.settled + self.in_hand, 0

    @rule()
    def clear(self) -> None:
        """Everything is given up."""
        self.dropped, self.in_hand = self.dropped + self.backlog.clear(), 0

    @invariant()
    def adds_up(self) -> None:
        """Queued is settled, dropped and waiting; and not too many wait."""
        assert self.queued == self.settled + self.dropped + len(self.backlog)
        assert len(self.backlog) <= self.backlog.limit


TestAccounts = Accounts.TestCase
