"""Which media types a client wants: the Accept field, RFC 9110 12.5.1."""

import re
from typing import Final

from sidecar.http.fields import split_list

_WEIGHT: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def quality(accept: str | None, media_type: str) -> float:
    """How much a media type, in lower case and without parameters, is wanted: from 0, not at all, to 1.

    The most specific range that fits counts. An absent or empty field wants everything. Parameters of a range other
    than its weight are passed over; a range whose weight is none (RFC 9110 12.4.2) counts for nothing.
    """
    ranges = [_range(member) for member in split_list(accept or "")]
    if not ranges:
        return 1.0
    # Sorted, so that of a range that is named twice the greater weight counts.
    wanted = dict(sorted(weighted for weighted in ranges if weighted is not None))
    kind = media_type.partition("/")[0]
    return next((wanted[name] for name in (media_type, f"{kind}/*", "*/*") if name in wanted), 0.0)


def _range(member: str) -> tuple[str, float] | None:
    """A media range in lower case and its weight."""
    name, *parameters = (part.strip(" \t").lower() for part in member.split(";"))
    weights = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
    if not weights:
        return name, 1.0
    return (name, float(weights[0])) if _WEIGHT.fullmatch(weights[0]) else None
