"""One Vary field out of several: RFC 9110 12.5.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.fields import is_token, split_list
from sidecar.http.vary import merge_vary

MERGED = {
    "none": ([], ""),
    "one": (["origin"], "origin"),
    "rfc9110-5.3-several-fields-are-one-list": (["origin", "accept-encoding"], "origin, accept-encoding"),
    "rfc9110-12.5.5-lists": (["origin,accept", "accept-encoding , origin"], "origin, accept, accept-encoding"),
    "rfc9110-5.1-names-in-any-case": (["Origin", "ORIGIN"], "origin"),
    "rfc9110-12.5.5-star-is-everything": (["origin, *", "accept"], "*"),
    "rfc9110-5.6.1-empty-members": ([", ,origin,", ""], "origin"),
}

_names = st.from_regex(r"[A-Za-z-]{1,8}", fullmatch=True).filter(is_token)


@pytest.mark.parametrize(("values", "expected"), MERGED.values(), ids=MERGED)
def test_merged(values: list[str], expected: str) -> None:
    """Every name once, in the order in which it came."""
    assert merge_vary(values) == expected


@given(st.lists(st.lists(_names, max_size=3)))
def test_nothing_is_lost(fields: list[list[str]]) -> None:
    """Whatever an answer depends on by any field, it depends on by the one."""
    merged = split_list(merge_vary(", ".join(names) for names in fields))
    assert set(merged) == {name.lower() for names in fields for name in names}
    assert len(merged) == len(set(merged))
