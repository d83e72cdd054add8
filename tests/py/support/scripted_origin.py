"""A bucket that follows a script: what it says, when it waits, where it breaks, and what was asked of it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeAlias, TypeVar

from sidecar.cache.ports import FolderEntry, FolderPage, NotModified, OriginHead, PageOf, Span, Validators
from sidecar.errors import OriginChanged, OriginNotFound
from support.until import PATIENCE_SECONDS

T = TypeVar("T")


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
    """An answer on its way, or the bytes `start` up to `stop` of it; it notices when it is read after it was closed."""

    def __init__(
        self, origin: "ScriptedOrigin", head: OriginHead, steps: deque[Step], *, start: int = 0, stop: int | None = None
    ) -> None:
        self.head = head
        self._origin = origin
        self._steps = steps
        self._start = start
        self._stop = stop
        self._is_closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The rest of the script."""
        position = 0
        while self._steps:
            step = self._steps.popleft()
            assert not self._is_closed, "read after it was closed"
            if not isinstance(step, bytes):
                await _perform(step)
                continue
            wanted = self._wanted(step, position)
            position += len(step)
            if wanted:
                self._origin.sent_bytes += len(wanted)
                yield wanted

    async def close(self) -> None:
        """Count it as closed."""
        if not self._is_closed:
            self._is_closed = True
            self._origin.open_responses -= 1

    def _wanted(self, piece: bytes, position: int) -> bytes:
        """What of a piece that begins at `position` is asked for."""
        stop = position + len(piece) if self._stop is None else self._stop
        return piece[max(0, self._start - position) : max(0, stop - position)]


class ScriptedOrigin:
    """Implements `Origin`. Keys that have no script are missing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """The keys asked for, in order."""
        self.conditions: list[Validators | Span | None] = []
        """What each of these calls was bound to."""
        self.sent_bytes = 0
        """Bytes of bodies that were given out."""
        self.open_responses = 0
        """Responses that were given out and not closed yet."""
        self.folders: list[PageOf] = []
        """The pages of folders asked for, in order."""
        self._scripts: dict[str, deque[tuple[Step, ...]]] = {}
        self._folders: dict[str, deque[tuple[Step, ...]]] = {}

    def script(self, key: str, *answers: tuple[Step, ...]) -> None:
        """Give these answers to the next calls for the key, the last one also to all further calls."""
        self._scripts[key] = deque(answers)

    def script_folder(self, prefix: str, *delays: tuple[Barrier | Exception, ...]) -> None:
        """Let this come before the next listings of the folder, the last one also before all further ones."""
        self._folders[prefix] = deque(delays)

    def put(self, key: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer with this object from now on."""
        self.script(key, whole(body, headers))

    def remove(self, key: str) -> None:
        """Have no such object from now on."""
        self._scripts.pop(key, None)

    async def get(self, object_key: str) -> ScriptedResponse:
        """Follow the script up to its head."""
        head, steps = await self._begin(object_key, None)
        return self._opened(ScriptedResponse(self, head, steps))

    async def get_if_changed(self, object_key: str, known: Validators) -> ScriptedResponse | NotModified:
        """Follow the script up to its head, which is that of a 304 when the validators fit."""
        head, steps = await self._begin(object_key, known)
        is_known = head.header("etag") == known.etag if known.etag else _modified(head) == known.last_modified
        return NotModified(head) if is_known else self._opened(ScriptedResponse(self, head, steps))

    async def get_span(self, object_key: str, span: Span) -> ScriptedResponse:
        """Follow the script of the whole, and cut the span out of it. Raises OriginChanged."""
        whole, steps = await self._begin(object_key, span)
        if whole.header("etag") != span.etag:
            raise OriginChanged("another version")
        stop = whole.content_length if span.stop is None else span.stop
        part = OriginHead(whole.headers, stop - span.start)
        return self._opened(ScriptedResponse(self, part, steps, start=span.start, stop=stop))

    async def folder(self, page: PageOf) -> FolderPage:
        """What the folder's script says; without one, the objects below it that have a script, each of no bytes."""
        self.folders.append(page)
        for step in _next(self._folders.get(page.prefix, deque([()]))):
            await _perform(step)
        names = sorted({_name_below(page.prefix, key) for key in self._scripts if key.startswith(page.prefix)})
        listed = [FolderEntry(name) if name.endswith("/") else FolderEntry(name, 0, 0.0) for name in names]
        rest = [entry for entry in listed if entry.name > page.after]
        return FolderPage(tuple(rest[: page.limit]), is_last=len(rest) <= page.limit)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """The keys that have a script."""
        for key in sorted(self._scripts):
            if key.startswith(prefix):
                yield key

    async def _begin(self, key: str, condition: Validators | Span | None) -> tuple[OriginHead, deque[Step]]:
        self.calls.append(key)
        self.conditions.append(condition)
        steps = deque(self._next(key))
        while steps:
            step = steps.popleft()
            if isinstance(step, OriginHead):
                return step, steps
            await _perform(step)
        raise OriginNotFound(key)

    def _opened(self, response: ScriptedResponse) -> ScriptedResponse:
        self.open_responses += 1
        return response

    def _next(self, key: str) -> tuple[Step, ...]:
        return _next(self._scripts.get(key, deque([()])))


class ScriptedConfiguration:
    """A bucket's website configuration that follows a script; a mapping ends an answer, without one there is none."""

    def __init__(self, *answers: tuple[Mapping[str, Any] | Barrier | Exception, ...]) -> None:
        self.readings = 0
        """How often it was asked for."""
        self._answers = deque(answers)

    async def website(self) -> Mapping[str, Any]:
        """Follow the next answer of the script, at its end the last one."""
        self.readings += 1
        for step in _next(self._answers):
            if isinstance(step, Mapping):
                return step
            await _perform(step)
        raise OriginNotFound("NoSuchWebsiteConfiguration")


def _next(answers: deque[T]) -> T:
    return answers.popleft() if len(answers) > 1 else answers[0]


def _name_below(prefix: str, key: str) -> str:
    """The first segment of the key after the prefix, with its slash."""
    name, slash, _ = key.removeprefix(prefix).partition("/")
    return name + slash


def _modified(head: OriginHead) -> str | None:
    return head.header("last-modified")


async def _perform(step: Step) -> None:
    if isinstance(step, Barrier):
        await step.stand()
    elif isinstance(step, Exception):
        raise step
