"""What is remembered of addresses."""

from ops.geo.location import KNOWN_SECONDS, UNKNOWN_SECONDS
from ops.geo.memory import Memory

MUNICH = {"city": "Munich"}


def test_unknown_is_remembered_too() -> None:
    """Nobody asks again for a while; for less long than where something is known."""
    memory = Memory()
    memory.put("a", MUNICH, 0.0)
    memory.put("b", None, 0.0)
    assert memory.holds("a", UNKNOWN_SECONDS)
    assert (memory.holds("b", UNKNOWN_SECONDS - 1), memory.holds("b", UNKNOWN_SECONDS)) == (True, False)
    assert (memory.find("a", KNOWN_SECONDS - 1), memory.find("a", KNOWN_SECONDS)) == (MUNICH, None)
    assert memory.find("b", 0.0) is None
    assert not memory.holds("c", 0.0)


def test_it_is_bounded() -> None:
    """What was not used for longest leaves."""
    memory = Memory(most=2)
    memory.put("a", MUNICH, 0.0)
    memory.put("b", MUNICH, 0.0)
    memory.find("a", 0.0)
    memory.put("c", MUNICH, 0.0)
    assert [address for address in "abc" if memory.holds(address, 0.0)] == ["a", "c"]
    assert len(memory) == 2
