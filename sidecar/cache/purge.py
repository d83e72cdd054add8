"""Purges: rules that say what may no longer be used, in a journal that all workers share.

A purge appends a rule and raises a counter. What was stored before a rule that matches it is purged. Each look-up
compares one number and reads rules only when it has moved, so a purge holds in every worker before it is answered.
"""

import zlib
from collections import deque
from ctypes import c_char, c_uint64
from dataclasses import dataclass, field
from enum import IntEnum
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawArray, RawValue
from struct import Struct
from typing import TYPE_CHECKING, Any

from sidecar.cache.key import CacheKey

if TYPE_CHECKING:
    from ctypes import Array

RULES = 4096
"""How many rules are remembered. What was stored before the oldest of them counts as stale."""

MAX_VALUE_BYTES = 1024

_SLOT = Struct("<QIBBH")
_SLOT_BYTES = _SLOT.size + MAX_VALUE_BYTES
_LOCK_SECONDS = 1.0


class Scope(IntEnum):
    """What the value of a rule names."""

    KEY = 0
    PREFIX = 1
    TAG = 2


class Verdict(IntEnum):
    """What the rules say of something stored: nothing, stale though it may have been fresh, or gone."""

    STANDS = 0
    STALE = 1
    PURGED = 2


@dataclass(frozen=True, slots=True)
class PurgeRule:
    """Names one object key, every key that begins with a prefix, or every object with a tag; a soft one makes stale.

    Raises ValueError for a value that no key and no tag can have.
    """

    scope: Scope
    value: str
    is_soft: bool = False

    def __post_init__(self) -> None:
        length = len(self.value.encode())
        if length > MAX_VALUE_BYTES or (length == 0 and self.scope is not Scope.PREFIX):
            raise ValueError(f"a {self.scope.name.lower()} to purge has 1 to {MAX_VALUE_BYTES} bytes")

    def names(self, object_key: str, tags: tuple[str, ...]) -> bool:
        """Whether an object of this key and these tags is meant."""
        match self.scope:
            case Scope.KEY:
                return object_key == self.value
            case Scope.PREFIX:
                return object_key.startswith(self.value)
            case Scope.TAG:
                return self.value in tags

    @property
    def verdict(self) -> Verdict:
        """What it makes of what it names."""
        return Verdict.STALE if self.is_soft else Verdict.PURGED


@dataclass(frozen=True, slots=True)
class SharedJournal:
    """The memory that workers share: how many rules there were so far, the last of them, and who may write."""

    count: c_uint64 = field(default_factory=lambda: RawValue(c_uint64, 0))
    slots: "Array[c_char]" = field(default_factory=lambda: RawArray(c_char, RULES * _SLOT_BYTES))
    # Workers are spawned; a lock of another context could not be handed to them.
    lock: Any = field(default_factory=lambda: get_context("spawn").Lock())


class PurgeJournal:
    """A worker's view of the journal; `numbers` is for those who ask for every request, and has the count alone."""

    def __init__(self, journal: SharedJournal) -> None:
        self._shared = journal
        self.numbers = memoryview(journal.count).cast("B").cast("Q")
        self._slots = memoryview(journal.slots).cast("B")
        self._read = journal.count.value
        self._forgotten = self._read
        self._rules: deque[tuple[int, PurgeRule]] = deque()
        self._latest: dict[tuple[Scope, str], tuple[int, int]] = {}

    @property
    def count(self) -> int:
        """The number of rules so far; what is stored now is kept with it."""
        return self.numbers[0]

    def append(self, rule: PurgeRule) -> None:
        """Make the rule hold, in every worker, from this moment on."""
        # A worker killed while it held the lock must not hang the next purge: two at once are rare, a hang is for ever.
        is_held = self._shared.lock.acquire(timeout=_LOCK_SECONDS)
        try:
            number = self.count + 1
            self._write(number, rule)
            self.numbers[0] = number
        finally:
            if is_held:
                self._shared.lock.release()

    def judge(self, key: CacheKey, tags: tuple[str, ...], stored_at_count: int) -> Verdict:
        """What the rules since `stored_at_count` make of an object of this key and these tags."""
        if stored_at_count == self.count:
            return Verdict.STANDS
        soft, hard = self._last_rules(key, tags)
        if hard > stored_at_count:
            return Verdict.PURGED
        is_stale = soft > stored_at_count or stored_at_count < self._forgotten
        return Verdict.STALE if is_stale else Verdict.STANDS

    def generation(self, key: CacheKey) -> int:
        """The number of the last rule that named the key: a fill begun in an earlier one must not be joined."""
        return max(self._last_rules(key, ()))

    def _last_rules(self, key: CacheKey, tags: tuple[str, ...]) -> tuple[int, int]:
        """The numbers of the last soft and the last hard rule that name the object; 0 where there is none."""
        self._catch_up()
        names = [(Scope.KEY, key.object_key), *((Scope.TAG, tag) for tag in tags)]
        names += [name for name in self._latest if name[0] is Scope.PREFIX and key.object_key.startswith(name[1])]
        soft, hard = zip((0, 0), *(self._latest[name] for name in names if name in self._latest), strict=True)
        return max(soft), max(hard)

    def _catch_up(self) -> None:
        """Read the rules that were appended since the last look."""
        count = self.count
        if count - self._read > RULES:
            self._read = self._forgotten = count - RULES
        while self._read < count and (rule := self._slot(self._read + 1)) is not None:
            self._read += 1
            self._remember(self._read, rule)

    def _remember(self, number: int, rule: PurgeRule) -> None:
        name = (rule.scope, rule.value)
        soft, hard = self._latest.get(name, (0, 0))
        self._latest[name] = (number, hard) if rule.is_soft else (soft, number)
        self._rules.append((number, rule))
        if len(self._rules) > RULES:
            self._forgotten, forgotten = self._rules.popleft()
            name = (forgotten.scope, forgotten.value)
            if max(self._latest.get(name, (0, 0))) <= self._forgotten:
                self._latest.pop(name, None)

    def _write(self, number: int, rule: PurgeRule) -> None:
        value = rule.value.encode()
        head = _SLOT.pack(number, zlib.crc32(value), rule.scope, rule.is_soft, len(value))
        start = (number % RULES) * _SLOT_BYTES
        self._slots[start : start + len(head) + len(value)] = head + value

    def _slot(self, number: int) -> PurgeRule | None:
        """The rule of this number; None while it is being written, to be looked at again."""
        start = (number % RULES) * _SLOT_BYTES
        raw = bytes(self._slots[start : start + _SLOT_BYTES])
        written, checksum, scope, is_soft, length = _SLOT.unpack_from(raw)
        value = raw[_SLOT.size : _SLOT.size + length]
        if written != number or zlib.crc32(value) != checksum:
            return None
        return PurgeRule(Scope(scope), value.decode(), bool(is_soft))
