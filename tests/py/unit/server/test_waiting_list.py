"""Who waits for whom, and who does not: every order of what can happen to a leader and to those behind it."""

import asyncio

import pytest
from support.until import PATIENCE_SECONDS

from sidecar.server import waiting_list
from sidecar.server.waiting_list import FUTILE_SECONDS, WaitingList, WaitingLists

KIND = (b"/a.css", None)


class Request:
    """A request that waits, and what was said to it."""

    def __init__(self) -> None:
        self.said = ""

    def lead(self, waiting: WaitingList) -> None:
        """Note it."""
        self.said += "lead"

    def resume(self) -> None:
        """Note it."""
        self.said += "resume"


class Door:
    """Lists with a clock, one leader and some who wait."""

    def __init__(self, count: int = 3) -> None:
        self.now = 0.0
        self.lists = WaitingLists(lambda: self.now)
        waiting = self.lists.begin(KIND)
        assert waiting is not None
        self.waiting = waiting
        self.requests = [Request() for _ in range(count)]
        for request in self.requests:
            waiting.join(request)

    async def said(self) -> list[str]:
        """What was said to each."""
        await asyncio.sleep(0)
        return [request.said for request in self.requests]

    @property
    def is_futile(self) -> bool:
        """Whether nobody would wait now."""
        return self.lists.begin(KIND) is None


async def test_what_is_kept_answers_all() -> None:
    """The first stores it, the second has it kept; nobody else asks for anything."""
    door = Door()
    door.waiting.expect()
    door.waiting.answer_begins()
    assert await door.said() == ["", "", ""]
    door.waiting.leader_ends()
    assert await door.said() == ["lead", "", ""]
    assert door.lists.find(KIND) is door.waiting
    door.waiting.expect()
    door.waiting.release()
    assert await door.said() == ["lead", "resume", "resume"]
    door.waiting.answer_begins()
    door.waiting.leader_ends()
    assert door.lists.find(KIND) is None
    assert not door.is_futile


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a leader stands still the others go on by themselves, and nobody waits behind the next one for a while."""
    monkeypatch.setattr(waiting_list, "LONGEST_SECONDS", 0.01)
    door = Door()
    door.waiting.expect()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await door.said() != ["resume"] * 3:
            pass
    assert door.is_futile
    door.waiting.leader_ends()
    assert await door.said() == ["resume"] * 3


@pytest.mark.parametrize("count", [0, 3])
async def test_nobody_waits_for_what_is_not_stored(count: int) -> None:
    """All go on as soon as that is known, and for ten seconds nobody begins to wait."""
    door = Door(count)
    door.waiting.answer_begins()
    assert await door.said() == ["resume"] * count
    door.now += FUTILE_SECONDS - 0.1
    assert door.is_futile
    door.now += 0.1
    assert not door.is_futile


async def test_two_answers_are_waited_for_at_most() -> None:
    """What is stored, and for some reason not kept, is asked for one by one no longer."""
    door = Door()
    for _ in range(2):
        door.waiting.expect()
        door.waiting.answer_begins()
        door.waiting.leader_ends()
    assert await door.said() == ["lead", "resume", "resume"]
    assert door.is_futile


@pytest.mark.parametrize("is_second", [False, True])
async def test_a_leader_whose_client_leaves_is_followed(*, is_second: bool) -> None:
    """The next one leads in its place, however many of them leave."""
    door = Door(4)
    if is_second:
        door.waiting.expect()
        door.waiting.answer_begins()
        door.waiting.leader_ends()
    door.waiting.leader_ends()
    door.waiting.leader_ends()
    assert await door.said() == (["lead", "lead", "lead", ""] if is_second else ["lead", "lead", "", ""])
    door.waiting.release()
    assert (await door.said())[-1] == "resume"


async def test_who_leaves_is_told_nothing() -> None:
    """Nor does it lead; to leave twice is no harm."""
    door = Door()
    door.waiting.leave(door.requests[0])
    door.waiting.leave(door.requests[0])
    door.waiting.leader_ends()
    assert await door.said() == ["", "lead", ""]


async def test_a_leader_alone_leaves_nothing_behind() -> None:
    """As nearly every one is."""
    door = Door(0)
    door.waiting.expect()
    door.waiting.answer_begins()
    door.waiting.leader_ends()
    assert door.lists.find(KIND) is None
    assert not door.is_futile


async def test_thousands_go_on_a_few_at_a_time() -> None:
    """The event loop turns in between, and who leaves meanwhile is left out."""
    door = Door(1000)
    door.waiting.release()
    assert 0 < (await door.said()).count("resume") < 200
    door.waiting.leave(door.requests[-1])
    turns = 0
    while "" in (await door.said())[:-1]:
        turns += 1
    assert turns >= 5
    assert await door.said() == ["resume"] * 999 + [""]


async def test_what_fails_with_one_is_not_met_by_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Nor by who let them go on."""

    class Broken(Request):
        def resume(self) -> None:
            raise OSError("broken")

    door = Door()
    broken = Broken()
    door.waiting.join(broken)
    door.waiting.join(last := Request())
    door.waiting.release()
    await asyncio.sleep(0)
    assert (await door.said(), last.said) == (["resume"] * 3, "resume")
    assert "broken" in caplog.text


async def test_what_is_futile_is_forgotten_some_time() -> None:
    """Clients choose the paths: what is remembered of them is bounded, the oldest leaves first."""
    door = Door(0)
    door.waiting.answer_begins()
    for number in range(5000):
        waiting = door.lists.begin((b"/%d" % number, None))
        assert waiting is not None
        waiting.answer_begins()
    assert not door.is_futile
    assert door.lists.begin((b"/4999", None)) is None
