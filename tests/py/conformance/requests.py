"""Generated requests: every value of every dimension on its own, and a great many mixed at random.

Nothing here knows who is asked: the same requests serve for any two servers that should answer alike.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import chain, product
from time import asctime, gmtime, strftime
from typing import TypeAlias
from urllib.parse import quote

from conformance import dimensions
from conformance.files import SiteFile

Headers: TypeAlias = tuple[tuple[str, str], ...]

_LIKE_A_BROWSERS = "gzip, deflate, br, zstd"
_STEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `target` is sent as it is; header values may hold the placeholders of `validators`.

    `path` is the file that the request is about, whose validators it wants; None when there is none.
    """

    id: str
    method: str
    target: bytes
    headers: Headers = ()
    path: str | None = None
    version: str = "1.1"
    body: bytes = b""

    def encode(self, host: str, values: Mapping[str, str]) -> bytes:
        """Write it, with `values` in place of the placeholders, and Host unless the request has its own."""
        headers = [(name, value.format_map(values)) for name, value in self.headers]
        if self.header("Host") is None:
            headers.insert(0, ("Host", host))
        if self.body:
            headers.append(("Content-Length", str(len(self.body))))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
        start = self.method.encode() + b" " + self.target + f" HTTP/{self.version}\r\n".encode()
        return start + lines + b"\r\n" + self.body

    def header(self, name: str) -> str | None:
        """Return a header's value, with its placeholders; None when the request does not have it."""
        return next((value for other, value in self.headers if other.lower() == name.lower()), None)


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Fill all placeholders, from what a server says of a representation.

    `etag` (as it is), `weak` (marked so), `opaque` (without its quotes), and the dates `modified`, `earlier` and
    `later`, each also in the obsolete forms `…_rfc850` and `…_asctime` (RFC 9110 5.6.7).
    """
    tag = etag or '"there-is-none"'
    at = int(parsedate_to_datetime(last_modified or "Sat, 01 Jan 2000 00:00:00 GMT").timestamp())
    opaque = tag.removeprefix("W/").strip('"')
    values = {"etag": tag, "weak": f'W/"{opaque}"', "opaque": opaque}
    for name, seconds in {"modified": at, "earlier": at - _STEP_SECONDS, "later": at + _STEP_SECONDS}.items():
        values[name] = strftime("%a, %d %b %Y %H:%M:%S GMT", gmtime(seconds))
        values[f"{name}_rfc850"] = strftime("%A, %d-%b-%y %H:%M:%S GMT", gmtime(seconds))
        values[f"{name}_asctime"] = asctime(gmtime(seconds))
    return values


def generate(files: Sequence[SiteFile], *, n_mixed: int, seed: int = 0) -> list[Request]:
    """Make the requests, the same ones for the same arguments; ids are unique."""
    by_path = {file.path: file for file in files}
    return list(
        chain(
            _names(files),
            _targets(),
            _methods(by_path),
            _conditions(by_path),
            _ranges(by_path),
            _codings(by_path),
            _connections(),
            _mixed(files, n_mixed, random.Random(seed)),  # noqa: S311 - the same ones every time
        )
    )


def plain_target(path: str) -> bytes:
    """Write a file's name as a browser does."""
    return b"/" + quote(path, safe="/!$&'()*+,;=:@~").encode()


def _names(files: Iterable[SiteFile]) -> Iterator[Request]:
    """Every file by its plain name, its fully escaped name, and its raw UTF-8, as curl sends it."""
    for file in files:
        escaped = "".join(f"%{byte:02x}" if byte != ord("/") else "/" for byte in file.path.encode())
        targets = {"plain": plain_target(file.path), "escaped": f"/{escaped}".encode(), "raw": f"/{file.path}".encode()}
        for (name, target), method in product(targets.items(), ("GET", "HEAD")):
            yield Request(f"name/{method}/{name}/{file.path}", method, target, path=file.path)


def _targets() -> Iterator[Request]:
    for target, method in product(dimensions.TARGETS, ("GET", "HEAD")):
        yield Request(f"target/{method}/{_short(target.decode())}", method, target)


def _methods(files: Mapping[str, SiteFile]) -> Iterator[Request]:
    targets = {path: plain_target(path) for path in ("index.html", "empty.txt", "blob.bin")}
    for method, target in product(dimensions.METHODS, [*targets.values(), b"/", b"/missing.html", b"/docs", b"/%"]):
        yield Request(f"method/{method}{target.decode()}", method, target)
        if method not in {"GET", "HEAD", "TRACE"}:
            yield Request(f"method/{method}{target.decode()}/with-body", method, target, body=b"GET / HTTP/1.1\r\n\r\n")
        for name, value in (("Range", "bytes=0-0"), ("If-None-Match", "{etag}"), ("If-Match", '"x"')):
            path = target.decode().removeprefix("/")
            about = path if path in files else None
            yield Request(f"method/{method}{target.decode()}/{name}", method, target, ((name, value),), about)


def _conditions(files: Mapping[str, SiteFile]) -> Iterator[Request]:
    fields = [
        *product(("If-None-Match", "If-Match"), dimensions.ENTITY_TAGS),
        *product(("If-Modified-Since", "If-Unmodified-Since"), dimensions.DATES),
    ]
    sets: list[Headers] = [((name, value),) for name, value in fields]
    sets += [tuple(conditions.items()) for conditions in dimensions.CONDITIONS]
    sets.append((("If-None-Match", '"x"'), ("If-None-Match", "{etag}")))
    sets.append((("If-Match", '"x"'), ("If-Match", "{etag}")))
    for path, method, headers in product(("page.html", "empty.txt", "blob.bin"), ("GET", "HEAD"), sets):
        yield _about("condition", method, files[path], headers)
    for method, headers in product(("GET", "HEAD"), sets):
        yield Request(f"condition/{method}/missing/{_line(headers)}", method, b"/missing.html", headers)


def _ranges(files: Mapping[str, SiteFile]) -> Iterator[Request]:
    for path, method in product(("empty.txt", "one.txt", "page.html", "big.txt", "blob.bin"), ("GET", "HEAD")):
        file = files[path]
        size = len(file.body)
        values = [*dimensions.single_ranges(size), *dimensions.several_ranges(size)]
        values += [*dimensions.MALFORMED_RANGES, *dimensions.RANGES_TO_READ_CLOSELY]
        for value in dict.fromkeys(values):  # for small files some are the same
            yield _about("range", method, file, (("Range", value),))
    for value, span in product(dimensions.IF_RANGES, ("bytes=0-0", "bytes=-5", "bytes=99999999-", "bytes=0-0,2-2")):
        yield _about("if-range", "GET", files["page.html"], (("Range", span), ("If-Range", value)))
    for target in (b"/missing.html", b"/docs/", b"/docs", b"/%"):
        yield Request(f"range/GET{target.decode()}", "GET", target, (("Range", "bytes=0-0"),))


def _codings(files: Mapping[str, SiteFile]) -> Iterator[Request]:
    paths = ("page.html", "docs/index.html", "assets/site.css", "data.json", "big.txt", "blob.bin", "empty.txt")
    for path, method, value in product(paths, ("GET", "HEAD"), dimensions.CODINGS):
        yield _about("coding", method, files[path], (("Accept-Encoding", value),))
    more: tuple[Headers, ...] = (
        (("Range", "bytes=0-9"),),
        (("Range", "bytes=0-1,4-5"),),
        (("If-None-Match", "{etag}"),),
        (("If-None-Match", "{weak}"),),
        (("If-Match", "{etag}"),),
        (("If-Modified-Since", "{modified}"),),
        (("If-Range", "{etag}"), ("Range", "bytes=0-9")),
    )
    for path, value, headers in product(("assets/site.css", "blob.bin"), ("gzip", "br", _LIKE_A_BROWSERS), more):
        yield _about("coding", "GET", files[path], (("Accept-Encoding", value), *headers))
    for target in (b"/missing.html", b"/docs", b"/docs/"):
        yield Request(f"coding/GET{target.decode()}", "GET", target, (("Accept-Encoding", _LIKE_A_BROWSERS),))


def _connections() -> Iterator[Request]:
    for headers, version, target in product(dimensions.CONNECTIONS, ("1.1", "1.0"), (b"/page.html", b"/missing.html")):
        lines = tuple(headers.items())
        name = f"connection/{version}{target.decode()}/{_line(lines)}"
        yield Request(name, "GET", target, lines, version=version)
    for method, target in product(("GET", "HEAD", "POST"), (b"/page.html", b"/blob.bin", b"/docs", b"/%")):
        yield Request(f"connection/1.0/{method}{target.decode()}", method, target, version="1.0")


def _mixed(files: Sequence[SiteFile], count: int, source: random.Random) -> Iterator[Request]:
    for number in range(count):
        file = source.choice(files)
        size = len(file.body)
        several = dimensions.several_ranges(size)
        ranges = dimensions.single_ranges(size) * 2 + several + dimensions.MALFORMED_RANGES
        fields = {
            "If-None-Match": (0.25, dimensions.ENTITY_TAGS),
            "If-Match": (0.15, dimensions.ENTITY_TAGS),
            "If-Modified-Since": (0.25, dimensions.DATES),
            "If-Unmodified-Since": (0.15, dimensions.DATES),
            "Range": (0.5, ranges),
            "If-Range": (0.2, dimensions.IF_RANGES),
            "Accept-Encoding": (0.3, dimensions.CODINGS),
        }
        headers = [(name, source.choice(values)) for name, (share, values) in fields.items() if source.random() < share]
        source.shuffle(headers)
        method = source.choices(("GET", "HEAD", "OPTIONS", "DELETE"), (75, 20, 3, 2))[0]
        query = source.choices((b"", b"?v=1"), (9, 1))[0]
        version = source.choices(("1.1", "1.0"), (19, 1))[0]
        yield Request(
            f"mixed/{number}", method, plain_target(file.path) + query, tuple(headers), file.path, version=version
        )


def _about(dimension: str, method: str, file: SiteFile, headers: Headers) -> Request:
    return Request(
        f"{dimension}/{method}/{file.path}/{_line(headers)}", method, plain_target(file.path), headers, file.path
    )


def _line(headers: Headers) -> str:
    return _short("; ".join(f"{name}: {value}" for name, value in headers))


def _short(text: str) -> str:
    """Keep ids readable; a length keeps those apart that begin alike."""
    return text if len(text) <= 100 else f"{text[:80]}…({len(text)})"
