"""Cache-Control, from RFC 9111 5.2."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.cache_control import MAX_DELTA_SECONDS, CacheControl

PARSED = {
    "rfc9111-5.2-absent": (None, CacheControl()),
    "rfc9111-5.2-empty": ("", CacheControl()),
    "rfc9111-5.2-any-case": ("Max-Age=5, NO-STORE", CacheControl(max_age=5, no_store=True)),
    "rfc9111-5.2-quoted-argument": ('max-age="5"', CacheControl(max_age=5)),
    "rfc9111-5.2-single-quotes-are-no-quotes": ("max-age='5'", CacheControl(max_age=0)),
    "rfc9111-5.2-space-around-equals": ("max-age = 5", CacheControl(max_age=5)),
    "rfc9111-5.2-no-spaces": ("public,max-age=5,immutable", CacheControl(public=True, max_age=5, immutable=True)),
    "rfc9111-5.2-semicolon-does-not-separate": ("max-age=5; public", CacheControl(max_age=0)),
    "rfc9111-5.2-directive-inside-quotes": ('x="no-store, max-age=5", public', CacheControl(public=True)),
    "rfc9111-5.2.1.1-max-age": ("max-age=0", CacheControl(max_age=0)),
    "rfc9111-5.2.1.2-max-stale": ("max-stale=10", CacheControl(max_stale=10)),
    "rfc9111-5.2.1.2-max-stale-without-argument": ("max-stale", CacheControl(max_stale=MAX_DELTA_SECONDS)),
    "rfc9111-5.2.1.2-max-stale-empty-argument": ("max-stale=", CacheControl()),
    "rfc9111-5.2.1.2-max-stale-invalid": ("max-stale=x", CacheControl()),
    "rfc9111-5.2.1.3-min-fresh": ("min-fresh=20", CacheControl(min_fresh=20)),
    "rfc9111-5.2.1.3-min-fresh-invalid": ("min-fresh", CacheControl()),
    "rfc9111-5.2.1.4-no-cache": ("no-cache", CacheControl(no_cache=True)),
    "rfc9111-5.2.1.7-only-if-cached": ("only-if-cached", CacheControl(only_if_cached=True)),
    "rfc9111-5.2.2.2-must-revalidate": ("must-revalidate", CacheControl(must_revalidate=True)),
    "rfc9111-5.2.2.3-must-understand": (
        "must-understand, no-store",
        CacheControl(must_understand=True, no_store=True),
    ),
    "rfc9111-5.2.2.4-no-cache-with-fields": ('no-cache="Set-Cookie, X"', CacheControl(no_cache=True)),
    "rfc9111-5.2.2.4-no-cache-with-token": ("no-cache=Set-Cookie", CacheControl(no_cache=True)),
    "rfc9111-5.2.2.5-no-store-with-argument": ("no-store=1", CacheControl(no_store=True)),
    "rfc9111-5.2.2.6-no-transform": ("no-transform", CacheControl(no_transform=True)),
    "rfc9111-5.2.2.7-private": ("private", CacheControl(private=True)),
    "rfc9111-5.2.2.7-private-with-fields": ('private="Set-Cookie"', CacheControl(private=True)),
    "rfc9111-5.2.2.8-proxy-revalidate": ("proxy-revalidate", CacheControl(proxy_revalidate=True)),
    "rfc9111-5.2.2.9-public": ("public", CacheControl(public=True)),
    "rfc9111-5.2.2.10-s-maxage": ("s-maxage=7", CacheControl(s_maxage=7)),
    "rfc9111-5.2.3-unknown": ("community=UCI, max-age=5, no-cachet", CacheControl(max_age=5)),
    "rfc9111-4.2.1-first-counts": ("max-age=5, max-age=9", CacheControl(max_age=5)),
    "rfc9111-4.2.1-first-counts-even-invalid": ("max-age=x, max-age=9", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-not-a-number": ("max-age=abc", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-negative": ("max-age=-1", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-fraction": ("max-age=5.0", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-trailing-letter": ("max-age=100a", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-empty": ("max-age=", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-bare": ("max-age", CacheControl(max_age=0)),
    "rfc9111-4.2.1-max-age-other-digits": ("max-age=\u0661", CacheControl(max_age=0)),
    "rfc9111-4.2.1-s-maxage-invalid": ("s-maxage=x, max-age=5", CacheControl(s_maxage=0, max_age=5)),
    "rfc9111-1.2.2-leading-zeros": ("max-age=" + "0" * 20 + "5", CacheControl(max_age=5)),
    "rfc9111-1.2.2-greatest": ("max-age=2147483647", CacheControl(max_age=2**31 - 1)),
    "rfc9111-1.2.2-overflow": ("max-age=2147483649", CacheControl(max_age=2**31)),
    "rfc9111-1.2.2-more-digits": ("max-age=99999999999", CacheControl(max_age=2**31)),
    "rfc9111-1.2.2-absurd": ("s-maxage=" + "9" * 100_000, CacheControl(s_maxage=2**31)),
    "rfc5861-3-stale-while-revalidate": ("stale-while-revalidate=30", CacheControl(stale_while_revalidate=30)),
    "rfc5861-3-invalid": ("stale-while-revalidate=x, max-age=5", CacheControl(max_age=5)),
    "rfc5861-4-stale-if-error": ("stale-if-error=1200", CacheControl(stale_if_error=1200)),
    "rfc5861-4-bare": ("stale-if-error", CacheControl()),
    "rfc8246-2-immutable": ("max-age=5, immutable", CacheControl(max_age=5, immutable=True)),
}

_seconds = st.none() | st.integers(0, MAX_DELTA_SECONDS)
_policies = st.builds(
    CacheControl,
    **{field.name: st.booleans() if field.default is False else _seconds for field in fields(CacheControl)},
)


def _render(policy: CacheControl) -> str:
    arguments = {field.name.replace("_", "-"): getattr(policy, field.name) for field in fields(policy)}
    flags = [name for name, argument in arguments.items() if argument is True]
    seconds = [f"{name}={argument}" for name, argument in arguments.items() if type(argument) is int]
    return ", ".join(flags + seconds)


@pytest.mark.parametrize(("value", "expected"), PARSED.values(), ids=PARSED)
def test_parse(value: str | None, expected: CacheControl) -> None:
    """Each directive is read into its field, and nothing else is."""
    assert CacheControl.parse(value) == expected


@given(_policies)
def test_round_trip(policy: CacheControl) -> None:
    """Any combination of directives is read back as it was written."""
    assert CacheControl.parse(_render(policy)) == policy


@given(st.text('max-ge=0129," \\') | st.text())
def test_parse_never_raises(value: str) -> None:
    """Any text is a policy, with seconds within bounds."""
    policy = CacheControl.parse(value)
    assert policy.max_age is None or 0 <= policy.max_age <= MAX_DELTA_SECONDS
