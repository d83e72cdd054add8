"""Headers that the operator sets, on every answer or on those to some paths."""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sidecar.http.fields import is_field_value, is_token
from sidecar.http.vary import merge_vary

Fields = Sequence[tuple[str, str]]

_RULE: Final = re.compile(r"(?:(?P<glob>[/*].*?)=)?(?P<name>[^\s:=/]+):(?P<value>.*)", re.DOTALL)
_REFUSED: Final = frozenset(
    {
        # the framing of the message and the connection: RFC 9112 6, RFC 9110 7.6.1
        *("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"),
        "upgrade",
        # which bytes of which version these are: RFC 9110 8.4, 8.8 and 14
        *("accept-ranges", "content-encoding", "content-range", "etag", "last-modified"),
        # what only this server knows of one answer
        *("age", "allow", "cache-status", "date", "location", "retry-after"),
    }
)
_OF_AN_OBJECT: Final = frozenset({"content-disposition", "content-language", "content-type"})
_OF_STORING: Final = frozenset({"cache-control", "content-location", "expires", "pragma", "surrogate-control"})
_TARGETED: Final = "-cache-control"  # such as CDN-Cache-Control: RFC 9213 2.1
_WITH_AN_OBJECT: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """One header to set: its name in lower case, its value, and the decoded paths it is for; None for every answer."""

    name: str
    value: str
    paths: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> "HeaderRule":
        """Read `Name: value` or `/glob=Name: value`; raises ValueError with what would be right.

        In a glob `*` stands for any characters, slashes too, and `?` for one; all others stand for themselves.
        """
        match = _RULE.fullmatch(text.strip(" \t"))
        if match is None or not is_token(match["name"]):
            raise ValueError("must be 'Name: value', or '/glob=Name: value' where the glob begins with / or *")
        name, value = match["name"].lower(), match["value"].strip(" \t")
        if name in _REFUSED:
            raise ValueError(f"must not set {name}, which this server has to say itself")
        if not value or not is_field_value(value):
            raise ValueError("must have a value of one line, without control characters")
        return cls(name, value, None if match["glob"] is None else _pattern(match["glob"]))

    def holds_for(self, path: str | None, status: int) -> bool:
        """Whether an answer of this status carries it; `path` is decoded, None where the target names none.

        Neither errors nor preflights carry what is about storing, and only answers that hold an object what is about
        that: a 404 below a path of immutable objects must not be immutable, nor its text pass for a picture.
        """
        is_of_storing = self.name in _OF_STORING or self.name.endswith(_TARGETED)
        if is_of_storing and (status >= HTTPStatus.BAD_REQUEST or status == HTTPStatus.NO_CONTENT):
            return False
        if self.name in _OF_AN_OBJECT and status not in _WITH_AN_OBJECT:
            return False
        return self.paths is None or (path is not None and self.paths.fullmatch(path) is not None)


def _pattern(glob: str) -> re.Pattern[str]:
    # Brackets are common in paths of single-page apps: they are no character class here. What `fnmatch` makes of a glob
    # has atomic groups: no path that a client invents makes it go back.
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """All rules, in the order in which they were given."""

    rules: tuple[HeaderRule, ...] = ()

    @property
    def need_path(self) -> bool:
        """Whether any rule is for some paths only."""
        return any(rule.paths is not None for rule in self.rules)

    def apply(self, fields: Fields, path: str | None, status: int) -> tuple[tuple[str, str], ...]:
        """The fields of an answer, names in lower case, by these rules: what they set replaces what was there.

        Of several rules for one name the last that holds wins. Vary is joined instead, in one field: what an answer
        depends on stays true whatever else it depends on.
        """
        holding = {rule.name: rule.value for rule in self.rules if rule.holds_for(path, status)}
        vary = merge_vary(value for name, value in (*fields, *holding.items()) if name == "vary")
        replaced = {*holding, "vary"}
        return (
            *(field for field in fields if field[0] not in replaced),
            *((name, value) for name, value in holding.items() if name != "vary"),
            *([("vary", vary)] if vary else []),
        )
