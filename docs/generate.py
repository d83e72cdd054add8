"""Write the pages of docs/reference from the code they describe."""  # noqa: INP001 - a script

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))  # in a checkout that is not installed, too

from click import Argument, Command, Context, Group  # noqa: E402 - with what follows
from click import Option as CommandOption  # noqa: E402 - likewise

from docs.generated import write_or_check  # noqa: E402 - found through the line above
from ops.cli.exit_code import ExitCode  # noqa: E402 - found through the line above
from ops.cli.options import PANEL  # noqa: E402 - found through the line above
from ops.cli.program import program  # noqa: E402 - found through the line above
from ops.metrics.catalogue import GROUPS  # noqa: E402 - found through the line above
from ops.metrics.metric import Metric  # noqa: E402 - found through the line above
from sidecar.settings import OPTIONS  # noqa: E402 - found through the line above
from sidecar.settings.mounts import MOUNT_OPTIONS  # noqa: E402 - found through the line above
from sidecar.settings.option import Option  # noqa: E402 - found through the line above

SETTINGS = """\
# Settings

Every setting of `s3proxy`. A flag wins over the environment, that over the [configuration file](#configuration-file),
that over the default; empty text counts as not given. Booleans read `true`, `false`, `1`, `0`, `yes` and `no`, and a
boolean flag alone means `true`. Everything that is wrong is reported at once, and the process ends with 2.

A variable that ends in `_FILE` names a file that holds the value, as container platforms mount secrets; a line's end
after the value does not count. Give the variable itself or its `_FILE`, not both. This page is made from
`sidecar/settings/` by `make docs`.
"""
FILE = """\
## Configuration file

`--config FILE` names it; it is TOML. A setting is called as its long flag is, without the dashes:
`cache-max-size = "2GiB"`, `port = 8080`, `console = true`, `allowed-origins = ["https://example.com"]`. A flag that may
be repeated takes a list.

`[[mount]]` tables stand below all of that. Each needs `path` and `bucket`, and may have:
{names}.

`prefix` is empty unless given. What else is not given comes from the top level; `key` and `secret` only if the mount
has neither. Where mounts are given by flags or in the environment, those of the file do not count.
"""
METRICS = """\
# Metrics

What `/metrics` of the ops listener tells, all workers together. Counters go on where a worker is restarted; they begin
anew with the server. Label values come from closed sets, never from a request's path, host or address. Values are up to
half a second old. This page is made from `ops/metrics/catalogue.py` by `make docs`.

Series whose count is zero are left out of `s3_sidecar_requests_total` and `s3_sidecar_origin_requests_total`. The label
`process` is a worker's number, `main`, or `records`. Alert and recording rules, and a dashboard, are in
`ops/prometheus` and `ops/grafana`.
"""
S3OPS = """\
# s3ops

The operator's command line over the [management endpoints](ops-endpoints.md). This page is made from `ops/cli/` by
`make docs`.

Without options it finds the server of its container by itself: `HOST`, `PORT`, `AUTH_KEY`, `OPS_PATH`, `TLS_CERT` and
the file of `CONFIG` are read as `s3proxy` reads them; `kubectl exec POD -c s3-sidecar -- s3ops cache clear` is all to
type. What was given to `s3proxy` as a flag it cannot know. Over TLS the server is then known by that very
certificate, whatever name is on it. The token is never printed, and no redirect is followed.

With several servers a table has a row for each, and JSON a member of `pods`.
"""
S3OPS_JSON = """\
## JSON

`--json` prints one document, and nothing else, to stdout; `top` and `logs` print one for each look or line. `data` is
what the endpoint answers ([shapes](ops-endpoints.md)). Errors are part of it; stderr stays empty.

```json
{"exit": 3, "pods": [
  {"pod": "10.0.0.7:8000", "exit": 0, "result": "done", "data": {"cleared": true}},
  {"pod": "10.0.0.8:8000", "exit": 3, "result": "unreachable", "data": null, "error": "nobody listens there",
   "advice": "…"}
]}
```

Colours are off where stdout is no terminal, and with `NO_COLOR`.
"""
HEAD_OF_METRICS = ("Metric", "Kind", "Labels", "Meaning")
HEAD_OF_OPTIONS = ("Option", "Environment", "Meaning")
HEAD = ("Flag", "Environment", "Default", "Meaning")


def main() -> None:
    """Write the pages, or with --check exit with 1 when one of them is not what would be written."""
    write_or_check(DOCS.parent, pages, str(__doc__))


def pages() -> dict[Path, str]:
    """Every generated page: where it lies and its text."""
    return {
        DOCS / "reference" / "settings.md": settings_page(),
        DOCS / "reference" / "metrics.md": metrics_page(),
        DOCS / "reference" / "s3ops.md": s3ops_page(),
    }


def s3ops_page() -> str:
    """Exit codes, what all commands take, and a section for each command in the order of its help."""
    (status,) = (command for name, command in program.commands.items() if name == "status")
    codes = _table("Exit codes", ("Code", "Meaning"), ((_code(str(int(code))), code.meaning) for code in ExitCode))
    worst = "Of several servers that with which it went worst, in the order 0, 4, 1, 3.\n"
    every = _table("Options of every command that asks servers", HEAD_OF_OPTIONS, _options(status, is_of_all=True))
    return "\n".join([S3OPS, codes, worst, every, *_commands(program, "s3ops"), S3OPS_JSON])


def _commands(group: Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, Group):
            yield from _commands(command, f"{path} {name}")
            continue
        words = [path, name, *(argument.make_metavar(Context(command)) for argument in _arguments(command))]
        told = "\n".join(line.strip() for line in (command.help or "").splitlines()).strip()
        options = list(_options(command, is_of_all=False))
        yield f"## `{' '.join(words)}`\n\n{told}\n" + (f"\n{_rows(HEAD_OF_OPTIONS, options)}" if options else "")


def _arguments(command: Command) -> list[Argument]:
    return [parameter for parameter in command.params if isinstance(parameter, Argument)]


def _options(command: Command, *, is_of_all: bool) -> Iterator[tuple[str, ...]]:
    for option in command.params:
        if isinstance(option, CommandOption) and (getattr(option, "panel", None) == PANEL) is is_of_all:
            default = f" Default: {option.default:g}." if option.show_default else ""
            flags = ", ".join(_code(flag) for flag in option.opts)
            environment = _code(str(option.envvar)) if option.envvar else ""
            yield flags, environment, f"{option.help}{default}".replace("|", r"\|")


def metrics_page() -> str:
    """One table for each group of metrics, in the order of the code."""
    return "\n".join([METRICS, *(_table(name, HEAD_OF_METRICS, map(_metric, GROUPS[name])) for name in GROUPS)])


def _metric(metric: Metric) -> tuple[str, ...]:
    labels = [
        f"{_code(name)}: {', '.join(metric.labels.get(name, ())) or 'one for each'}" for name in metric.exposed_labels
    ]
    return (_code(metric.full_name), metric.kind.value, "; ".join(labels), metric.help)


def settings_page() -> str:
    """One table for each group of settings, in the order of the code."""
    groups = dict.fromkeys(option.group for option in OPTIONS.values())
    return "\n".join([SETTINGS, *map(_group, groups), _file()])


def _file() -> str:
    names = (alias for option in MOUNT_OPTIONS.values() for alias in option.names)
    return FILE.format(names=", ".join(_code(name) for name in names if name not in {"path", "bucket"}))


def _group(group: str) -> str:
    options = (option for option in OPTIONS.values() if option.group == group)
    return _table(group, HEAD, map(_row, options))


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{_rows(head, rows)}"


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(option: Option) -> tuple[str, ...]:
    flags = ", ".join(_code(flag) for flag in option.flags)
    return (
        f"{flags} {_code(option.metavar)}",
        ", ".join(_code(name) for name in option.env + option.file_env),
        _default(option),
        option.help.replace("|", r"\|"),
    )


def _default(option: Option) -> str:
    if option.required:
        return "required"
    return option.default_text if option.default_text != option.default else _code(option.default_text)


def _code(text: str) -> str:
    # A bar would end the cell, inside of code too.
    return "`" + text.replace("|", r"\|") + "`"


if __name__ == "__main__":
    main()
