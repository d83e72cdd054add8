"""s3ops top: what happens right now."""

import sys

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.command()
@click.option(
    "--interval", type=click.FloatRange(0.2, 3600), default=1.0, show_default=True, help="Seconds between looks."
)
@click.option(
    "--count",
    "times",
    type=click.IntRange(0),
    help="End after so many looks; 0 never. Default: 0 on a terminal, else 1.",
)
@asks_servers
def top(options: Options, interval: float, times: int | None) -> ExitCode:
    """Show requests, hits, bytes, latency and outcomes, live; with --json a line for each look."""
    from ops.cli.output import Output
    from ops.cli.watching import Watching

    output = Output(options)
    usual = 0 if sys.stdout.isatty() and output.is_talkative else 1
    return Watching(interval, usual if times is None else times).watch(options.clients(), output)
