"""The address of the client behind the proxies that passed its request on."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

UNKNOWN: Final = "-"
"""The address of a client that none is known of, as behind a unix socket."""

_MAX_CHARACTERS: Final = 128  # far more than an address with a zone and a port; keeps the memory of `_parse` small
_NODE: Final = re.compile(r"(?:\[(?P<bracketed>[^\]]*)\]|(?P<bare>[^:]*))(?::[0-9]{1,5})?")


def client_address(*, real_ip: str | None, forwarded_for: str | None, peer: str) -> str:
    """Choose the client's address: from X-Real-IP, else X-Forwarded-For, else the peer; `UNKNOWN` failing all.

    Of a list only the first member counts; when that is no address, the next source is asked. Takes IPv4 and IPv6, bare
    or with a port, brackets, quotes or a zone, and gives the canonical text without these; IPv4-mapped IPv6
    becomes IPv4. Believes the fields: who may set them is for the caller to know.
    """
    for source in (real_ip, forwarded_for, peer):
        if source and (address := _first(source)):
            return address
    return UNKNOWN


def _first(value: str) -> str | None:
    # Empty members do not count (RFC 9110 5.6.1); no address has a comma in it, quoted or not.
    member = value.lstrip(" \t,").partition(",")[0].strip(' \t"')
    return _parse(member) if len(member) <= _MAX_CHARACTERS else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> str | None:
    match = _NODE.fullmatch(text)
    host = (match["bracketed"] or match["bare"] or "") if match else text  # without a match: IPv6 without brackets
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
