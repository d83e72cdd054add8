"""Secrets: one way to the value, and none by accident."""

import copy
import pickle
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.secret import MASK, Secret

BAIT = "correct-horse-battery-staple"

SHOWN = {
    "str": str,
    "repr": repr,
    "format": lambda secret: f"{secret:}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the logging module's way
    "in-a-list": lambda secret: str([secret]),
    "in-a-dictionary": lambda secret: str({secret: secret}),
}

EQUALS = {
    "same": (BAIT, BAIT, True),
    "other": (BAIT, "another", False),
    "prefix": (BAIT, BAIT[:-1], False),
    "longer": (BAIT, f"{BAIT}x", False),
    "empty": (BAIT, "", False),
    "case": (BAIT, BAIT.upper(), False),
    "mask": (BAIT, MASK, False),
    "not-ascii": ("clé", "clé", True),
    "bytes-that-were-no-utf-8": (BAIT, "\udcff", False),
}


def test_reveal() -> None:
    """The value can be had by asking for it."""
    assert Secret(BAIT).reveal() == BAIT


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_never_shown(show: Callable[[Secret], str]) -> None:
    """Every way of printing shows the mask."""
    shown = show(Secret(BAIT))
    assert BAIT not in shown
    assert MASK in shown


def test_not_in_a_traceback() -> None:
    """An exception that carries the secret does not tell it."""
    error = ValueError("refused", Secret(BAIT))
    assert BAIT not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(("value", "other", "expected"), EQUALS.values(), ids=EQUALS)
def test_equals(value: str, other: str, expected: bool) -> None:
    """Only the very same text opens the door."""
    assert Secret(value).equals(other) is expected


def test_compares_with_secrets_only() -> None:
    """Two secrets of one value are equal and hash alike; a secret is not equal to its text."""
    assert Secret(BAIT) == Secret(BAIT)
    assert hash(Secret(BAIT)) == hash(Secret(BAIT))
    assert Secret(BAIT) != Secret("another")
    assert Secret(BAIT) != BAIT


def test_has_no_room_for_more() -> None:
    """There is no dictionary that a debugger's dump would print."""
    assert not hasattr(Secret(BAIT), "__dict__")


@given(st.text())
def test_copies_keep_the_value(value: str) -> None:
    """Pickling and copying give back an equal secret."""
    secret = Secret(value)
    assert pickle.loads(pickle.dumps(secret)) == secret  # noqa: S301 - our own bytes
    assert copy.deepcopy(secret) == secret
