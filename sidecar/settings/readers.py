"""How each kind of setting reads its text.

A reader takes the text given and returns the value, or raises ValueError with what would be right: a phrase that
follows the option's name, such as "must be a whole number from 0 to 65535".
"""

import ipaddress
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sidecar.secret import Secret

T = TypeVar("T")
Reader = Callable[[str], T]

_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, with the older, looser form
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]|arn:aws[a-z-]*:s3[a-z-]*:\S+")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
# The ARN of an access point has slashes of its own.
_BUCKET_AND_FOLDER = re.compile(r"\A(arn:[^/]+:(?:outpost/[^/]+/)?accesspoint/[^/]+|[^/]*)(.*)\Z", re.DOTALL)
_NOT_OF_A_PATH = frozenset({"", ".", ".."})
_RESERVED = "/_proxy"
_OPS_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._-]{1,100}){1,5}")
_DEFAULT_PORT = {"http": ":80", "https": ":443"}
_MAX_TOKEN = 4096
_CODINGS = frozenset({"br", "gzip", "zstd"})


def text(value: str) -> str:
    """Any text on one line."""
    if not value.isprintable():
        raise ValueError("must be one line of printable text")
    return value


def secret(value: str) -> Secret:
    """Any text on one line, without the space around it, masked from here on."""
    value = value.strip()
    if len(value) > _MAX_TOKEN or not value.isprintable():
        raise ValueError(f"must be one line of at most {_MAX_TOKEN} printable characters")
    return Secret(value)


def boolean(value: str) -> bool:
    """true, false, 1, 0, yes or no, in any case."""
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("must be true or false (1, 0, yes and no also read)")
    return word in _TRUE


def whole_number(lowest: int, highest: int) -> Reader[int]:
    """A whole number between two bounds, both included."""

    def read(value: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,18}\s*", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(value)

    return read


def seconds(lowest: float, highest: float) -> Reader[float]:
    """A span in seconds between two bounds, both included; fractions are allowed."""

    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not lowest <= number <= highest:
            raise ValueError(f"must be a number of seconds from {lowest:g} to {highest:g}")
        return number

    return read


def size(lowest: int) -> Reader[int]:
    """A number of bytes, at least `lowest`: plain, or with a unit such as 512MiB or 10G (always powers of 1,024)."""

    def read(value: str) -> int:
        match = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,3})?)\s*([KMGT]?)(?:i?B)?\s*", value, re.IGNORECASE)
        number = int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ")) if match else -1
        if number < lowest:
            raise ValueError(f"must be a size such as 512MiB or 10G, at least {lowest} bytes")
        return number

    return read


def choice(*words: str) -> Reader[str]:
    """One of a few words, in any case."""

    def read(value: str) -> str:
        word = value.strip().lower()
        if word not in words:
            raise ValueError("must be one of " + ", ".join(words))
        return word

    return read


def codings(value: str) -> tuple[str, ...]:
    """Comma separated content codings, in any case; none for no coding at all."""
    listed = tuple(dict.fromkeys(word for word in value.lower().replace(",", " ").split()))
    if listed == ("none",):
        return ()
    if not listed or not set(listed) <= _CODINGS:
        raise ValueError("must be none or a list of br, zstd and gzip, such as br,gzip")
    return listed


def path(value: str) -> Path:
    """A path of the file system."""
    if "\0" in value:
        raise ValueError("must be a path without NUL")
    return Path(value)


def existing_file(value: str) -> Path:
    """A file that is there and can be read."""
    found = path(value)
    if not found.is_file():
        raise ValueError("must be a file that exists")
    return found


def bucket(value: str) -> str:
    """The name of a bucket, or the ARN of an access point."""
    if not _BUCKET.fullmatch(value):
        raise ValueError("must be a bucket's name (3 to 63 letters, digits, dots and hyphens) or an access point's ARN")
    return value


def region(value: str) -> str:
    """The name of a region."""
    if not _REGION.fullmatch(value):
        raise ValueError("must be a region's name such as eu-central-1")
    return value


def prefix(value: str) -> str:
    """A folder of the bucket: without a leading slash, with one at its end unless it is empty."""
    folder = text(value).strip("/")
    return f"{folder}/" if folder else ""


def mount_path(value: str) -> str:
    """A path of the website, as it is when decoded; without a slash at its end, unless it is all of it."""
    found = value.rstrip("/")
    segments = found.split("/")
    is_clean = segments[0] == "" and not _NOT_OF_A_PATH & set(segments[1:]) and not _ENCODED.search(found)
    if not value.startswith("/") or not is_clean or not value.isprintable():
        raise ValueError(
            "must be a path that begins with a slash, without escapes such as %20, without empty, . and .. segments"
        )
    if found == _RESERVED or found.startswith(f"{_RESERVED}/"):
        raise ValueError(f"must be a path outside of {_RESERVED}, which is the server's own")
    return found or "/"


def ops_path(value: str) -> str:
    """A path of plain characters, as it is sent, without a slash at its end."""
    found = value.rstrip("/")
    if not _OPS_PATH.fullmatch(found):
        raise ValueError("must be a path of letters, digits, dots, hyphens and underscores, such as /_proxy")
    return found


def mount(value: str) -> tuple[str, str, str]:
    """A path, the bucket that is served there, and the folder of it: /path=bucket/folder."""
    path, _, place = value.partition("=")
    name, folder = _BUCKET_AND_FOLDER.findall(place)[0]
    return _of_mount("path", mount_path, path), _of_mount("bucket", bucket, name), _of_mount("folder", prefix, folder)


def _of_mount(part: str, read: Reader[str], value: str) -> str:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"must be /path=bucket or /path=bucket/folder; its {part} {error}") from None


def endpoint_url(value: str) -> str:
    """An http or https URL of a host, without credentials, query or fragment; botocore takes no underscore in it."""
    wrong = (
        "must be a URL such as https://s3.example.com:9000, without user, password, query or fragment, "
        "and without underscore in its host"
    )
    try:
        url = urlsplit(value)
        is_right = url.scheme in {"http", "https"} and "_" not in host(url.hostname or "") and url.port != 0
    except ValueError as error:
        raise ValueError(wrong) from error
    if not is_right or url.username is not None or url.query or url.fragment or not value.isprintable():
        raise ValueError(wrong)
    return value.rstrip("/")


def listen_host(value: str) -> str:
    """An address or name to listen on, or `unix:` and an absolute path."""
    if value.startswith("unix:"):
        if not value.startswith("unix:/") or value.endswith("/"):
            raise ValueError("must be unix: and an absolute path, such as unix:/run/s3proxy.sock")
        return value
    return host(value)


def host(value: str) -> str:
    """An IP address or a host's name."""
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        if not _HOST_NAME.fullmatch(value):
            raise ValueError("must be an IP address or a host's name") from None
        return value


def metric_prefix(value: str) -> str:
    """A name that a series may begin with."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", value):
        raise ValueError("must be at most 100 letters, digits, dots, hyphens and underscores")
    return value


def mongo_name(value: str) -> str:
    """A database's or collection's name, as MongoDB allows it."""
    if not re.fullmatch(r"[^\0$/\\ \"*<>:|?]{1,63}", value) or value.startswith("system."):
        raise ValueError('must be a MongoDB name: at most 63 characters, no space and none of / \\ " $ * < > : | ?')
    return value


def mongo_uri(value: str) -> Secret:
    """A MongoDB connection string; a secret, since it may hold a password."""
    if not re.match(r"mongodb(\+srv)?://[^/\s]+", value):
        raise ValueError("must be a connection string such as mongodb://host:27017")
    return secret(value)


def origins(value: str) -> tuple[str, ...]:
    """Comma separated origins, or a JSON list of them; `*` stands for all (Fetch standard, 3.2)."""
    listed = [_as_browsers_send_it(member) for member in _members(value)]
    wrong = [member for member in listed if member not in {"*", "null"} and not _is_origin(member)]
    if wrong or not listed:
        raise ValueError("must be * or a list of origins such as https://example.com,https://example.org:8443")
    return ("*",) if "*" in listed else tuple(dict.fromkeys(listed))


def _as_browsers_send_it(origin: str) -> str:
    """In lower case and without a default port (RFC 6454 6.2)."""
    origin = origin.strip().rstrip("/").lower()
    scheme, _, _ = origin.partition(":")
    return origin.removesuffix(_DEFAULT_PORT.get(scheme, ""))


def _members(value: str) -> list[str]:
    if not value.lstrip().startswith("["):
        return [member for member in value.split(",") if member.strip()]
    try:
        members = json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"must be a JSON list or comma separated ({error})") from None
    return [str(member) for member in members]


def _is_origin(value: str) -> bool:
    try:
        url = urlsplit(value)
        has_host = bool(host(url.hostname or "")) and (url.port is None or url.port > 0)
    except ValueError:
        return False
    is_bare = not (url.path or url.query or url.fragment or url.username)
    return has_host and url.scheme in {"http", "https"} and is_bare and value.isascii()
