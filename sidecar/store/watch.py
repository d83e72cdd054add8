"""Tells at once which body files were removed, replaced or written to, by a sibling or by an operator.

The directory is watched for comings and goings, and only single files for writes: bodies that are being stored are
written there all the time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from inotify_simple import Event, INotify, flags

from sidecar.store import paths

_CHANGES = flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR
_GONE = flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED


class Watch:
    """Watches one directory; `changed` hears the name of each body file, or None when any of them may have changed."""

    def __init__(self, directory: Path, changed: Callable[[str | None], None]) -> None:
        self._directory = directory
        self._changed = changed
        self._inotify: INotify | None = None
        self._number = -1
        self._followed: dict[int, Counter[str]] = {}  # the kernel has one watch for all who follow a file

    @property
    def is_open(self) -> bool:
        """Whether changes are told."""
        return self._inotify is not None

    def open(self) -> None:
        """Begin to watch. Raises OSError when the kernel has no room for another watch, or there is no directory."""
        watching = INotify(nonblocking=True)
        try:
            self._number = watching.add_watch(str(self._directory), _CHANGES)
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
            self._followed.clear()

    def follow(self, descriptor: int, name: str) -> Callable[[], None]:
        """Tell this name when the file that is open is written to, until what comes back is called.

        Raises OSError when the kernel follows no more files, or nothing is watched.
        """
        watching = self._inotify
        if watching is None:
            raise OSError("the directory is not watched")
        number = watching.add_watch(f"/proc/self/fd/{descriptor}", flags.MODIFY)
        self._followed.setdefault(number, Counter())[name] += 1
        return partial(self._unfollow, watching, number, name)

    def _unfollow(self, watching: INotify, number: int, name: str) -> None:
        names = self._followed.get(number) if watching is self._inotify else None
        if names is None:  # the directory is gone, or the file
            return
        names -= Counter((name,))
        if not names:
            del self._followed[number]
            with suppress(OSError):  # the file is gone, which nobody has read yet
                watching.rm_watch(number)

    def _read(self) -> None:
        assert self._inotify is not None  # noqa: S101 - its descriptor became readable
        for event in self._inotify.read(timeout=0):
            if event.mask & flags.Q_OVERFLOW:
                self._changed(None)
            elif event.wd != self._number:
                self._read_of_file(event)
            elif event.mask & _GONE:
                self._changed(None)
                self.close()  # another directory may take its place
                return
            elif paths.is_body(event.name):
                self._changed(event.name)

    def _read_of_file(self, event: Event) -> None:
        if event.mask & flags.IGNORED:  # it is gone, and so is the kernel's watch
            self._followed.pop(event.wd, None)
            return
        for name in list(self._followed.get(event.wd, ())):
            self._changed(name)
