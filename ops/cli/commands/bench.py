"""s3ops bench: a small load."""

from typing import Any

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.command()
@click.argument("path", default="/")
@click.option(
    "--requests", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Requests to each server."
)
@click.option("--connections", type=click.IntRange(1, 64), default=4, show_default=True, help="Connections at once.")
@click.option("--seconds", type=click.FloatRange(0.1, 60), default=5.0, show_default=True, help="Stop after so long.")
@click.option("--remote", "may_be_remote", is_flag=True, help="Also load servers that are not on this machine.")
@asks_servers
def bench(options: Options, path: str, may_be_remote: bool, **bounds: Any) -> ExitCode:
    """Ask for PATH again and again, and draw how long the answers took; several servers in turn.

    The client is a small one: it finds what is slow, not what is the most a server can do.
    """
    from ops.cli.bench_view import loaded
    from ops.cli.failure import CommandError
    from ops.cli.load import Load
    from ops.cli.output import Output
    from ops.cli.progress import ask_with_bars

    clients = options.clients()
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        raise click.UsageError("PATH begins with a slash and is percent-encoded, as in /docs/a%20b.html")
    strangers = [client.target.pod for client in clients if not client.target.is_loopback]
    if strangers and not may_be_remote:
        raise CommandError(f"{strangers[0]} is not on this machine", "--remote loads it all the same", ExitCode.USAGE)
    output, load = Output(options), Load(path, **bounds)
    results = [result for client in clients for result in ask_with_bars(output, [client], load.carry_out)]
    return output.show(results, loaded)
