"""Field values and the pieces that most of them are made of: RFC 9110 5.5 and 5.6."""

import re
from typing import Final

# Possessive quantifiers keep the scan linear whatever a client sends. A quoted-string that is never closed runs to the
# end of the value: what follows it cannot be told from its content.
_MEMBER: Final = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)
_QUOTED_STRING: Final = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Lone surrogates stand for bytes that were not UTF-8: writing the value would raise.
_UNFIT: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def split_list(value: str) -> tuple[str, ...]:
    """Split a comma-separated field value into its members (RFC 9110 5.6.1).

    Commas inside quoted-strings do not separate, empty members are dropped, whitespace around members is trimmed.
    Quotes stay. Not for lists of entity-tags, where a backslash escapes nothing: see `entity_tag`.
    """
    members = (member.strip(" \t") for member in _MEMBER.findall(value))
    return tuple(member for member in members if member)


def unquote_string(value: str) -> str:
    """Give the content of a quoted-string (RFC 9110 5.6.4); what is not one comes back as it is."""
    match = _QUOTED_STRING.fullmatch(value)
    return _QUOTED_PAIR.sub(r"\1", match[1]) if match else value


def is_token(value: str) -> bool:
    """Tell whether the value is a token (RFC 9110 5.6.2)."""
    return _TOKEN.fullmatch(value) is not None


def is_field_value(value: str) -> bool:
    """Tell whether the value may be put into a response header (RFC 9110 5.5).

    Refused are control characters other than the horizontal tab (CR, LF and NUL among them) and what UTF-8 cannot
    carry. The empty value is allowed.
    """
    return _UNFIT.search(value) is None
