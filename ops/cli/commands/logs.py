"""s3ops logs: the server's log file."""

from pathlib import Path

import rich_click as click

from ops.cli.options import Options, finish

LEVELS = ("debug", "info", "warning", "error", "critical")


@click.command()
@click.option(
    "-n", "--lines", type=click.IntRange(0, 100_000), default=50, show_default=True, help="Lines to begin with."
)
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Go on with what is written, until Ctrl-C.")
@click.option("--level", type=click.Choice(LEVELS), default="debug", help="The lowest level to show.")
@click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False), help="Default: s3proxy.log in this container's LOG_DIR."
)
@click.option("--json", "is_json", is_flag=True, help="Print each line as JSON.")
def logs(lines: int, is_followed: bool, level: str, file: Path | None, is_json: bool) -> None:
    """Show the end of the log file of the server of this container, and follow it."""
    from ops.cli.reading_logs import Reading

    reading = Reading(file, lines, level, is_followed=is_followed)
    finish(reading.carry_out, Options(is_json=is_json), {})
