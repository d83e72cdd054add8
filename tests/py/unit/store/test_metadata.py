"""Metadata in memory: bounded, and the least recently used leaves first."""

from collections import OrderedDict
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.responses import a_response

from sidecar.cache.key import CacheKey
from sidecar.cache.stored import Kind, StoredResponse
from sidecar.store.metadata import Metadata

KEYS = [CacheKey("s", "b", str(number)) for number in range(5)]

Step: TypeAlias = tuple[str, int, int]


class Model:
    """What the store should do, on a dictionary in order of use."""

    def __init__(self, bound: int) -> None:
        self._entries: OrderedDict[CacheKey, StoredResponse] = OrderedDict()
        self._bound = bound

    def get(self, key: CacheKey) -> StoredResponse | None:
        """Look up, and count it as used."""
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: CacheKey, stored: StoredResponse) -> None:
        """Store, and let the oldest go."""
        self._entries.pop(key, None)
        self._entries[key] = stored
        if len(self._entries) > self._bound:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()


_steps = st.tuples(
    st.sampled_from(["get"] * 5 + ["put"] * 5 + ["clear"]), st.integers(0, len(KEYS) - 1), st.integers(0, 100)
)


@given(st.integers(1, 4), st.lists(_steps, min_size=10, max_size=60))
async def test_it_does_what_the_model_does(bound: int, steps: list[Step]) -> None:
    """After any history both hold the same, no more than the bound, and forget in the same order."""
    metadata, model = Metadata(bound), Model(bound)
    for name, key, number in steps:
        if name == "put":
            await metadata.put(KEYS[key], a_response(epoch=number))
            model.put(KEYS[key], a_response(epoch=number))
        elif name == "clear":
            await metadata.clear()
            model.clear()
        else:
            assert await metadata.get(KEYS[key]) == model.get(KEYS[key])
    assert [await metadata.get(key) for key in KEYS] == [model.get(key) for key in KEYS]


@pytest.mark.parametrize("bound", [1, 3])
async def test_no_more_than_the_bound_is_kept(bound: int) -> None:
    """The latest are."""
    metadata = Metadata(bound)
    for key in KEYS:
        await metadata.put(key, a_response())
    assert [await metadata.get(key) is not None for key in KEYS] == [False] * (len(KEYS) - bound) + [True] * bound


async def test_what_is_used_stays() -> None:
    """An entry that is looked up outlives those that are only stored."""
    metadata = Metadata(2)
    await metadata.put(KEYS[0], a_response())
    for key in KEYS[1:]:
        await metadata.put(key, a_response())
        assert await metadata.get(KEYS[0]) is not None


async def test_storing_again_replaces_and_counts_once() -> None:
    """A key takes one place however often it is stored."""
    metadata = Metadata(2)
    await metadata.put(KEYS[0], a_response())
    for number in range(10):
        await metadata.put(KEYS[1], a_response(epoch=number))
    assert await metadata.get(KEYS[1]) == a_response(epoch=9)
    assert await metadata.get(KEYS[0]) is not None


async def test_storing_again_counts_as_use() -> None:
    """What the bucket has just confirmed is not the first to leave."""
    metadata = Metadata(2)
    for key in (KEYS[0], KEYS[1], KEYS[0], KEYS[2]):
        await metadata.put(key, a_response())
    assert [await metadata.get(key) is not None for key in KEYS[:3]] == [True, False, True]


async def test_two_stores_share_nothing() -> None:
    """Each worker has its own."""
    one, other = Metadata(10), Metadata(10)
    await one.put(KEYS[0], a_response())
    await other.clear()
    assert await other.get(KEYS[0]) is None
    assert await one.get(KEYS[0]) is not None


async def test_an_empty_store_is_cleared() -> None:
    """Without complaint."""
    metadata = Metadata(10)
    await metadata.clear()
    assert await metadata.get(KEYS[0]) is None


async def test_what_is_held_is_known_at_once() -> None:
    """The very object that was stored, and nothing where there is none."""
    metadata, stored = Metadata(2), a_response()
    await metadata.put(KEYS[0], stored)
    assert metadata.held(KEYS[0]) is stored
    assert metadata.held(KEYS[1]) is None


@pytest.mark.parametrize("kind", [Kind.MISSING, Kind.UNSTORABLE, Kind.UNCODED])
async def test_only_objects_are_held(kind: Kind) -> None:
    """What stands for no body is nothing that could be sent."""
    metadata = Metadata(20)
    await metadata.put(KEYS[0], a_response(kind=kind))
    assert metadata.held(KEYS[0]) is None
    assert await metadata.get(KEYS[0]) is not None


async def test_holding_counts_as_use() -> None:
    """What is sent from memory is not the first to leave."""
    metadata = Metadata(2)
    for key in KEYS[:2]:
        await metadata.put(key, a_response())
    assert metadata.held(KEYS[0]) is not None
    await metadata.put(KEYS[2], a_response())
    assert [metadata.held(key) is not None for key in KEYS[:3]] == [True, False, True]
