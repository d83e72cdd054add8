"""What operators ask for in the bodies of their requests, read strictly. Pure."""

import json
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from ops.management import MAX_CONCURRENCY, Document, Purge, SwitchOrder, WarmOrder
from ops.refusal import Refused

_SCOPES = ("key", "prefix", "tag")
_CONCURRENCY = 8


def read_purge(body: bytes) -> Purge:
    """The purge that a body asks for. Raises Refused."""
    given = _object(body, {*_SCOPES, "soft"})
    scope, value = _one_of(given, _SCOPES)
    soft = given.get("soft", False)
    if not isinstance(value, str) or not isinstance(soft, bool):
        raise _wrong(f"{scope} is a text, and soft is true or false")
    return Purge(scope, value, soft)


def read_warm(body: bytes) -> WarmOrder:
    """The warm that a body asks for. Raises Refused."""
    given = _object(body, {"prefix", "keys", "concurrency"})
    name, value = _one_of(given, ("prefix", "keys"))
    concurrency = given.get("concurrency", _CONCURRENCY)
    if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
        raise _wrong(f"concurrency is a whole number from 1 to {MAX_CONCURRENCY}")
    if name == "prefix":
        return WarmOrder(_text(name, value), (), concurrency)
    if not isinstance(value, list) or not value:
        raise _wrong("keys is a list of texts, and not empty")
    return WarmOrder(None, tuple(_text("each of keys", key) for key in value), concurrency)


def read_switch(body: bytes) -> SwitchOrder:
    """The switch that a body asks for. Raises Refused."""
    given = _object(body, {"prefix", "force"})
    prefix = _text("prefix", _one_of(given, ("prefix",))[1])
    force = given.get("force", False)
    if not isinstance(force, bool):
        raise _wrong("force is true or false")
    return SwitchOrder(prefix, force)


def read_nothing(body: bytes) -> None:
    """See that nothing is asked for that would not be done. Raises Refused."""
    _object(body or b"{}", ())


def _object(body: bytes, allowed: Collection[str]) -> Document:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _wrong("the body is no JSON") from error
    if not isinstance(given, dict):
        raise _wrong("the body is no JSON object")
    strange = sorted(set(given) - set(allowed))
    if strange:
        names = ", ".join(sorted(allowed)) or "nothing"
        raise _wrong(f"the body has a member {strange[0][:50]!r}, which is not known; it may have {names}")
    return given


def _one_of(given: Document, names: tuple[str, ...]) -> tuple[str, Any]:
    found = [name for name in names if name in given]
    if len(found) != 1:
        wanted = f"one of {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        raise _wrong(f"give {wanted}")
    return found[0], given[found[0]]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(f"{name} is a text")
    return value


def _wrong(detail: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, detail)
