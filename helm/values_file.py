"""The chart's values.yaml: every value with the comment above it, which is its documentation."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_SCHEMA = "@schema "


@dataclass(frozen=True, slots=True)
class Value:
    """One key: where it is, what is said of it, and what it is unless given."""

    path: tuple[str, ...]
    description: str
    schema: dict[str, Any]
    """What the comment's `@schema` line says."""
    default: Any
    members: tuple["Value", ...] = ()
    """The keys below it, where they are documented one by one."""

    @property
    def name(self) -> str:
        """As `--set` takes it."""
        return ".".join(self.path)

    def leaves(self) -> Iterator["Value"]:
        """The documented keys at and below this one that have no such keys themselves."""
        if not self.members:
            yield self
        for member in self.members:
            yield from member.leaves()


def read_values(path: Path) -> tuple[Value, ...]:
    """The top-level keys in their order; raises ValueError for a value without a comment."""
    text = path.read_text()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise TypeError(f"{path} holds no mapping")
    return tuple(_values(node, text.splitlines(), ()))


def _values(node: yaml.MappingNode, lines: Sequence[str], above: tuple[str, ...]) -> Iterator[Value]:
    for key, value in node.value:
        path = (*above, key.value)
        description, schema = _comment(lines[: key.start_mark.line])
        # Where any key may stand, the object is documented as a whole.
        is_open = bool(schema.keys() & {"additionalProperties", "$settings"})
        members: tuple[Value, ...] = ()
        if isinstance(value, yaml.MappingNode) and not is_open:
            members = tuple(_values(value, lines, path))
        if not description and not members:
            raise ValueError(f"values.yaml: {'.'.join(path)} has no comment that says what it is")
        yield Value(path, description, schema, yaml.safe_load(yaml.serialize(value)), members)


def _comment(lines: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The comment right above: its words, and its schema."""
    words: list[str] = []
    schema: dict[str, Any] = {}
    for line in reversed(lines):
        text = line.strip()
        if not text.startswith("#"):
            break
        said = text.removeprefix("#").strip()
        if said.startswith(_SCHEMA):
            schema = json.loads(said.removeprefix(_SCHEMA))
        else:
            words.insert(0, said)
    return " ".join(words), schema
