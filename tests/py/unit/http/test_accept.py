"""The Accept field, from RFC 9110 12.5.1 and 12.4.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.accept import quality

EXAMPLE = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

QUALITIES = {
    "rfc9110-12.5.1-absent": (None, "text/html", 1.0),
    "rfc9110-12.5.1-empty": ("", "text/html", 1.0),
    "rfc9110-12.5.1-exact": ("text/html", "text/html", 1.0),
    "rfc9110-12.5.1-another": ("text/html", "application/json", 0.0),
    "rfc9110-12.5.1-any-subtype": ("text/*", "text/html", 1.0),
    "rfc9110-12.5.1-any-subtype-of-another": ("text/*", "application/json", 0.0),
    "rfc9110-12.5.1-anything": ("*/*", "application/json", 1.0),
    "rfc9110-12.5.1-any-case": ("Text/HTML;Q=0.5", "text/html", 0.5),
    "rfc9110-12.5.1-example-audio": ("audio/*; q=0.2, audio/basic", "audio/basic", 1.0),
    "rfc9110-12.5.1-example-other-audio": ("audio/*; q=0.2, audio/basic", "audio/mpeg", 0.2),
    "rfc9110-12.5.1-example-precedence-subtype": (EXAMPLE, "text/html", 0.3),
    "rfc9110-12.5.1-example-precedence-anything": (EXAMPLE, "image/jpeg", 0.5),
    "rfc9110-12.5.1-specific-before-general": ("*/*;q=1, text/html;q=0", "text/html", 0.0),
    "rfc9110-12.5.1-order-does-not-count": ("text/html;q=0, */*;q=1", "text/html", 0.0),
    "rfc9110-12.5.1-parameters-passed-over": ("application/json;charset=utf-8;q=0.4", "application/json", 0.4),
    "rfc9110-12.5.1-named-twice": ("text/html;q=0.1, text/html;q=0.6, text/html;q=0.2", "text/html", 0.6),
    "rfc9110-12.4.2-zero": ("text/html;q=0", "text/html", 0.0),
    "rfc9110-12.4.2-zeros": ("text/html;q=0.000", "text/html", 0.0),
    "rfc9110-12.4.2-three-digits": ("text/html;q=0.123", "text/html", 0.123),
    "rfc9110-12.4.2-point-and-no-digit": ("text/html;q=1.", "text/html", 1.0),
    "rfc9110-12.4.2-more-than-one": ("text/html;q=1.001", "text/html", 0.0),
    "rfc9110-12.4.2-negative": ("text/html;q=-1", "text/html", 0.0),
    "rfc9110-12.4.2-four-digits": ("text/html;q=0.1234", "text/html", 0.0),
    "rfc9110-12.4.2-words": ("text/html;q=high", "text/html", 0.0),
    "rfc9110-12.4.2-not-ascii": ("text/html;q=0.\u0661", "text/html", 0.0),
    "rfc9110-12.4.2-invalid-beside-valid": ("text/html;q=x, */*;q=0.5", "text/html", 0.5),
    "rfc9110-5.6.3-spaces": (" text/html \t; \tq=0.5 ", "text/html", 0.5),
    "browser-takes-html": (CHROMIUM, "text/html", 1.0),
    "browser-takes-json-less": (CHROMIUM, "application/json", 0.8),
    "no-media-range": ("nonsense, /, ;q=1", "text/html", 0.0),
}


@pytest.mark.parametrize(("accept", "media_type", "expected"), QUALITIES.values(), ids=QUALITIES)
def test_quality(accept: str | None, media_type: str, expected: float) -> None:
    """The most specific range that fits says how much a type is wanted."""
    assert quality(accept, media_type) == expected


@given(st.text(alphabet='text/hml*;,q=01. "\\') | st.text())
def test_whatever_a_client_sends_is_a_quality(accept: str) -> None:
    """Nothing raises, and nothing is wanted less than not at all or more than fully."""
    assert 0 <= quality(accept, "text/html") <= 1
