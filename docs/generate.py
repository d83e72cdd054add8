"""Write the pages of docs/reference from the code they describe."""  # noqa: INP001 - a script

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))  # in a checkout that is not installed, too

from ops.metrics.catalogue import GROUPS  # noqa: E402 - found through the line above
from ops.metrics.metric import Metric  # noqa: E402 - found through the line above
from sidecar.settings import OPTIONS  # noqa: E402 - found through the line above
from sidecar.settings.mounts import MOUNT_OPTIONS  # noqa: E402 - found through the line above
from sidecar.settings.option import Option  # noqa: E402 - found through the line above

SETTINGS = """\
# Settings

Every setting of `s3proxy`. A flag wins over the environment, that over the [configuration file](#configuration-file),
that over the default; empty text counts as not given. Booleans read `true`, `false`, `1`, `0`, `yes` and `no`, and a
boolean flag alone means `true`. Everything that is wrong is reported at once, and the process ends with 2. This page is
made from `sidecar/settings/` by `make docs`.
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
`process` is a worker's number, or `main`. Alert and recording rules, and a dashboard, are in `ops/prometheus` and
`ops/grafana`.
"""
HEAD_OF_METRICS = ("Metric", "Kind", "Labels", "Meaning")
HEAD = ("Flag", "Environment", "Default", "Meaning")


def main() -> None:
    """Write the pages, or with --check exit with 1 when one of them is not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is not current")
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text() != text}
    if parser.parse_args().check:
        sys.exit("\n".join(f"{path.relative_to(DOCS.parent)} is not current: make docs" for path in stale) or 0)
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pages() -> dict[Path, str]:
    """Every generated page: where it lies and its text."""
    return {
        DOCS / "reference" / "settings.md": settings_page(),
        DOCS / "reference" / "metrics.md": metrics_page(),
    }


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
    lines = [head, ("---",) * len(head), *rows]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(option: Option) -> tuple[str, ...]:
    flags = ", ".join(_code(flag) for flag in option.flags)
    return (
        f"{flags} {_code(option.metavar)}",
        ", ".join(_code(name) for name in option.env),
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
