"""What mmdb-ws says. Pure."""

from ops.geo.location import KEYS, Location

_SEPARATOR = " : "
_LONGEST_VALUE = 256


def query_of(address: str) -> str:
    """The question for everything that is known of an address."""
    return f"f:{address}"


def read_reply(address: str, reply: object) -> Location | None:
    """The location in a reply to the question about `address`; None where it says that there is none.

    Lines of `key : value`, or the address itself. Raises ValueError for anything else, and for the reply to another
    question: then nobody knows any more which reply is whose.
    """
    if not isinstance(reply, str):
        raise ValueError("a reply that is no text")  # noqa: TRY004 - of the server's making, not of a caller's
    if reply.strip() == address:
        return None
    location = dict(_line(line) for line in reply.splitlines() if line)
    if location.get("query_ip_address", address) != address:
        raise ValueError("a reply to another question")
    if not location:
        raise ValueError("an empty reply")
    return {key: value for key, value in location.items() if key in KEYS and 0 < len(value) <= _LONGEST_VALUE}


def _line(line: str) -> tuple[str, str]:
    key, separator, value = line.partition(_SEPARATOR)
    if not separator:
        raise ValueError("a line without a key")
    return key.strip(), value.strip()
