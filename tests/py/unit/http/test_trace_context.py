"""The trace a client tells of; ids carry the section of W3C Trace Context (https://www.w3.org/TR/trace-context-2/)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.trace_context import MOST_STATE_CHARACTERS, TraceContext, state_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{PARENT}-01"

TAKEN = {
    "3.2.2-example": (VALID, 1),
    "3.2.2.5-not-sampled": (f"00-{TRACE}-{PARENT}-00", 0),
    "3.2.2.5-random": (f"00-{TRACE}-{PARENT}-03", 3),
    "3.2.2.5-unknown-flags-are-not-passed-on": (f"00-{TRACE}-{PARENT}-ff", 3),
    "3.2.4-later-version": (f"01-{TRACE}-{PARENT}-01", 1),
    "3.2.4-later-version-with-more": (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", 1),
    "3.2.4-later-version-with-nothing-more": (f"cc-{TRACE}-{PARENT}-01-", 1),
}

REFUSED = {
    "none": None,
    "empty": "",
    "3.2.2.1-version-ff": f"ff-{TRACE}-{PARENT}-01",
    "3.2.2.1-version-in-capitals": f"CC-{TRACE}-{PARENT}-01",
    "3.2.2.1-version-of-one-digit": f"0-{TRACE}-{PARENT}-01",
    "3.2.2.2-version-00-with-more": f"{VALID}-more",
    "3.2.2.2-version-00-with-a-dash": f"{VALID}-",
    "3.2.2.3-zeros": f"00-{'0' * 32}-{PARENT}-01",
    "3.2.2.3-capitals": f"00-{TRACE.upper()}-{PARENT}-01",
    "3.2.2.3-no-digit": f"00-{TRACE[:-1]}g-{PARENT}-01",
    "3.2.2.3-too-short": f"00-{TRACE[1:]}-{PARENT}-01",
    "3.2.2.3-too-long": f"00-{TRACE}0-{PARENT}-01",
    "3.2.2.4-zeros": f"00-{TRACE}-{'0' * 16}-01",
    "3.2.2.4-capitals": f"00-{TRACE}-{PARENT.upper()}-01",
    "3.2.2.4-too-short": f"00-{TRACE}-{PARENT[1:]}-01",
    "3.2.2.5-one-digit": f"00-{TRACE}-{PARENT}-1",
    "3.2.2.5-three-digits": f"00-{TRACE}-{PARENT}-001",
    "3.2.2.5-no-digits": f"00-{TRACE}-{PARENT}-.1",
    "3.2.4-later-version-goes-on-without-a-dash": f"cc-{TRACE}-{PARENT}-01.what",
    "without-flags": f"00-{TRACE}-{PARENT}",
    "space-before": f" {VALID}",
    "space-after": f"{VALID} ",
    "line-feed-after": f"{VALID}\n",
    "line-feed-in-what-follows": f"cc-{TRACE}-{PARENT}-01-\nx",
    "other-digits": VALID.replace("4", "\u0664"),
    "sent-twice": f"{VALID}, {VALID}",
}

STATES = {
    "none": (None, None),
    "empty": ("", None),
    "3.3.1.2-one": ("rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"),
    "3.3.1.1-several": ("rojo=1,congo=2", "rojo=1,congo=2"),
    "3.3.1.1-spaces-and-empty-members": (" rojo=1 ,\t, congo=2,", "rojo=1,congo=2"),
    "3.3.1.3.1-tenant": ("fw529a3039@dt=FfAAgP", "fw529a3039@dt=FfAAgP"),
    "3.3.1.3.1-all-kinds-of-characters": ("a0_-*/b=1", "a0_-*/b=1"),
    "3.3.1.3.1-begins-with-a-digit": ("0a=1", "0a=1"),
    "3.3.1.3.1-capitals": ("Rojo=1", None),
    "3.3.1.3.1-without-a-key": ("=1", None),
    "3.3.1.3.1-longest-key": ("a" * 256 + "=1", None if MOST_STATE_CHARACTERS < 258 else "a" * 256 + "=1"),
    "3.3.1.3.1-key-too-long": ("a" * 257 + "=1", None),
    "3.3.1.3.1-sent-twice": ("rojo=1,rojo=2", None),
    "3.3.1.3.2-without-a-value": ("rojo", None),
    "3.3.1.3.2-spaces-within": ("rojo=a b", "rojo=a b"),
    "3.3.1.3.2-equals-within": ("rojo=a=b", None),
    "3.3.1.3.2-control": ("rojo=a\x01b", None),
    "3.3.1.3.2-beyond-ascii": ("rojo=é", None),
    "3.3.1.3.2-value-too-long": ("rojo=" + "a" * 257, None),
    "one-bad-member-spoils-all": ("rojo=1,Congo=2", None),
    "3.3.1.1-32-members": (",".join(f"k{n}=1" for n in range(32)), ",".join(f"k{n}=1" for n in range(32))),
    "3.3.1.1-33-members": (",".join(f"k{n}=1" for n in range(33)), None),
    "3.3.1.5-long-members-go-first": (
        "a=" + "x" * 200 + ",b=1,c=" + "x" * 126 + ",d=" + "y" * 254,
        f"b=1,c={'x' * 126}",
    ),
    "3.3.1.5-then-those-at-the-end": (
        ",".join(f"{name}=" + "x" * 120 for name in "abcde"),
        ",".join(f"{name}=" + "x" * 120 for name in "abcd"),
    ),
}


@pytest.mark.parametrize(("value", "flags"), TAKEN.values(), ids=TAKEN)
def test_taken(value: str, flags: int) -> None:
    """What may be gone on with."""
    context = TraceContext.parse(value, "rojo=1")
    assert context is not None
    assert tuple(context) == (TRACE, PARENT, flags, "rojo=1")
    assert context.is_sampled == bool(flags & 1)


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_refused(value: str | None) -> None:
    """What begins no trace here, with a tracestate or without."""
    assert TraceContext.parse(value, "rojo=1") is None


@pytest.mark.parametrize(("value", "expected"), STATES.values(), ids=STATES)
def test_state(value: str | None, expected: str | None) -> None:
    """A tracestate that breaks a rule is left; the traceparent beside it still counts (3.3)."""
    context = TraceContext.parse(VALID, value)
    assert context is not None
    assert context.state == expected


def test_fields() -> None:
    """It is passed on in version 00, whatever came."""
    context = TraceContext.parse(f"cc-{TRACE}-{PARENT}-01-more", "rojo=1")
    assert context is not None
    assert context.fields() == (("traceparent", VALID), ("tracestate", "rojo=1"))
    assert context._replace(state=None).fields() == (("traceparent", VALID),)


@given(st.text(), st.text())
def test_nothing_but_text_for_a_header_is_passed_on(traceparent: str, tracestate: str) -> None:
    """Whatever comes, what goes on is one line of printable ASCII."""
    TraceContext.parse(traceparent, tracestate)
    state = state_of(tracestate)
    assert state is None or (state.isascii() and state.isprintable() and len(state) <= MOST_STATE_CHARACTERS)
