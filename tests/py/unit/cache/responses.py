"""Stored responses to try things on."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from sidecar.cache.stored import Kind, StoredResponse

AN_OBJECT = StoredResponse(
    kind=Kind.OBJECT,
    headers=(("content-type", "text/css"), ("etag", '"a"')),
    content_length=10,
    etag='"a"',
    last_modified=1_700_000_000,
    received_at=1_780_000_000.0,
    initial_age_seconds=0.0,
    lifetime_seconds=60.0,
    stale_while_revalidate_seconds=0.0,
    stale_if_error_seconds=0.0,
    tags=(),
    epoch=7,
    purge_count=0,
    identity="0123456789abcdef",
)


def a_response(**changes: Any) -> StoredResponse:
    """An object of ten bytes, received now, fresh for a minute, but for the changes."""
    return dataclasses.replace(AN_OBJECT, **changes)


_seconds = st.floats(0, 2**31)
_texts = st.text(max_size=40)

stored_responses = st.builds(
    StoredResponse,
    kind=st.sampled_from(Kind),
    headers=st.lists(st.tuples(_texts, _texts), max_size=5).map(tuple),
    content_length=st.integers(0, 2**50),
    etag=st.none() | _texts,
    last_modified=st.none() | st.integers(-(2**40), 2**40),
    received_at=_seconds,
    initial_age_seconds=_seconds,
    lifetime_seconds=_seconds,
    stale_while_revalidate_seconds=_seconds,
    stale_if_error_seconds=_seconds,
    tags=st.lists(_texts, max_size=5).map(tuple),
    epoch=st.integers(0, 2**63 - 1),
    purge_count=st.integers(0, 2**63 - 1),
    identity=_texts,
)
"""Any that a fill could make, and many that none would."""
