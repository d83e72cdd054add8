"""s3ops cache: what is stored."""

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.exit_code import ExitCode
from ops.cli.options import Options, asks_servers

_LIST = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.group()
def cache() -> None:
    """Clear, purge, warm and look at the cache."""


@cache.command()
@asks_servers
def clear(options: Options) -> ExitCode:
    """Give up all that is stored, in every worker before the command ends."""
    from ops.cli import clearing
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import cleared

    return Output(options).show(ask_all(options.clients(), clearing.clear), cleared)


@cache.command()
@click.argument("names", nargs=-1, metavar="[KEY|PREFIX]...")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Purge every object with this tag. Repeatable.")
@click.option("--from", "source", type=_LIST, metavar="FILE", help="Names of a file, one a line; - is stdin.")
@click.option("--soft", "is_soft", is_flag=True, help="Make stale: revalidated at the next request, not fetched again.")
@click.option("--exact", "kind", flag_value="key", help="Every name is a key, whatever it ends with.")
@click.option("--prefix", "kind", flag_value="prefix", help="Every name is a prefix, whatever it ends with.")
@asks_servers
def purge(
    options: Options, names: tuple[str, ...], tags: tuple[str, ...], source: Path | None, **manner: Any
) -> ExitCode:
    """Give up a key, all keys below a prefix, or all with a tag.

    A name that ends in / or * is a prefix, another a key. One that begins with / is a path of the website, another a
    key of the bucket.
    """
    from ops.cli.listing import names_of
    from ops.cli.output import Output
    from ops.cli.progress import ask_with_bars
    from ops.cli.purging import Purges, purges_of
    from ops.cli.render import purged

    asked = purges_of(names_of(names, source), tags, **manner)
    output = Output(options)
    return output.show(ask_with_bars(output, options.clients(), Purges(asked).carry_out), purged)


@cache.command()
@click.argument("prefix", required=False)
@click.option("--from", "source", type=_LIST, metavar="FILE", help="Keys or paths of a file, one a line; - is stdin.")
@click.option("--concurrency", type=click.IntRange(1, 32), default=8, show_default=True, help="Objects at a time.")
@asks_servers
def warm(options: Options, prefix: str | None, source: Path | None, concurrency: int) -> ExitCode:
    """Fetch what is not stored: all below a prefix, or the keys of a file.

    A name that begins with / is a path of the website, another a key or a prefix of keys; / is everything. Ends with 1
    when the bucket has nothing below the prefix.
    """
    from ops.cli.listing import names_of
    from ops.cli.output import Output
    from ops.cli.progress import ask_with_bars
    from ops.cli.render import warmed
    from ops.cli.warming import Warming

    if (prefix is None) == (source is None):
        raise click.UsageError("give a PREFIX, or --from FILE; / is everything")
    asked = Warming(prefix, names_of((), source), concurrency)
    output = Output(options)
    return output.show(ask_with_bars(output, options.clients(), asked.carry_out), warmed)


@cache.command()
@asks_servers
def stats(options: Options) -> ExitCode:
    """Show requests, hits, bytes and what is stored, counted since each server's start."""
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import statistics

    return Output(options).show(ask_all(options.clients(), lambda client: client.get("cache/stats")), statistics)


@cache.command()
@click.argument("url")
@asks_servers
def explain(options: Options, url: str) -> ExitCode:
    """Say what would become of a GET of URL, a path or a whole URL, and why; nothing is fetched."""
    from ops.cli.explaining import entry_query
    from ops.cli.fleet import ask_all
    from ops.cli.output import Output
    from ops.cli.render import explained

    query = entry_query(url)
    return Output(options).show(ask_all(options.clients(), lambda client: client.get(query)), explained)
