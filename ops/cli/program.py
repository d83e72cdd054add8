"""The commands of s3ops, put together."""

import rich_click as click

from ops.cli.commands.bench import bench
from ops.cli.commands.cache import cache
from ops.cli.commands.completion import completion
from ops.cli.commands.config import config
from ops.cli.commands.health import health
from ops.cli.commands.logs import logs
from ops.cli.commands.metrics import metrics
from ops.cli.commands.release import release
from ops.cli.commands.status import status
from ops.cli.commands.top import top
from ops.cli.exit_code import ExitCode

_EXAMPLES = """\
Within a container no option is needed: kubectl exec POD -- s3ops cache clear.
All pods behind a headless service: s3ops status --dns s3-sidecar.web.svc:8000.
"""


def _codes() -> str:
    return "; ".join(f"{int(code)} {code.meaning}" for code in ExitCode) + ". Of several pods, that of the worst."


def _version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if not is_asked:
        return
    from importlib import metadata  # noqa: PLC0415 - slow, and wanted by nothing else

    try:
        version = metadata.version("s3-sidecar")
    except metadata.PackageNotFoundError:
        version = "unknown (not installed)"
    click.echo(f"s3ops, version {version}")
    context.exit()


program = click.RichGroup(
    name="s3ops",
    help=f"Operate s3proxy: its cache, its releases, its numbers.\n\n{_EXAMPLES}",
    epilog=f"Exit codes: {_codes()}",
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[status, health, top, cache, release, metrics, config, logs, bench, completion],
    params=[
        click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version,
                     help="Show the version and exit."),
    ],
)  # fmt: skip
