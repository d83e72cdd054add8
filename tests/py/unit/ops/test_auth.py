"""Who may call the management endpoints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.auth import Access, BearerToken
from sidecar.settings import load

GRANTED, MALFORMED, DENIED = Access.GRANTED, Access.MALFORMED, Access.DENIED

KEY = "abc123"

JUDGED = {
    "rfc6750-2.1-right": (f"Bearer {KEY}", GRANTED),
    "rfc9110-11.1-scheme-in-any-case": (f"bEARER {KEY}", GRANTED),
    "rfc9110-11.4-more-spaces": (f"  Bearer   {KEY} ", GRANTED),
    "rfc6750-3-absent": (None, DENIED),
    "rfc6750-3.1-wrong": ("Bearer abc124", DENIED),
    "rfc6750-3.1-prefix": ("Bearer abc12", DENIED),
    "rfc6750-3.1-longer": (f"Bearer {KEY}4", DENIED),
    "rfc6750-3.1-other-case": ("Bearer ABC123", DENIED),
    "rfc6750-3.1-no-token": ("Bearer", DENIED),
    "rfc6750-3.1-empty-token": ("Bearer  ", DENIED),
    "rfc6750-3.1-two-tokens": (f"Bearer {KEY} {KEY}", DENIED),
    "rfc6750-3.1-quoted": (f'Bearer "{KEY}"', DENIED),
    "rfc6750-3.1-bytes-that-are-no-utf-8": ("Bearer \udcff", DENIED),
    "rfc9110-11.4-two-fields": (f"Bearer wrong, Bearer {KEY}", DENIED),
    "rfc7617-basic": ("Basic YWJjMTIz", MALFORMED),
    "rfc9110-11.4-token-without-scheme": (KEY, MALFORMED),
    "rfc9110-11.4-empty": ("", MALFORMED),
    "rfc9110-11.4-tab": (f"Bearer\t{KEY}", MALFORMED),
    "rfc9110-11.1-longer-scheme": (f"Bearers {KEY}", MALFORMED),
}

_headers = st.text() | st.text().map("Bearer ".__add__)


def _token(key: str = "") -> BearerToken:
    return BearerToken(load({"bucket": "site", "auth_key": key}, {}))


@pytest.mark.parametrize(("authorization", "expected"), JUDGED.values(), ids=JUDGED)
def test_judge(authorization: str | None, expected: Access) -> None:
    """Only the very token under the scheme Bearer opens the door; another scheme is a malformed request."""
    assert _token(KEY).judge(authorization) is expected


@pytest.mark.parametrize(("authorization", "expected"), JUDGED.values(), ids=JUDGED)
def test_without_a_key_nobody_is_let_in(authorization: str | None, expected: Access) -> None:
    """A server that was given no key denies every token, an empty one too."""
    assert _token().judge(authorization) is (DENIED if expected is GRANTED else expected)


@given(_headers)
def test_nothing_else_is_granted(authorization: str) -> None:
    """No header but one that ends with the token is granted."""
    assert _token(KEY).judge(authorization) is not GRANTED or authorization.rstrip().endswith(KEY)


@given(st.text("abc/+=-._~é0", min_size=1))
def test_any_key_can_be_given(key: str) -> None:
    """Whatever key an operator chooses, its token is granted."""
    assert _token(key).judge(f"Bearer {key}") is GRANTED
