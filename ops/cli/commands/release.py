"""s3ops release: which folder of the bucket is served."""

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.group()
def release() -> None:
    """Show or switch the folder of the bucket that is served."""


@release.command()
@asks_servers
def show(options: Options) -> ExitCode:
    """Show which folder is served."""
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import released

    return Output(options).show(ask_all(options.clients(), lambda client: client.get("prefix")), released)


@release.command()
@click.argument("prefix")
@asks_servers
def switch(options: Options, prefix: str) -> ExitCode:
    """Serve another folder from the next request on, until the server is restarted; '' is the whole bucket.

    What was stored of the last release stays: switching back costs nothing.
    """
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import released

    asked = {"prefix": prefix}
    return Output(options).show(ask_all(options.clients(), lambda client: client.post("prefix", asked)), released)
