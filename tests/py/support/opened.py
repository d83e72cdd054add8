"""Tells which files of a cache are opened: a body that is sent from memory is not."""

from pathlib import Path
from typing import Self

from inotify_simple import INotify, flags


class Opened:
    """Watches a directory; a context manager."""

    def __init__(self, directory: Path) -> None:
        self._inotify = INotify(nonblocking=True)
        self._inotify.add_watch(str(directory), flags.OPEN | flags.ONLYDIR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inotify.close()

    def count(self) -> int:
        """How many files were opened since the last time; nobody else's opening is told of an answer that has come."""
        return sum(1 for event in self._inotify.read(timeout=0) if event.name)
