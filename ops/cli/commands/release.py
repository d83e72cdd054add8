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
@click.option("--force", "is_forced", is_flag=True, help="Ask no bucket whether there is something below PREFIX.")
@asks_servers
def switch(options: Options, prefix: str, *, is_forced: bool) -> ExitCode:
    """Serve another folder from the next request on, until the server is restarted; '' is the whole bucket.

    Ends with 1 when the bucket has nothing below it, or cannot be asked. What was stored of the last release stays:
    switching back costs nothing.
    """
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import released

    asked = {"prefix": prefix} | ({"force": True} if is_forced else {})
    return Output(options).show(ask_all(options.clients(), lambda client: client.post("prefix", asked)), released)
