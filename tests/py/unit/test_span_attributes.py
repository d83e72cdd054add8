"""What a span says of a request: https://opentelemetry.io/docs/specs/semconv/http/http-spans/."""

from typing import Any

import pytest
from unit.log.requests import a_head

from sidecar.log.masking import masking_of_requests
from sidecar.server.head import Head
from sidecar.span_attributes import attributes_of_request, method_of

BAIT = "correct/horse"
USUAL = {
    "http.request.method": "GET",
    "network.protocol.version": "1.1",
    "server.address": "www.example",
    "url.path": "/a",
    "url.scheme": "https",
}

# A request, and what differs from the usual.
REQUESTS: dict[str, tuple[Head, dict[str, Any]]] = {
    "plain": (a_head(first=b"GET /a HTTP/1.1"), {}),
    "query": (a_head(first=b"GET /a?b=c HTTP/1.1"), {"url.query": "b=c"}),
    "empty-query": (a_head(first=b"GET /a? HTTP/1.1"), {"url.query": ""}),
    "signatures": (
        a_head(first=b"GET /a?Signature=x&sig=y&assig=z&X-Amz-Signature=1&X-Amz-Credential=2&b HTTP/1.1"),
        {"url.query": "Signature=REDACTED&sig=REDACTED&assig=z&X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&b"},
    ),
    "secret": (
        a_head(first=b"GET /correct%2Fhorse?correct/horse HTTP/1.1"),
        {"url.path": "/****", "url.query": "****"},
    ),
    "head": (a_head(first=b"HEAD /a HTTP/1.1"), {"http.request.method": "HEAD"}),
    "unknown-method": (
        a_head(first=b"FROB /a HTTP/1.1"),
        {"http.request.method": "_OTHER", "http.request.method_original": "FROB"},
    ),
    "version": (a_head(first=b"GET /a HTTP/1.0"), {"network.protocol.version": "1.0"}),
    "port": (a_head(first=b"GET /a HTTP/1.1", host=b"www.example:81"), {"server.port": 81}),
    "ipv6": (
        a_head(first=b"GET /a HTTP/1.1", host=b"[2001:db8::1]:81"),
        {"server.address": "[2001:db8::1]", "server.port": 81},
    ),
    "agent": (a_head(b"User-Agent: a\xff", first=b"GET /a HTTP/1.1"), {"user_agent.original": r"a\xff"}),
    "long": (a_head(first=b"GET /" + b"a" * 5000 + b" HTTP/1.1"), {"url.path": "/" + "a" * 1023}),
    "other-headers": (a_head(b"Authorization: Bearer x", b"Cookie: y", first=b"GET /a HTTP/1.1"), {}),
}


@pytest.mark.parametrize(("head", "differs"), REQUESTS.values(), ids=REQUESTS)
def test_attributes(head: Head, differs: dict[str, Any]) -> None:
    """Those of the conventions, and no others; nothing secret, and nothing that grows with what a client sends."""
    assert attributes_of_request(head, masking_of_requests((BAIT,)), "https") == USUAL | differs


@pytest.mark.parametrize(("method", "name"), [(b"GET", "GET"), (b"HEAD", "HEAD"), (b"FROB", "HTTP")])
def test_name(method: bytes, name: str) -> None:
    """A span is called by its method, of which there are few."""
    assert method_of(a_head(first=method + b" /a HTTP/1.1")) == name
