"""s3ops status: how the servers are."""

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.command()
@asks_servers
def status(options: Options) -> ExitCode:
    """Show whether each server is ready, and its main numbers; ends with 1 when one is not ready."""
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.readiness import look
    from ops.cli.render import standing

    return Output(options).show(ask_all(options.clients(), look), standing)
