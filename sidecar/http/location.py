"""The value of Location: RFC 9110 10.2.2, RFC 3986 4.2."""

from typing import Final
from urllib.parse import quote

# What a query may hold as it is (RFC 3986 3.4); the percent sign, since it is encoded already.
_OF_A_QUERY: Final = "%/?:@!$&'()*+,;=-._~"


def with_slash(path: str, query: str | None) -> str:
    """Refer from a decoded path to the folder of that name, query included.

    The reference is relative to the path itself: it holds behind whatever rewrites schemes, hosts or paths, and can
    lead to no other host.
    """
    segment = quote(path.rpartition("/")[2], safe="")
    return f"{segment}/" if query is None else f"{segment}/?{quote(query, safe=_OF_A_QUERY)}"
