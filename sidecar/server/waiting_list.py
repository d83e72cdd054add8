"""Requests that wait until another one of their kind is answered, as on Varnish's waiting list.

When something is cold, and many ask for it at once, each of them would take Sanic's way, which costs twenty times an
answer out of memory. So only the first takes it, and then a second, which finds what the first one has stored and has
it kept in memory: that answers all others. Nobody waits for a client, or where nothing in memory is to be expected.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Final, Protocol, TypeAlias

Kind: TypeAlias = tuple[bytes, bytes | None]
"""A path as it was sent, and the Accept-Encoding: requests that one answer in memory could serve."""

FUTILE_SECONDS: Final = 10.0
"""How long nobody waits for a kind that did not get into memory: what may not be stored, or is not there."""

LONGEST_SECONDS: Final = 5.0
"""How long anybody waits: a leader that has stood still must not hold up all others. nginx's default is the same."""

_MOST_FUTILE: Final = 4096
_AT_ONCE: Final = 64


class Waiter(Protocol):
    """A connection whose request waits; each is called by the event loop, and may have lost its client by then."""

    def lead(self, waiting: "WaitingList") -> None:
        """Have Sanic answer; the others wait for that."""
        ...

    def resume(self) -> None:
        """Wait no more: there is an answer in memory, or Sanic has to make one."""
        ...


class WaitingList:
    """Those who wait for one request, the leader's."""

    def __init__(self, end: Callable[[bool], None]) -> None:
        """`end` is called when nobody is to join any more, and told whether to wait is in vain."""
        self._end = end
        self._waiters: dict[Waiter, None] = {}  # a set in order
        self._is_promising = False
        self._has_begun = False
        self._is_second = False
        self._is_over = False
        self._patience: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def join(self, waiter: Waiter) -> None:
        """Have somebody wait."""
        self._waiters[waiter] = None
        if self._patience is None:
            patience = partial(self.release, in_vain=True)
            self._patience = asyncio.get_running_loop().call_later(LONGEST_SECONDS, patience)

    def leave(self, waiter: Waiter) -> None:
        """Its client is gone."""
        self._waiters.pop(waiter, None)

    def expect(self) -> None:
        """What answers the leader is stored by the time it has ended, soon, and can be kept in memory."""
        self._is_promising = True

    def answer_begins(self) -> None:
        """Nobody waits for a client that takes its time, nor for an answer that is nobody else's."""
        self._has_begun = True
        if not self._is_promising:
            self.release(in_vain=True)

    def leader_ends(self) -> None:
        """Its answer is made, or its client is gone."""
        if self._is_over or not self._waiters:
            self.release()
        elif not self._has_begun or not self._is_second:
            self._is_second = self._has_begun
            self._has_begun = self._is_promising = False
            leader = next(iter(self._waiters))
            del self._waiters[leader]
            asyncio.get_running_loop().call_soon(leader.lead, self)
        else:
            self.release(in_vain=True)

    def release(self, *, in_vain: bool = False) -> None:
        """Let all go on."""
        if not self._is_over:
            self._is_over = True
            if self._patience is not None:
                self._patience.cancel()
            self._end(in_vain)
            if self._waiters:
                asyncio.get_running_loop().call_soon(self._resume_some)

    def _resume_some(self) -> None:
        """Not thousands at once: others are served in between. What fails with one is none of the others' business."""
        loop = asyncio.get_running_loop()
        for waiter in list(islice(self._waiters, _AT_ONCE)):
            del self._waiters[waiter]
            try:
                waiter.resume()
            except Exception as error:  # noqa: BLE001 - as the loop would
                loop.call_exception_handler({"message": "a request that has waited failed", "exception": error})
        if self._waiters:
            loop.call_soon(self._resume_some)


class WaitingLists:
    """All of a worker's, by what is waited for; `seconds` is a clock."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lists: dict[Kind, WaitingList] = {}
        self._futile: OrderedDict[Kind, float] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(map(len, self._lists.values()))

    def find(self, kind: Kind) -> WaitingList | None:
        """The list on which requests of this kind wait just now."""
        return self._lists.get(kind)

    def begin(self, kind: Kind) -> WaitingList | None:
        """The list of a request that no other one goes before; None where it would be futile to wait for it."""
        if self._futile.get(kind, 0) > self._seconds():
            return None

        waiting = self._lists[kind] = WaitingList(partial(self._end, kind))
        return waiting

    def _end(self, kind: Kind, is_futile: bool) -> None:
        del self._lists[kind]
        if not is_futile:
            return
        self._futile[kind] = self._seconds() + FUTILE_SECONDS
        self._futile.move_to_end(kind)
        if len(self._futile) > _MOST_FUTILE:
            self._futile.popitem(last=False)
