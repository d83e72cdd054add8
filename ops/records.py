"""A request as it goes to the sinks."""

from collections.abc import Mapping
from typing import NamedTuple


class Record(NamedTuple):
    """One answered request.

    `resource` is its path without query, after the index document was resolved; `size_bytes` what was sent of a body;
    `media_type` is None where the answer had no body; `outcome` is a word of `sidecar.observe.OUTCOMES`, or `none`;
    `timestamp_ns` is nanoseconds since 1970, `duration_ns` the nanoseconds spent serving; `location` is what is known
    of `address`, under the names of mmdb-ws and as text (`latitude` and `longitude` with 6 decimals), None when
    nothing is.
    """

    method: str
    resource: str
    status: int
    size_bytes: int
    address: str
    media_type: str | None
    is_compressed: bool
    outcome: str
    timestamp_ns: int
    duration_ns: int
    location: Mapping[str, str] | None = None
