"""Which addresses anybody is asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.geo.address import public_address


@pytest.mark.parametrize(
    ("address", "expected"),
    {
        "v4": ("203.1.113.9", "203.1.113.9"),
        "v6": ("2803:9800:0::1", "2803:9800::1"),
        "v4-in-v6": ("::ffff:8.8.8.8", "8.8.8.8"),
        "rfc1918": ("10.1.2.3", None),
        "rfc1918-in-v6": ("::ffff:10.1.2.3", None),
        "rfc1122-loopback": ("127.0.0.1", None),
        "rfc4291-loopback": ("::1", None),
        "rfc3927-link-local": ("169.254.1.1", None),
        "rfc4291-link-local": ("fe80::1%eth0", None),
        "rfc4193-unique-local": ("fd00::1", None),
        "rfc6598-shared": ("100.64.0.1", None),
        "rfc5737-documentation": ("192.0.2.1", None),
        "rfc3849-documentation": ("2001:db8::1", None),
        "rfc5771-multicast": ("224.0.0.1", None),
        "rfc4291-multicast": ("ff0e::1", None),
        "rfc1112-reserved": ("240.0.0.1", None),
        "unspecified": ("::", None),
        "brackets": ("[2803:9800::1]", None),
        "port": ("8.8.8.8:80", None),
        "unknown": ("-", None),
        "empty": ("", None),
    }.values(),
)
def test_addresses(address: str, expected: str | None) -> None:
    """Those that are somewhere, as a database knows them."""
    assert public_address(address) == expected


@given(text=st.text() | st.ip_addresses().map(str))
def test_it_fits_into_a_question(text: str) -> None:
    """Nothing that a client sends can begin another line, or be another question."""
    address = public_address(text)
    assert address is None or set(address) <= set("0123456789abcdef.:")
