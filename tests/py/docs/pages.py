"""The pages that people read, and the code in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]

_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FIRST_CELL = re.compile(r"^\|(?:[^|\\]|\\.)*\|", re.MULTILINE)
_FOREIGN_FIRST_CELLS = frozenset({"migration.md"})
"""Pages whose tables begin with what another program calls it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page in Markdown."""

    name: str
    text: str

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Each fenced block: its language, empty for none, and its text."""
        return _FENCED.findall(self.text)

    @property
    def prose(self) -> str:
        """The page without its blocks, and without the cells that speak of other programs."""
        prose = _FENCED.sub("", self.text)
        return _FIRST_CELL.sub("|", prose) if self.name in _FOREIGN_FIRST_CELLS else prose

    @property
    def spans(self) -> list[str]:
        """Each piece of code within the prose, in one line."""
        return [" ".join(span.split()) for span in _SPAN.findall(self.prose)]

    @property
    def links(self) -> list[str]:
        """Where its links lead within the repository."""
        return [link for link in _LINK.findall(_FENCED.sub("", self.text)) if "://" not in link]

    @property
    def anchors(self) -> set[str]:
        """What a link may have after its `#`, as GitHub makes it of headings."""
        headings = _HEADING.findall(_FENCED.sub("", self.text))
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def command_lines(self) -> Iterator[str]:
        """Every line that somebody may type: those of shell blocks, those after a `$`, and spans."""
        for language, text in self.blocks:
            lines = text.replace("\\\n", " ").splitlines()
            if language == "sh":
                yield from (re.sub(r"(^| )#.*", "", line) for line in lines)
            elif not language:
                yield from (line[2:] for line in lines if line.startswith("$ "))
        yield from self.spans


def page_of(path: Path) -> Page:
    """Read a page."""
    return Page(path.name, path.read_text())
