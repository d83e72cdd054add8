"""README and how-tos name only what there is."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from docs.known import unknown_commands, unknown_metrics, unknown_names, unknown_values
from docs.pages import PAGES, ROOT, Page, page_of

LINKING = [
    ROOT / "CONTRIBUTING.md",
    *PAGES,
    *(ROOT / "docs" / "reference").glob("*.md"),
    *(ROOT / "docs" / "adr").glob("*"),
]

WRONG_COMMANDS = {
    "a flag of s3proxy": ("s3proxy --bucket a --prefx b", {"s3proxy --prefx"}),
    "a flag by itself": ("--cache-max-sise", {"--cache-max-sise"}),
    "a command of s3ops": ("kubectl exec pod -- s3ops cache flush", {"s3ops cache flush"}),
    "an option of another command": ("s3ops top --concurrency 3", {"s3ops top --concurrency"}),
    "a flag of s3proxy given to s3ops": ("s3ops status --bucket a", {"s3ops status --bucket"}),
    "after a pipe": ("curl -s a | s3ops cache purge --frm -", {"s3ops cache purge --frm"}),
    "a flag of another program": ("helm install --sett a=b", {"helm --sett"}),
    "none": ("AUTH_KEY=a s3proxy --bucket a -p 1 & s3ops cache warm a/ --dns b", set[str]()),
}
WRONG_PAGES: Mapping[str, tuple[str, set[str]]] = {
    "in a span": ("Set `CACHE_MAX_SISE`.", {"CACHE_MAX_SISE"}),
    "in a block": ("```sh\ndocker run -e S3_BUKET=a x\n```\n", {"S3_BUKET"}),
    "one word": ("`TLL=3`, or `SPAA`", {"TLL", "SPAA"}),
    "none": ("`AWS_KEY_FILE`, `TTL`, `GET`, `HOST=::`, `AWS_*`", set()),
}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands(path: Path) -> None:
    """Every flag is one of its program, and every command of s3ops is one."""
    assert {wrong for line in page_of(path).command_lines() for wrong in unknown_commands(line)} == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_environment_names(path: Path) -> None:
    """Every name in capitals is one that is read, or stands in a short list of others' names."""
    assert unknown_names(page_of(path)) == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_metrics_and_alerts(path: Path) -> None:
    """Every metric is in the catalogue, every recorded series and alert in the rules."""
    assert unknown_metrics(path.read_text()) == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_values_of_the_chart(path: Path) -> None:
    """Every value of the chart that is spoken of is one."""
    assert unknown_values(page_of(path).spans) == set()


@pytest.mark.parametrize("path", LINKING, ids=lambda path: path.name)
def test_links(path: Path) -> None:
    """Links lead to files that are there, and to headings that are in them."""
    assert {link for link in page_of(path).links if not _leads_somewhere(path, link)} == set()


def test_the_index_names_every_page() -> None:
    """The index of the how-tos has each of them."""
    index = ROOT / "docs" / "how-to" / "README.md"
    assert {path.name for path in index.parent.glob("*.md")} == {index.name, *page_of(index).links} - {"../reference"}


@pytest.mark.parametrize(("line", "wrong"), WRONG_COMMANDS.values(), ids=WRONG_COMMANDS)
def test_wrong_commands_are_caught(line: str, wrong: set[str]) -> None:
    """What no program has is told."""
    assert unknown_commands(line) == wrong


@pytest.mark.parametrize(("text", "wrong"), WRONG_PAGES.values(), ids=WRONG_PAGES)
def test_wrong_names_are_caught(text: str, wrong: set[str]) -> None:
    """What nobody reads is told."""
    assert unknown_names(Page("a.md", text)) == wrong


def test_wrong_metrics_values_and_links_are_caught() -> None:
    """Likewise."""
    metrics = "s3_sidecar_hits_total s3_sidecar_request_duration_seconds_bucket s3_sidecar:hits:rate1m S3SidecarOnFire"
    assert unknown_metrics(metrics) == {"s3_sidecar_hits_total", "s3_sidecar:hits:rate1m", "S3SidecarOnFire"}
    assert unknown_values(["cache.sise", "cache.size", "settings.TTL", "cache"]) == {"cache.sise"}
    here = PAGES[0]
    assert _leads_somewhere(here, "docs/how-to/README.md#how-to")
    assert not _leads_somewhere(here, "docs/how-to/README.md#how-not-to")
    assert not _leads_somewhere(here, "docs/how-not-to/README.md")


def _leads_somewhere(path: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    return target.exists() and (not anchor or anchor in page_of(target).anchors)
