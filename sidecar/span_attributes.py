"""What a span says of a request: OpenTelemetry's semantic conventions for HTTP. Pure."""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.observe import Request

HTTP_STATUS: Final = "http.response.status_code"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
_OTHER_METHOD: Final = "HTTP"
"""What a span is called whose method is none of these."""

_MOST_CHARACTERS: Final = 1024
# The conventions name the first four; the others are those of Signature Version 4.
_SIGNATURE: Final = re.compile(
    r"(?<![^&])((?:AWSAccessKeyId|Signature|sig|X-Goog-Signature|X-Amz-(?:Signature|Credential|Security-Token))=)[^&]*",
    re.IGNORECASE,
)
_PORT: Final = re.compile(r":([0-9]{1,5})\Z")


def method_of(request: "Request") -> str:
    """A span's name: the method, since there are no routes here, and a path is no name."""
    method = request.request_line()[0]
    return method if method in _METHODS else _OTHER_METHOD


def attributes_of_request(request: "Request", masking: "Callable[[str], str]", scheme: str) -> dict[str, str | int]:
    """What is known before there is an answer; text is masked, and no longer than 1,024 characters."""
    method, target, protocol = request.request_line()
    path, mark, query = target.partition("?")
    attributes: dict[str, str | int] = {
        "http.request.method": method if method in _METHODS else "_OTHER",
        "url.path": _text(path, masking),
        "url.scheme": scheme,
        "network.protocol.version": protocol.removeprefix("HTTP/"),
    }
    if method not in _METHODS:
        attributes["http.request.method_original"] = _text(method, masking)
    if mark:
        attributes["url.query"] = _text(_SIGNATURE.sub(r"\1REDACTED", query), masking)
    if (host := request.header("host")) is not None:
        attributes |= _server(_text(host, masking))
    if (agent := request.header("user-agent")) is not None:
        attributes["user_agent.original"] = _text(agent, masking)
    return attributes


def _server(host: str) -> dict[str, str | int]:
    port = _PORT.search(host)
    if port is None:
        return {"server.address": host}
    return {"server.address": host[: port.start()], "server.port": int(port[1])}


def _text(value: str, masking: "Callable[[str], str]") -> str:
    """Text that every encoder takes, bytes that are no UTF-8 shown as escapes."""
    return masking(value)[:_MOST_CHARACTERS].encode(errors="surrogateescape").decode(errors="backslashreplace")
