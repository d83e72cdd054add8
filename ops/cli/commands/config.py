"""s3ops config: what a server reads, and what it would read."""

from pathlib import Path

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.group()
def config() -> None:
    """Show a server's settings, or check a configuration before it is used."""


@config.command()
@asks_servers
def show(options: Options) -> ExitCode:
    """Show the settings in effect, secrets masked."""
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import configured

    return Output(options).show(ask_all(options.clients(), lambda client: client.get("config")), configured)


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "is_json", is_flag=True, help="Print the mistakes as JSON.")
@click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Print nothing; the exit code tells.")
def check(file: Path | None, is_json: bool, is_quiet: bool) -> None:
    """Check this environment and FILE, or the file that CONFIG names, as s3proxy would read them; asks no server."""
    from ops.cli.checking import mistakes_of
    from ops.cli.output import Output

    found = mistakes_of(file)
    raise SystemExit(Output(Options(is_json=is_json, is_quiet=is_quiet)).mistakes(found))
