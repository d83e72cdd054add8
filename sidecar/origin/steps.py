"""What is asked of a website, what it asks of the bucket for that, and what it says in the end. Pure."""

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from sidecar.http.references import path_reference


@dataclass(frozen=True, slots=True)
class Visit:
    """A GET or HEAD, as far as the rules of a website look at it.

    `path` is decoded and begins with a slash; it is below `mount`, the path under which the website hangs in the
    server, empty or without a slash at its end. `prefix` is what the website's keys begin with in the bucket. `query`
    is raw, None without a question mark; `host` and `accept` are fields of the request.
    """

    path: str
    query: str | None = None
    prefix: str = ""
    mount: str = ""
    host: str | None = None
    accept: str | None = None

    @property
    def name(self) -> str:
        """What rules compare with: the key below the prefix, without an index document."""
        return self.path[1:]

    @property
    def is_folder(self) -> bool:
        """Whether the path names a folder."""
        return self.path.endswith("/")

    def reference(self, path: str) -> str:
        """What leads to another path of the website, with the same query."""
        return path_reference(self.mount + path, self.query)


class Role(Enum):
    """What an object is wanted for."""

    OBJECT = auto()
    """It is what the path names."""
    FOLDER_INDEX = auto()
    """To see whether the path, without its slash, names a folder."""
    SINGLE_PAGE = auto()
    """It stands for every route of a single-page application."""
    ERROR_DOCUMENT = auto()
    """It is the body of an error."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask the cache for an object; if it is there it is served with this status."""

    object_key: str
    role: Role = Role.OBJECT
    status: int = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Listing:
    """Ask for what lies in a folder; with `is_probe` only for whether anything does."""

    prefix: str
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Lead the client elsewhere. `is_of_object` when the object that was found says so, and not a rule."""

    status: int
    location: str
    is_of_object: bool = False


@dataclass(frozen=True, slots=True)
class Serve:
    """Send what was found last, with a status; `is_negotiated` when that depended on Accept."""

    status: int = HTTPStatus.OK
    is_negotiated: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say that there is nothing, and why; `is_negotiated` when that depended on Accept."""

    status: int
    is_negotiated: bool = False


Question = Lookup | Listing
Conclusion = Redirect | Serve | Refuse
Step = Question | Conclusion


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a question: 200, 404, 403 or the 5xx that would be answered, and where the object leads to."""

    status: int
    redirect_location: str | None = None

    @property
    def is_found(self) -> bool:
        """Whether there is something."""
        return self.status == HTTPStatus.OK
