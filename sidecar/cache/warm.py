"""Fetches objects before anybody asks for them."""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field

from sidecar.cache.answer import Answer, Refusal
from sidecar.cache.engine import Engine
from sidecar.cache.stored import Kind

CONCURRENCY = 8


@dataclass(slots=True)
class WarmProgress:
    """How far it has come: what was there already, fetched, missing and failed; `failures` are a few of the last."""

    hits: int = 0
    fetched: int = 0
    missing: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Objects that were looked at."""
        return self.hits + self.fetched + self.missing + self.failed

    def count(self, object_key: str, answer: Answer | Refusal) -> None:
        """Note how one object went."""
        if isinstance(answer, Refusal):
            self.failed += 1
            self.failures = [*self.failures[-9:], f"{object_key}: {answer.error}"]
        elif answer.stored.kind is Kind.MISSING:
            self.missing += 1
        elif answer.status.hit:
            self.hits += 1
        else:
            self.fetched += 1


async def warm(
    engine: Engine,
    object_keys: AsyncIterable[str],
    report: Callable[[WarmProgress], None],
    *,
    concurrency: int = CONCURRENCY,
    progress: WarmProgress | None = None,
) -> WarmProgress:
    """Fetch every key that is not stored, at most `concurrency` at a time; `report` hears of each.

    Counts on in `progress`, if one is given.
    """
    progress = progress or WarmProgress()
    source = aiter(object_keys)
    reading = asyncio.Lock()

    async def next_key() -> str | None:
        async with reading:
            return await anext(source, None)

    async def work() -> None:
        while (object_key := await next_key()) is not None:
            progress.count(object_key, await engine.fetch(object_key))
            report(progress)

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return progress
