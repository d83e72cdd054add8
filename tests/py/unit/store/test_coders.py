"""Content codings off the event loop."""

import asyncio
from collections.abc import Iterator

import pytest

from sidecar.errors import OriginUnavailable
from sidecar.http.encoding import CODINGS
from sidecar.store.codecs import CODECS
from sidecar.store.coders import Coders

TEXT = b"".join(b"%d: a line of some length, and another number %d\n" % (n, n * n) for n in range(150_000))


@pytest.fixture
def coders() -> Iterator[Coders]:
    """Make some, and end their threads."""
    coders = Coders()
    yield coders
    coders.close()


@pytest.mark.parametrize("coding", CODINGS)
async def test_there_and_back(coders: Coders, coding: str) -> None:
    """What the codecs do, elsewhere."""
    coded = await coders.encode(coding, TEXT[:5000])
    assert coded == CODECS[coding].apply(TEXT[:5000])
    assert await coders.decode(coding, coded, 5000) == TEXT[:5000]
    assert await coders.decode(coding, coded, 4999) is None
    assert coders.recipe(coding) == CODECS[coding].recipe


@pytest.mark.parametrize("coding", CODINGS)
async def test_the_event_loop_goes_on(coders: Coders, coding: str) -> None:
    """While a large body is worked on, the loop turns: the libraries let go of the interpreter."""
    work = asyncio.ensure_future(coders.encode(coding, TEXT))  # noqa: TID251 - a test
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10
    assert len(work.result()) < len(TEXT)


async def test_after_the_end(coders: Coders) -> None:
    """A fill that is still there is told that the server stops."""
    coders.close()
    with pytest.raises(OriginUnavailable):
        await coders.encode("br", b"text")
