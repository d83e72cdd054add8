"""Which addresses anybody may be asked about. Pure."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=8192)
def public_address(text: str) -> str | None:
    """The address as databases know it, IPv4-mapped IPv6 as IPv4; None for what has no place on Earth.

    That is what is no address, and private, loopback, link-local, multicast and reserved ones (RFC 6890).
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    is_public = address.is_global and not (address.is_multicast or address.is_reserved)
    return str(address).partition("%")[0] if is_public else None
