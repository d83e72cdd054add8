"""The trace that a request is part of, as its client tells it (W3C Trace Context, levels 1 and 2)."""

import re
from typing import Final, NamedTuple, Self

MOST_MEMBERS: Final = 32
"""How many members a `tracestate` may have (3.3.1.1)."""

MOST_STATE_CHARACTERS: Final = 512
"""How much of a `tracestate` is passed on: no less may be (3.3.1.5)."""

_LONG_MEMBER: Final = 128
_SAMPLED: Final = 0x01
_RANDOM: Final = 0x02
# 3.2.2: of a version to come, what is known is read, and what may follow it is left.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<parent>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
# 3.3.1.3, with the keys of level 2, which are those of level 1 and more.
_MEMBER: Final = re.compile(
    r"(?P<key>[a-z0-9][a-z0-9_\-*/@]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)


class TraceContext(NamedTuple):
    """Where a request belongs: its trace, the span that it was made in, its flags, and what other vendors note.

    `trace_id` is 32 and `parent_id` 16 lower-case hexadecimal digits, neither all zeros; `state` is a `tracestate`
    that may be sent as it is, or None.
    """

    trace_id: str
    parent_id: str
    flags: int
    state: str | None = None

    @classmethod
    def parse(cls, traceparent: str | None, tracestate: str | None = None) -> Self | None:
        """From the values of both fields; None when there is no trace, or none that may be gone on with (4.2)."""
        match = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent)
        if match is None or (match["version"] == "00" and match["more"] is not None):
            return None
        flags = int(match["flags"], 16) & (_SAMPLED | _RANDOM)  # those that nobody knows may not be passed on
        return cls(match["trace"], match["parent"], flags, state_of(tracestate))

    @property
    def is_sampled(self) -> bool:
        """Whether the caller may have recorded its part."""
        return bool(self.flags & _SAMPLED)

    def fields(self) -> tuple[tuple[str, str], ...]:
        """The headers that pass it on (3.2, 3.3)."""
        parent = ("traceparent", f"00-{self.trace_id}-{self.parent_id}-{self.flags:02x}")
        return (parent,) if self.state is None else (parent, ("tracestate", self.state))


def state_of(value: str | None) -> str | None:
    """A `tracestate` that may be passed on; None for none, and for one that breaks a rule (3.3.1)."""
    members = [member for part in (value or "").split(",") if (member := part.strip(" \t"))]
    matches = [_MEMBER.fullmatch(member) for member in members]
    keys = {match["key"] for match in matches if match is not None}
    if not members or len(members) > MOST_MEMBERS or len(keys) != len(members):
        return None
    return _shortened(members)


def _shortened(members: list[str]) -> str | None:
    """What is too much goes: long members first, then the oldest, at the end (3.3.1.5)."""
    if len(",".join(members)) > MOST_STATE_CHARACTERS:
        members = [member for member in members if len(member) <= _LONG_MEMBER]
    while len(",".join(members)) > MOST_STATE_CHARACTERS:
        members = members[:-1]
    return ",".join(members) or None
