"""Requests as thousands of clients would send them: no two of a few thousand are alike."""

import random
from collections.abc import Iterator, Sequence

Fields = Sequence[tuple[str, str]]

VARIANTS = 4_096
"""Different requests; each is sent again only after all others, so remembering request bytes helps nobody."""

_SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 14",
)


def distinct_requests(
    path: str, *, host: str, fields: Sequence[Fields] = ((),), count: int = VARIANTS
) -> Iterator[bytes]:
    """GETs of `path`, each with a client address, a browser and a trace of its own, and one of `fields` in turn."""
    chance = random.Random(path)  # noqa: S311 - every server is sent the same
    for number in range(count):
        lines = [("Host", host), *_client(chance, number), *fields[number % len(fields)]]
        yield request_bytes(path, lines)


def request_bytes(path: str, fields: Fields) -> bytes:
    """One GET."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def _client(chance: random.Random, number: int) -> Iterator[tuple[str, str]]:
    address = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    version = f"{chance.randrange(100, 140)}.0.{number}.{chance.randrange(200)}"
    system = chance.choice(_SYSTEMS)
    yield "User-Agent", f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
    yield "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    yield "x-forwarded-for", address
    yield "traceparent", f"00-{chance.getrandbits(128):032x}-{chance.getrandbits(64):016x}-01"
