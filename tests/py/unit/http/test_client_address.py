"""The client's address, in the spellings that proxies use."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.client_address import UNKNOWN, client_address

SPELLINGS = {
    "ipv4": ("1.2.3.4", "1.2.3.4"),
    "ipv4-port": ("1.2.3.4:5678", "1.2.3.4"),
    "ipv4-quoted": ('"1.2.3.4:5678"', "1.2.3.4"),
    "ipv4-spaces": (" 1.2.3.4\t", "1.2.3.4"),
    "ipv6": ("2001:db8::1", "2001:db8::1"),
    "rfc5952-4-canonical": ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
    "ipv6-brackets": ("[2001:db8::1]", "2001:db8::1"),
    "ipv6-brackets-port": ("[2001:db8::1]:443", "2001:db8::1"),
    "rfc7239-6-quoted": ('"[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
    "ipv6-unspecified": ("::", "::"),
    "rfc4007-11-zone": ("fe80::1%eth0", "fe80::1"),
    "rfc4007-11-zone-in-brackets": ("[fe80::1%25eth0]:80", "fe80::1"),
    "rfc4291-2.5.5.2-mapped": ("::ffff:192.0.2.1", "192.0.2.1"),
    "rfc4291-2.5.5.2-mapped-hexadecimal": ("[::ffff:c000:201]:80", "192.0.2.1"),
}

NO_ADDRESSES = {
    "empty": "",
    "blank": " \t",
    "commas": ", ,",
    "rfc7239-6.3-unknown": "unknown",
    "rfc7239-6.3-obfuscated": "_hidden",
    "host-name": "example.com:80",
    "unix-socket": "/run/s3-sidecar.sock",
    "number": "16909060",
    "ipv4-three-parts": "1.2.3",
    "ipv4-too-great": "1.2.3.256",
    "ipv4-leading-zero": "01.2.3.4",
    "ipv4-other-digits": "\u0661.\u0662.\u0663.\u0664",
    "ipv4-port-not-a-number": "1.2.3.4:http",
    "ipv6-bracket-open": "[2001:db8::1",
    "ipv6-bracket-empty": "[]:80",
    "ipv6-text-after-bracket": "[2001:db8::1]x",
    "network": "10.0.0.0/8",
    "newline": "1.2.3.4\n",
    "very-long": "1" * 100_000,
}

SOURCES = {
    "real-ip-first": ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"),
    "forwarded-for-second": (None, "192.0.2.2", "192.0.2.3", "192.0.2.2"),
    "peer-last": (None, None, "192.0.2.3", "192.0.2.3"),
    "peer-with-zone": (None, None, "fe80::1%eth0", "fe80::1"),
    "first-of-a-list": (None, "192.0.2.2, 192.0.2.9", "192.0.2.3", "192.0.2.2"),
    "first-of-a-real-ip-list": ("192.0.2.1,192.0.2.9", None, "192.0.2.3", "192.0.2.1"),
    "rfc9110-5.6.1-empty-members": (None, " , ,192.0.2.2", "192.0.2.3", "192.0.2.2"),
    "bad-real-ip-passed-over": ("unknown", "192.0.2.2", "192.0.2.3", "192.0.2.2"),
    "bad-forwarded-for-passed-over": (None, "unknown", "192.0.2.3", "192.0.2.3"),
    "list-after-a-bad-first-not-searched": (None, "unknown, 192.0.2.9", "192.0.2.3", "192.0.2.3"),
    "empty-real-ip-passed-over": ("", "192.0.2.2", "192.0.2.3", "192.0.2.2"),
    "unix-socket": (None, None, "/run/s3-sidecar.sock", UNKNOWN),
    "nothing": (None, None, "", UNKNOWN),
    "unix-socket-behind-a-proxy": (None, "192.0.2.2", "unix", "192.0.2.2"),
}

_plain_addresses = st.ip_addresses().filter(lambda address: getattr(address, "ipv4_mapped", None) is None)


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings(text: str, expected: str) -> None:
    """An address is read in every spelling, from every source, and written in one."""
    assert client_address(real_ip=text, forwarded_for=None, peer="") == expected
    assert client_address(real_ip=None, forwarded_for=text, peer="") == expected
    assert client_address(real_ip=None, forwarded_for=None, peer=text) == expected


@pytest.mark.parametrize("text", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
def test_no_address(text: str) -> None:
    """What is no address is passed over."""
    assert client_address(real_ip=text, forwarded_for=text, peer="192.0.2.3") == "192.0.2.3"


@pytest.mark.parametrize(("real_ip", "forwarded_for", "peer", "expected"), SOURCES.values(), ids=SOURCES)
def test_sources(real_ip: str | None, forwarded_for: str | None, peer: str, expected: str) -> None:
    """The first source that starts with an address gives it."""
    assert client_address(real_ip=real_ip, forwarded_for=forwarded_for, peer=peer) == expected


@given(_plain_addresses, st.integers(0, 65535))
def test_round_trip(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> None:
    """Any address is read bare, and with a port."""
    with_port = f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    for text in (str(address), with_port):
        assert client_address(real_ip=text, forwarded_for=None, peer="") == str(address)


@given(st.text("0123456789abcdef.:[]%,\" '") | st.text())
def test_any_text_gives_an_address_or_unknown(text: str) -> None:
    """Whatever a client sends, the result is an address or the constant."""
    result = client_address(real_ip=text, forwarded_for=None, peer="unix")
    assert result == UNKNOWN or str(ipaddress.ip_address(result)) == result
