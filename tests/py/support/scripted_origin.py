"""A bucket that follows a script: what it says, when it waits, where it breaks, and what was asked of it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import TypeAlias

from sidecar.cache.ports import OriginHead
from sidecar.errors import OriginNotFound

PATIENCE_SECONDS = 10.0
"""How long a test waits for what has to happen; only one that fails waits so long."""


class Barrier:
    """Parks every answer that comes to it until `release`."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    @property
    def is_reached(self) -> bool:
        """Whether an answer stands here, or has passed."""
        return self._reached.is_set()

    async def reached(self) -> None:
        """Wait until an answer stands here. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reached.wait()

    def release(self) -> None:
        """Let it go on, and later ones pass."""
        self._released.set()

    async def stand(self) -> None:
        """Wait here, as the script says."""
        self._reached.set()
        await self._released.wait()


Step: TypeAlias = OriginHead | bytes | Barrier | Exception
"""What a script is made of; everything up to the head happens before `get` returns."""


def head(content_length: int, headers: Mapping[str, str] | None = None) -> OriginHead:
    """The start of an answer; header names in lower case."""
    return OriginHead(tuple((headers or {}).items()), content_length)


def whole(body: bytes, headers: Mapping[str, str] | None = None) -> tuple[OriginHead, bytes]:
    """The steps of an answer that nothing disturbs."""
    return head(len(body), headers), body


class ScriptedResponse:
    """An answer on its way; it notices when it is read after it was closed."""

    def __init__(self, origin: "ScriptedOrigin", head: OriginHead, steps: deque[Step]) -> None:
        self.head = head
        self._origin = origin
        self._steps = steps
        self._is_closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The rest of the script."""
        while self._steps:
            step = self._steps.popleft()
            assert not self._is_closed, "read after it was closed"
            if isinstance(step, bytes):
                yield step
            else:
                await _perform(step)

    async def close(self) -> None:
        """Count it as closed."""
        if not self._is_closed:
            self._is_closed = True
            self._origin.open_responses -= 1


class ScriptedOrigin:
    """Implements `Origin`. Keys that have no script are missing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """The keys asked for, in order."""
        self.open_responses = 0
        """Responses that were given out and not closed yet."""
        self._scripts: dict[str, deque[tuple[Step, ...]]] = {}

    def script(self, key: str, *answers: tuple[Step, ...]) -> None:
        """Give these answers to the next calls for the key, the last one also to all further calls."""
        self._scripts[key] = deque(answers)

    def put(self, key: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer with this object from now on."""
        self.script(key, whole(body, headers))

    def remove(self, key: str) -> None:
        """Have no such object from now on."""
        self._scripts.pop(key, None)

    async def get(self, object_key: str) -> ScriptedResponse:
        """Follow the script up to its head."""
        self.calls.append(object_key)
        steps = deque(self._next(object_key))
        while steps:
            step = steps.popleft()
            if isinstance(step, OriginHead):
                self.open_responses += 1
                return ScriptedResponse(self, step, steps)
            await _perform(step)
        raise OriginNotFound(object_key)

    def _next(self, key: str) -> tuple[Step, ...]:
        answers = self._scripts.get(key, deque([()]))
        return answers.popleft() if len(answers) > 1 else answers[0]


async def _perform(step: Step) -> None:
    if isinstance(step, Barrier):
        await step.stand()
    elif isinstance(step, Exception):
        raise step
