"""s3ops health: for the health check of a container."""

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, finish

_TIMEOUT = click.FloatRange(0.1, 60)


@click.command()
@click.option("--ready", "is_ready", is_flag=True, help="Ask whether it can take traffic, not only whether it works.")
@click.option("--timeout", type=_TIMEOUT, default=2.5, show_default=True, help="Longest wait, in seconds.")
@click.option("--json", "is_json", is_flag=True, help="Print the report as JSON.")
@click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Print nothing but errors.")
def health(is_ready: bool, timeout: float, is_json: bool, is_quiet: bool) -> None:
    """Ask the server of this container, without a token, whether it works; ends with 1 when it does not.

    Its address is read of OPS_HOST and OPS_PORT, as s3proxy reads them. Without an ops listener any answer of the
    public port will do.
    """
    finish(_ready if is_ready else _healthy, Options(timeout=timeout, is_json=is_json, is_quiet=is_quiet), {})


def _healthy(options: Options) -> ExitCode:
    from ops.cli.health import health as ask
    from ops.cli.output import Output
    from ops.cli.render import checks

    return Output(options).show(ask(options.timeout), checks)


def _ready(options: Options) -> ExitCode:
    from ops.cli.health import readiness as ask
    from ops.cli.output import Output
    from ops.cli.render import checks

    return Output(options).show(ask(options.timeout), checks)
