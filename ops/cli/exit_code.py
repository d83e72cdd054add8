"""What s3ops ends with."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """How it went: with one pod, or with all of them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    PARTLY = 4

    @property
    def word(self) -> str:
        """The code as tables and JSON call it."""
        return self.name.lower()

    @property
    def meaning(self) -> str:
        """What documentation says of it."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "refused or failed: the server answered, and not with what was asked for",
    ExitCode.USAGE: "the command line cannot be used; nothing was sent",
    ExitCode.UNREACHABLE: "no server was reached, or it did not answer in time",
    ExitCode.PARTLY: "done in part: some of the keys or objects failed",
}
_FROM_GOOD_TO_BAD = (ExitCode.DONE, ExitCode.PARTLY, ExitCode.FAILED, ExitCode.UNREACHABLE, ExitCode.USAGE)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The code of a run that came to all of these: done, partly, failed, unreachable, from good to bad."""
    return max(codes, key=_FROM_GOOD_TO_BAD.index, default=ExitCode.DONE)
