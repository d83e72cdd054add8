"""Write what the chart repeats: its schema, its README's table of values, and the rules and dashboard of `ops/`."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

HELM = Path(__file__).parent
sys.path.insert(0, str(HELM.parent))  # in a checkout that is not installed, too

from docs.generated import write_or_check  # noqa: E402 - found through the line above
from helm.schema import schema_of  # noqa: E402 - likewise
from helm.values_file import Value, read_values  # noqa: E402 - likewise

CHART = HELM / "s3-sidecar"
OPS = HELM.parent / "ops"
BEGIN, END = "<!-- Made from values.yaml by `make docs`. -->\n", "<!-- end -->\n"
# A chart is a folder of its own: what lies outside cannot be read by its templates, and links do not travel well.
COPIES = {
    "alerts.yaml": OPS / "prometheus" / "alerts.yaml",
    "recording.yaml": OPS / "prometheus" / "recording.yaml",
    "dashboard.json": OPS / "grafana" / "s3-sidecar.json",
}


def main() -> None:
    """Write the files, or with --check exit with 1 when one of them is not what would be written."""
    write_or_check(HELM.parent, files, str(__doc__))


def files() -> dict[Path, str]:
    """Every generated file: where it lies and its text."""
    values = read_values(CHART / "values.yaml")
    return {
        CHART / "values.schema.json": json.dumps(schema_of(values), indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": with_table((CHART / "README.md").read_text(), values),
        **{CHART / "files" / name: source.read_text() for name, source in COPIES.items()},
    }


def with_table(page: str, values: Iterable[Value]) -> str:
    """The page with its table made anew; raises ValueError where the page has no place for it."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"README.md of the chart has no lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}\n{''.join(_table(values))}\n{END}{after}"


def _table(values: Iterable[Value]) -> Iterator[str]:
    yield "| Value | Default | Meaning |\n| --- | --- | --- |\n"
    for value in values:
        for leaf in value.leaves():
            yield f"| `{leaf.name}` | `{_default(leaf)}` | {leaf.description.replace('|', chr(92) + '|')} |\n"


def _default(value: Value) -> str:
    return json.dumps(value.default, ensure_ascii=False)


if __name__ == "__main__":
    main()
