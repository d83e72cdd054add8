"""Who comes when."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def rotated(items: Sequence[T], by: int) -> list[T]:
    """The items in an order of its own for each round: whoever came first comes last in the next one."""
    start = by % len(items)
    return [*items[start:], *items[:start]]
