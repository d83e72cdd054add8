"""When an event loop is kept awake after an answer, and when it is left to sleep."""

import asyncio

import pytest

from sidecar.server.busy_polling import LONGEST_PAUSE, POLL_NS, BusyPolling


class Loop:
    """A polling in the loop of the test, and a clock of its own."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.polling = BusyPolling(lambda: self.now_ns)

    async def turn(self, nanoseconds: int = 0) -> None:
        """Let so much time pass, and the loop turn once."""
        self.now_ns += nanoseconds
        await asyncio.sleep(0)

    async def answer_in_vain(self) -> bool:
        """Answer, and let nobody ask again in time; whether that was tried."""
        self.polling.answered()
        has_tried = self.polling.is_polling
        await self.turn(POLL_NS)
        assert not self.polling.is_polling
        return has_tried

    async def answers_in_pause(self) -> int:
        """Answer until polling begins again; how many answers it took, that one not counted."""
        count = 0
        while not await self.answer_in_vain():
            count += 1
        return count


@pytest.fixture
def loop() -> Loop:
    """Make one that was never used."""
    return Loop()


async def test_the_loop_is_kept_awake_for_a_moment(loop: Loop) -> None:
    """And no longer; before the first answer it is not."""
    assert not loop.polling.is_polling
    loop.polling.answered()
    await loop.turn(POLL_NS - 1)
    assert loop.polling.is_polling
    await loop.turn(1)
    assert not loop.polling.is_polling


async def test_each_answer_is_a_new_moment(loop: Loop) -> None:
    """It begins when the answer was sent."""
    loop.polling.answered()
    for _ in range(5):
        await loop.turn(POLL_NS - 1)
        loop.polling.answered()
        await loop.turn()
    assert loop.polling.is_polling
    await loop.turn(POLL_NS)
    assert not loop.polling.is_polling


async def test_what_is_in_vain_is_tried_less_and_less(loop: Loop) -> None:
    """After each try twice as many answers pass, up to a limit."""
    pauses = [await loop.answers_in_pause() for _ in range(13)]
    assert pauses[:5] == [0, 1, 3, 7, 15]
    assert pauses[-2:] == [LONGEST_PAUSE] * 2


async def test_what_pays_off_is_tried_more_often(loop: Loop) -> None:
    """Each request that came in time halves the pause."""
    for _ in range(4):
        await loop.answers_in_pause()
    for _ in range(15):
        assert not await loop.answer_in_vain()
    loop.polling.answered()
    for _ in range(3):
        await loop.turn()  # nobody has asked yet
        loop.polling.answered()
        await loop.turn()
    await loop.turn(POLL_NS)
    assert await loop.answers_in_pause() == 3  # 15, 7, 3, 1, and twice as much and one for the try in vain


async def test_requests_that_come_together_show_nothing(loop: Loop) -> None:
    """They would have been answered one after the other without being waited for."""
    await loop.answers_in_pause()
    await loop.answers_in_pause()
    assert [await loop.answer_in_vain() for _ in range(3)] == [False] * 3
    for _ in range(10):
        loop.polling.answered()
    await loop.turn()
    await loop.turn(POLL_NS)
    assert not loop.polling.is_polling
    assert await loop.answers_in_pause() == 7
