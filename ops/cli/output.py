"""Where results go: tables for people, JSON for machines, errors to stderr."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

from ops.cli.exit_code import ExitCode
from ops.cli.fleet import PodResult, worst_of
from ops.cli.text import printable

if TYPE_CHECKING:
    from ops.cli.failure import CommandError
    from ops.cli.options import Options
    from ops.cli.top_view import Frame

View = Callable[[Sequence[PodResult]], RenderableType]

PIPE_COLUMNS = 160
"""How wide a table may get where no terminal says so."""


class Output:
    """Shows what a command found, as its options say."""

    def __init__(self, options: "Options") -> None:
        self._is_json = options.is_json
        self._is_quiet = options.is_quiet

    @property
    def is_talkative(self) -> bool:
        """Whether a person looks on."""
        return not self._is_json and not self._is_quiet

    def show(self, results: Sequence[PodResult], view: View) -> ExitCode:
        """Print the results, and what went wrong; return the exit code."""
        code = worst_of(results)
        if self._is_json:
            self.line({"exit": int(code), "pods": [result.as_json() for result in results]})
        elif not self._is_quiet and (len(results) > 1 or results[0].data is not None):
            stdout().print(view(results))
        for result in results:
            if result.error and not self._is_json:
                complain(f"{result.pod}: {result.error}", result.advice)
        return code

    def frame(self, frame: "Frame") -> None:
        """Print one look at the traffic as a line of JSON; nothing when nobody listens."""
        if self._is_json:
            pods = [_traffic(result) for result in frame.results]
            self.line({"exit": int(worst_of(frame.results)), "interval_seconds": frame.interval, "pods": pods})
            return
        for result in frame.results:
            if result.error:
                complain(f"{result.pod}: {result.error}", result.advice)

    def failed(self, error: "CommandError") -> None:
        """Say why nothing was asked of anybody."""
        if self._is_json:
            told = {"exit": int(error.code), "pods": [], "error": error.message, "advice": error.advice}
            self.line(told)
        else:
            complain(error.message, error.advice)

    def mistakes(self, found: Sequence[str]) -> ExitCode:
        """Say what is wrong with a configuration; return the exit code."""
        code = ExitCode.FAILED if found else ExitCode.DONE
        if self._is_json:
            self.line({"exit": int(code), "mistakes": list(found)})
        elif not self._is_quiet and not found:
            stdout().print(Text("the configuration can be used", style="green"))
        elif not self._is_quiet:
            number = "one mistake" if len(found) == 1 else f"{len(found)} mistakes"
            complain(f"{number} in the configuration", "\n    ".join(map(printable, found)))
        return code

    def line(self, data: Any) -> None:
        """One line of JSON on stdout."""
        print(json.dumps(data, ensure_ascii=True), flush=True)  # noqa: T201 - the tool's answer


def _traffic(result: PodResult) -> dict[str, Any]:
    return result.as_json() | {"data": None if result.data is None else result.data.as_json()}


def stdout() -> Console:
    """The console for answers; no colours and no limit of 80 columns unless it is a terminal."""
    return _console(sys.stdout)


def complain(message: str, advice: str) -> None:
    """Print an error and the next step to stderr."""
    lines = [Text.assemble(("s3ops: ", "bold red"), message)]
    lines += [Text.assemble(("  → ", "cyan"), advice)] if advice else []
    for line in lines:
        _console(sys.stderr).print(line, soft_wrap=True)


def _console(stream: Any) -> Console:
    return Console(file=stream, width=None if stream.isatty() else PIPE_COLUMNS, highlight=False, markup=False)
