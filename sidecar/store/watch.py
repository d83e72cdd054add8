"""Tells at once which body files were removed, replaced or written to, by a sibling or by an operator."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from inotify_simple import INotify, flags

from sidecar.store import paths

_CHANGES = flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO | flags.MODIFY
_CHANGES |= flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR


class Watch:
    """Watches one directory; `changed` hears the name of each body file, or None when any of them may have changed."""

    def __init__(self, directory: Path, changed: Callable[[str | None], None]) -> None:
        self._directory = directory
        self._changed = changed
        self._inotify: INotify | None = None

    @property
    def is_open(self) -> bool:
        """Whether changes are told."""
        return self._inotify is not None

    def open(self) -> None:
        """Begin to watch. Raises OSError when the kernel has no room for another watch, or there is no directory."""
        watching = INotify(nonblocking=True)
        try:
            watching.add_watch(str(self._directory), _CHANGES)
        except OSError:
            watching.close()
            raise
        self._inotify = watching
        asyncio.get_running_loop().add_reader(watching.fileno(), self._read)

    def close(self) -> None:
        """Stop; safe to repeat."""
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fileno())
            self._inotify.close()
            self._inotify = None

    def _read(self) -> None:
        assert self._inotify is not None  # noqa: S101 - its descriptor became readable
        for event in self._inotify.read(timeout=0):
            if event.mask & (flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED):
                self._changed(None)
                self.close()  # another directory may take its place
                return
            if event.mask & flags.Q_OVERFLOW:
                self._changed(None)
            elif paths.is_body(event.name):
                self._changed(event.name)
