"""Hosts and ports, as the Host field and a URL have them: RFC 9110 7.2, RFC 3986 3.2."""

import ipaddress
import re
from typing import Final

_HOST_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}))(?::([0-9]{1,5}))?")
_LARGEST_PORT: Final = 65535


def is_authority(text: str) -> bool:
    """Tell whether the text is a host's name or address, with or without a port, and nothing else.

    Names have letters, digits, dots, hyphens and underscores, which is what DNS and hosts files have in use; others
    come in Punycode. Refused are user information, whatever may be encoded, and the empty text.
    """
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        return False
    host, port = match.groups()
    return (not host.startswith("[") or _is_ipv6(host[1:-1])) and int(port or 0) <= _LARGEST_PORT


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
