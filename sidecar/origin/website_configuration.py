"""A website's configuration in S3's own format: what `aws s3api get-bucket-website` prints. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sidecar.http.authority import is_authority
from sidecar.http.fields import is_field_value
from sidecar.http.target import is_possible_key
from sidecar.origin.routing import Destination, RoutingRule

MAX_RULES = 1000
"""Twenty times what S3 allows; each request looks at all of them in the worst case."""

_REDIRECT_CODES = (301, 302, 303, 307, 308)
_SHOWN_CHARACTERS = 100
_PROTOCOLS = ("http", "https")
_RULES = "RoutingRules"
_TO = "Redirect"
_ALL = "RedirectAllRequestsTo"


class ConfigurationError(ValueError):
    """The configuration cannot be used; `mistakes` holds one line for each thing that is wrong with it."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a website's configuration says; None and no rules where it says nothing."""

    index: str | None = None
    error_document: str | None = None
    rules: tuple[RoutingRule, ...] = ()


def read_json(text: bytes) -> Configuration:
    """Read a file: all of a configuration, or only its list of rules. Raises ConfigurationError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"it is no JSON ({error})") from None
    return parse_configuration({_RULES: document} if isinstance(document, list) else document)


def parse_configuration(document: Any) -> Configuration:
    """Read a configuration as botocore and `aws s3api` have it. Raises ConfigurationError with every mistake."""
    mistakes: list[str] = []
    configuration = _configuration(_Part(document, "", mistakes))
    if mistakes:
        raise ConfigurationError(*mistakes)
    return configuration


@dataclass(frozen=True, slots=True)
class _Part:
    """An object of the document, where it stands there, and the mistakes found so far."""

    content: Any
    place: str
    mistakes: list[str] = field(repr=False)

    def complain(self, what: str) -> None:
        self.mistakes.append(f"{self.place}: {what}" if self.place else what)

    def members(self, *known: str) -> Mapping[str, Any]:
        """What is in it that is known and not null."""
        if not isinstance(self.content, Mapping):
            self.complain(f"must be an object with {' or '.join(known)}")
            return {}
        for name in self.content:
            if name not in known:
                self.complain(f"{_shown(name)} is not known here; {', '.join(known)} are")
        return {name: self.content[name] for name in known if self.content.get(name) is not None}

    def part(self, name: str, members: Mapping[str, Any]) -> "_Part":
        """The object under a name; an empty one where there is none."""
        place = f"{self.place}: {name}" if self.place else name
        return _Part(members.get(name, {}), place, self.mistakes)

    def text(self, name: str, members: Mapping[str, Any]) -> str | None:
        value = members.get(name)
        if value is None or (isinstance(value, str) and is_field_value(value)):
            return value
        self.complain(f"{name} must be text without control characters")
        return None

    def choice(self, name: str, members: Mapping[str, Any], choices: tuple[str, ...]) -> str | None:
        value = members.get(name)
        if value is None or (isinstance(value, str) and value.lower() in choices):
            return None if value is None else str(value).lower()
        self.complain(f"{name} must be {' or '.join(choices)}, not {_shown(value)}")
        return None

    def code(self, name: str, members: Mapping[str, Any], codes: "range | tuple[int, ...]", words: str) -> int | None:
        value = members.get(name)
        text = "" if isinstance(value, bool) else str(value)
        number = int(text) if text.isascii() and text.isdigit() and len(text) == len("200") else 0
        if value is None or number in codes:
            return None if value is None else number
        self.complain(f"{name} must be {words}, not {_shown(value)}")
        return None

    def host(self, members: Mapping[str, Any]) -> str | None:
        value = members.get("HostName")
        if value is None or (isinstance(value, str) and is_authority(value)):
            return value
        self.complain(f"HostName must be a host's name such as www.example.com, not {_shown(value)}")
        return None


def _shown(value: Any) -> str:
    return repr(value)[:_SHOWN_CHARACTERS]


def _configuration(root: _Part) -> Configuration:
    document = {name: value for name, value in _mapping(root).items() if name != "ResponseMetadata"}
    members = _Part(document, "", root.mistakes).members("IndexDocument", "ErrorDocument", _ALL, _RULES)
    if _ALL in members and len(members) > 1:
        root.complain(f"{_ALL} must stand alone")
    everything = _redirect_all(root.part(_ALL, members)) if _ALL in members else ()
    return Configuration(
        index=_index(root.part("IndexDocument", members)) if "IndexDocument" in members else None,
        error_document=_error_document(root.part("ErrorDocument", members)) if "ErrorDocument" in members else None,
        rules=everything or tuple(_rules(root, members.get(_RULES, []))),
    )


def _mapping(root: _Part) -> Mapping[str, Any]:
    if isinstance(root.content, Mapping):
        return root.content
    root.complain("it must be a list of routing rules, or an object as `aws s3api get-bucket-website` prints it")
    return {}


def _index(part: _Part) -> str | None:
    suffix = part.members("Suffix").get("Suffix")
    if isinstance(suffix, str) and "/" not in suffix and is_possible_key(suffix):
        return suffix
    part.complain("Suffix must be a file's name such as index.html, without a slash")
    return None


def _error_document(part: _Part) -> str | None:
    key = part.members("Key").get("Key")
    if isinstance(key, str) and is_possible_key(key):
        return key
    part.complain("Key must be an object's key such as 404.html")
    return None


def _redirect_all(part: _Part) -> tuple[RoutingRule, ...]:
    members = part.members("HostName", "Protocol")
    if "HostName" not in members:
        part.complain("HostName is required")
    destination = Destination(protocol=part.choice("Protocol", members, _PROTOCOLS), host=part.host(members))
    return (RoutingRule(destination),)


def _rules(root: _Part, rules: Any) -> Iterator[RoutingRule]:
    if not isinstance(rules, list) or len(rules) > MAX_RULES:
        root.complain(f"{_RULES} must be a list of at most {MAX_RULES}")
        return
    for number, rule in enumerate(rules, start=1):
        yield _rule(_Part(rule, f"routing rule {number}", root.mistakes))


def _rule(part: _Part) -> RoutingRule:
    members = part.members("Condition", _TO)
    if _TO not in members and isinstance(part.content, Mapping):
        part.complain(f"{_TO} is required")
    condition = part.part("Condition", members)
    conditions = condition.members("KeyPrefixEquals", "HttpErrorCodeReturnedEquals")
    if "Condition" in members and not conditions:
        condition.complain("must have KeyPrefixEquals, HttpErrorCodeReturnedEquals or both")
    errors = range(HTTPStatus.BAD_REQUEST, 600)
    return RoutingRule(
        destination=_destination(part.part(_TO, members)) if _TO in members else Destination(),
        key_prefix=condition.text("KeyPrefixEquals", conditions) or "",
        error_code=condition.code("HttpErrorCodeReturnedEquals", conditions, errors, "from 400 to 599"),
    )


def _destination(part: _Part) -> Destination:
    members = part.members("HostName", "HttpRedirectCode", "Protocol", "ReplaceKeyPrefixWith", "ReplaceKeyWith")
    codes = ", ".join(map(str, _REDIRECT_CODES[:-1])) + f" or {_REDIRECT_CODES[-1]}"
    before = len(part.mistakes)
    destination = Destination(
        status=part.code("HttpRedirectCode", members, _REDIRECT_CODES, codes) or HTTPStatus.MOVED_PERMANENTLY,
        protocol=part.choice("Protocol", members, _PROTOCOLS),
        host=part.host(members),
        replace_key=part.text("ReplaceKeyWith", members),
        replace_prefix=part.text("ReplaceKeyPrefixWith", members),
    )
    if destination.replace_key is not None and destination.replace_prefix is not None:
        part.complain("ReplaceKeyWith and ReplaceKeyPrefixWith exclude each other")
    if len(part.mistakes) == before and not destination.changes_something:
        part.complain("must have HostName, Protocol, ReplaceKeyWith or ReplaceKeyPrefixWith")
    return destination
