"""What mmdb-ws says (observed on a real one)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.locations import MUNICH, location
from support.mmdb_ws import answer

from ops.geo.reply import query_of, read_reply


def test_a_location() -> None:
    """Lines of `key : value`."""
    assert query_of(MUNICH) == f"f:{MUNICH}"
    assert read_reply(MUNICH, answer(query_of(MUNICH))) == location(MUNICH)


@pytest.mark.parametrize(
    ("reply", "expected"),
    {
        "unknown": ("8.8.8.8", None),
        "a-value-with-the-separator": ("city : A : B\n", {"city": "A : B"}),
        "an-unknown-key": ("city : A\nsecret : B\n", {"city": "A"}),
        "a-value-that-is-too-long": (f"city : A\ncountry : {'x' * 300}\n", {"city": "A"}),
    }.values(),
)
def test_replies(reply: str, expected: dict[str, str] | None) -> None:
    """What may come beside that."""
    assert read_reply("8.8.8.8", reply) == expected


@pytest.mark.parametrize(
    "reply",
    [b"city : A\n", "", "\n", "8.8.4.4", "error", "city : A\nquery_ip_address : 8.8.4.4\n"],
    ids=["bytes", "empty", "blank", "another-unknown", "no-lines", "another-address"],
)
def test_what_is_no_reply(reply: object) -> None:
    """Then replies and questions do not go together any more."""
    with pytest.raises(ValueError, match=r"repl|line"):
        read_reply("8.8.8.8", reply)


@given(text=st.text())
def test_any_text(text: str) -> None:
    """A location, none, or a ValueError."""
    with contextlib.suppress(ValueError):
        location = read_reply("8.8.8.8", text)
        assert location is None or all(len(value) <= 256 for value in location.values())
