"""s3ops metrics: the numbers that Prometheus gets."""

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers


@click.command()
@click.argument("name", required=False, default="")
@click.option("--buckets", "has_buckets", is_flag=True, help="Show each bucket of histograms too.")
@asks_servers
def metrics(options: Options, name: str, has_buckets: bool) -> ExitCode:
    """Show every metric, or those whose name begins with NAME; s3_sidecar_ may be left out."""
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render_metrics import measured
    from ops.cli.scraping import Scrape

    return Output(options).show(ask_all(options.clients(), Scrape(name, has_buckets).carry_out), measured)
