"""Hosts and ports, from RFC 3986 3.2 and RFC 9110 7.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.authority import is_authority

AUTHORITIES = {
    "rfc3986-3.2.2-name": ("www.example.com", True),
    "rfc3986-3.2.2-one-label": ("localhost", True),
    "rfc3986-3.2.2-underscore": ("my_service.internal", True),
    "rfc3986-3.2.2-punycode": ("xn--bcher-kva.example", True),
    "rfc3986-3.2.2-final-dot": ("example.com.", True),
    "rfc3986-3.2.2-ipv4": ("192.0.2.1", True),
    "rfc3986-3.2.2-ipv6": ("[2001:db8::1]", True),
    "rfc3986-3.2.2-ipv6-and-port": ("[::1]:8000", True),
    "rfc3986-3.2.3-port": ("example.com:8443", True),
    "rfc3986-3.2.3-largest-port": ("example.com:65535", True),
    "rfc3986-3.2.3-port-too-large": ("example.com:65536", False),
    "rfc3986-3.2.3-no-digits": ("example.com:", False),
    "rfc3986-3.2.3-port-of-letters": ("example.com:http", False),
    "rfc3986-3.2.3-port-not-ascii": ("example.com:\u0661", False),
    "rfc3986-3.2.1-user": ("user@example.com", False),
    "rfc3986-3.2.1-user-and-password": ("user:secret@example.com", False),
    "rfc3986-3.2.2-ipv6-without-brackets": ("2001:db8::1", False),
    "rfc3986-3.2.2-ipv6-half": ("[::1", False),
    "rfc3986-3.2.2-ipv6-nonsense": ("[:::::]", False),
    "rfc3986-3.2.2-encoded": ("ex%61mple.com", False),
    "rfc3986-3.2.2-not-ascii": ("bücher.example", False),
    "rfc3986-3.2.2-longer-than-a-name": ("a" * 254, False),
    "path": ("example.com/a", False),
    "query": ("example.com?a", False),
    "scheme": ("http://example.com", False),
    "backslash": ("example.com\\a", False),
    "two-hosts": ("example.com, example.org", False),
    "space": ("example.com ", False),
    "newline": ("example.com\n", False),
    "crlf": ("example.com\r\nx: y", False),
    "hyphen-first": ("-example.com", False),
    "dot-first": (".example.com", False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("text", "expected"), AUTHORITIES.values(), ids=AUTHORITIES)
def test_authority(text: str, expected: bool) -> None:
    """A host with or without a port, and nothing else."""
    assert is_authority(text) is expected


@given(st.text(alphabet="ab1.:[]_-@/\\%\r\n ", max_size=20))
def test_what_passes_ends_a_url_nowhere_else(text: str) -> None:
    """No character of an authority can end it, or begin another part of a URL or header."""
    assert not (is_authority(text) and set(text) & set("@/\\%?# \r\n\t"))
