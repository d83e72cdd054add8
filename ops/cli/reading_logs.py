"""Shows a log file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.cli.discovery import own_settings
from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.log_line import LevelFilter, fields_of, styled
from ops.cli.options import Options
from ops.cli.output import Output, stdout
from ops.cli.tail import follow, last_lines

FILE_NAME = "s3proxy.log"

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """Which file (that of this container's server without one), how many lines of it, and from which level on."""

    file: Path | None
    lines: int
    level: str
    is_followed: bool

    def carry_out(self, options: Options) -> ExitCode:
        """Print the lines. Raises CommandError when there is no file."""
        path = self.file or own_settings(("log_dir",))["log_dir"] / FILE_NAME
        show = self._shown(Output(options), is_json=options.is_json)
        try:
            with path.open("rb") as file:
                for line in last_lines(file, self.lines):
                    show(line)
                for line in follow(path, file) if self.is_followed else ():
                    show(line)
        except KeyboardInterrupt:
            return ExitCode.DONE
        except OSError as error:
            advice = "the server logs to a file only if --dir (LOG_DIR) exists; else see kubectl logs or docker logs"
            raise CommandError(f"{path}: {error.strerror or error}", advice) from None
        return ExitCode.DONE

    def _shown(self, output: Output, *, is_json: bool) -> Show:
        console, levels = stdout(), LevelFilter(self.level)

        def show(line: str) -> None:
            fields = fields_of(line)
            if not levels.passes(fields):
                return
            if is_json:
                output.line(fields)
            else:
                console.print(styled(line, fields), soft_wrap=True)

        return show
