"""Entity-tags and lists of them: RFC 9110 8.8.3."""

import re
from dataclasses import dataclass
from typing import Final

_TAG: Final = re.compile('(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\U0010ffff]*+)"')
_SEPARATOR: Final = re.compile(r"[ \t]*+,[ \t,]*+|\Z")


@dataclass(frozen=True, slots=True)
class EntityTag:
    """An opaque validator, without its quotes, and whether it is marked weak."""

    opaque: str
    is_weak: bool

    @classmethod
    def parse(cls, value: str) -> "EntityTag | None":
        """Read one entity-tag; None when the value is not exactly one (RFC 9110 8.8.3)."""
        match = _TAG.fullmatch(value.strip(" \t"))
        return cls._of(match) if match else None

    @classmethod
    def parse_list(cls, value: str) -> "tuple[EntityTag, ...]":
        """Read a list of entity-tags, commas inside of them respected; empty when any member is malformed.

        Stands apart from `fields.split_list`, because a backslash is an ordinary character of an entity-tag.
        """
        tags: list[EntityTag] = []
        text = value.strip(" \t,")
        position = 0
        while position < len(text):
            tag = _TAG.match(text, position)
            separator = _SEPARATOR.match(text, tag.end()) if tag else None
            if tag is None or separator is None:
                return ()
            tags.append(cls._of(tag))
            position = separator.end()
        return tuple(tags)

    def with_suffix(self, suffix: str) -> str:
        """Write the tag of another representation of the same version: as weak as this one, and never equal to it."""
        return f'{"W/" if self.is_weak else ""}"{self.opaque}-{suffix}"'

    @classmethod
    def _of(cls, match: re.Match[str]) -> "EntityTag":
        return cls(opaque=match["opaque"], is_weak=match["weak"] is not None)

    def matches_strongly(self, other: "EntityTag") -> bool:
        """Compare byte for byte; a weak tag equals nothing (RFC 9110 8.8.3.2)."""
        return not self.is_weak and not other.is_weak and self.opaque == other.opaque

    def matches_weakly(self, other: "EntityTag") -> bool:
        """Compare the opaque parts, weak or not (RFC 9110 8.8.3.2)."""
        return self.opaque == other.opaque
