"""Content codings: what a client admits, what an object has, which media types gain by one. RFC 9110 8.4, 12.5.3."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

IDENTITY: Final = "identity"
"""No coding at all (RFC 9110 12.5.3)."""

CODINGS: Final = ("br", "zstd", "gzip")
"""Every coding that can be applied and undone here: RFC 7932, RFC 8878, RFC 1952; the ones that gain most first."""

_ALIASES: Final = {"x-gzip": "gzip"}  # RFC 9110 8.4.1.3
_TRANSFER_ONLY: Final = "aws-chunked"
_ANY: Final = "*"
_WEIGHT: Final = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_REFUSED: Final = 0.0
_LEAST: Final = 0.001  # a weight has three digits at most (RFC 9110 12.4.2)
_LONGEST_KEPT: Final = 256

# Of what is not listed, images, sound, films, archives and fonts of the web are compressed already.
_WORTHWHILE: Final = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/postscript",
        "application/rtf",
        "application/sql",
        "application/toml",
        "application/vnd.apple.mpegurl",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/x-font-otf",
        "application/x-font-ttf",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        "font/collection",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/vnd.microsoft.icon",
        "image/x-icon",
    }
)
_WORTHWHILE_SUFFIXES: Final = ("+json", "+xml", "+yaml")  # RFC 6839, RFC 9512


def admitted_codings(field: str | None, offered: tuple[str, ...]) -> tuple[str, ...]:
    """What of `offered` may be sent instead of no coding, given an Accept-Encoding: the best first (RFC 9110 12.5.3).

    The highest weight wins, and at equal weights the order of `offered`. Left out is what the client refuses, and what
    it likes less than no coding. An absent field asks for none. Takes time linear in the field.
    """
    if field is None or not offered:
        return ()
    weights = _weights_of(field)
    least = _weight(weights, IDENTITY)
    admitted = [coding for coding in offered if _weight(weights, coding) >= max(least, _LEAST)]
    return tuple(sorted(admitted, key=lambda coding: -_weight(weights, coding)))


def refuses_coding(field: str | None, coding: str) -> bool:
    """Whether an Accept-Encoding refuses a representation with this coding, or with none (RFC 9110 12.5.3).

    An absent field refuses nothing. No coding is refused only where the field says so.
    """
    if field is None:
        return False
    weights = _weights_of(field)
    is_told = coding in weights or _ANY in weights
    return _weight(weights, coding) == _REFUSED if is_told else coding != IDENTITY


def known_coding(content_encoding: str | None) -> str | None:
    """The one coding of `CODINGS` that a Content-Encoding names; None for no other, an unknown or several."""
    name = (content_encoding or "").strip(" \t").lower()
    name = _ALIASES.get(name, name)
    return name if name in CODINGS else None


def without_transfer_codings(content_encoding: str) -> str:
    """A Content-Encoding without `aws-chunked`, which tells how an upload was sent and nothing of the object.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    members = [member.strip(" \t") for member in content_encoding.split(",")]
    kept = [member for member in members if member.lower() != _TRANSFER_ONLY]
    return content_encoding if len(kept) == len(members) else ", ".join(filter(None, kept))


@lru_cache(maxsize=256)
def is_worth_coding(media_type: str) -> bool:
    """Whether bodies of this media type usually shrink: text of any kind, and binary forms that are not compressed."""
    name = media_type.partition(";")[0].strip(" \t").lower()
    return name.startswith("text/") or name in _WORTHWHILE or name.endswith(_WORTHWHILE_SUFFIXES)


def _weights_of(field: str) -> Mapping[str, float]:
    # Requests choose the key, so neither the number of entries nor their size may be theirs to choose.
    return _parse_briefly(field) if len(field) <= _LONGEST_KEPT else _parse(field)


def _weight(weights: Mapping[str, float], coding: str) -> float:
    return weights.get(coding, weights.get(_ANY, _REFUSED))


def _parse(field: str) -> Mapping[str, float]:
    """Weights by coding in lower case. A malformed weight refuses; of a repeated coding the lowest weight counts."""
    weights: dict[str, float] = {}
    for member in field.split(","):
        name, semicolon, parameter = member.partition(";")
        coding = name.strip(" \t").lower()
        if coding:
            coding = _ALIASES.get(coding, coding)
            weight = _read_weight(parameter.strip(" \t")) if semicolon else 1.0
            weights[coding] = min(weight, weights.get(coding, weight))
    return weights


def _read_weight(parameter: str) -> float:
    match = _WEIGHT.fullmatch(parameter)
    return float(match[1]) if match else _REFUSED


_parse_briefly: Final = lru_cache(maxsize=256)(_parse)
