"""What every answer of the website carries: rules of the operator, CORS, one Vary, and nothing of the store."""

import pytest
from support.sanic_request import a_request

from sidecar.http.cache_status import CacheStatus
from sidecar.http.header_rules import HeaderRule, HeaderRules
from sidecar.server.exchange import Exchange
from sidecar.server.finish import NOT_ASKED, Finish
from sidecar.server.responses import Reply, empty_reply, text_reply

NOW = 1_780_000_000.0
A, STRANGER = "https://a.example", "https://c.example"
OBJECT = Reply(
    200,
    (
        ("content-type", "text/css"),
        ("cache-control", "max-age=300"),
        ("vary", "accept-encoding"),
        ("x-amz-meta-a", "1"),
        ("x-amz-website-redirect-location", "/b"),
    ),
)


def _rules(*texts: str) -> HeaderRules:
    return HeaderRules(tuple(map(HeaderRule.parse, texts)))


def _finished(
    finish: Finish, reply: Reply, target: str | bytes = "/assets/a", method: str = "GET", **headers: str
) -> dict[str, str]:
    """The headers by name; each is there once."""
    fields = finish.headers(Exchange(a_request(target, method, **headers)), reply).fields
    assert len(dict(fields)) == len(fields)
    return dict(fields)


@pytest.mark.parametrize("status", [200, 206, 304, 404, 416, 503])
@pytest.mark.parametrize("is_exposed", [False, True])
def test_what_the_store_says_stays_here(status: int, *, is_exposed: bool) -> None:
    """Of its headers only metadata leaves, if the operator wants it, and not with an error."""
    reply = Reply(status, OBJECT.fields)
    fields = _finished(Finish(("*",), exposes_metadata=is_exposed), reply)
    expected = {"x-amz-meta-a"} if is_exposed and status < 400 else set()
    assert {name for name in fields if name.startswith("x-amz-")} == expected


@pytest.mark.parametrize("status", [200, 206, 304, 400, 404, 412, 416, 503])
@pytest.mark.parametrize("origin", [A, STRANGER])
def test_vary_is_whole(status: int, origin: str) -> None:
    """With a list of origins every answer depends on Origin, beside whatever else it depends on, in one field."""
    fields = _finished(Finish((A,), _rules("Vary: Accept")), Reply(status, OBJECT.fields), origin=origin)
    assert set(fields["vary"].split(", ")) == {"accept-encoding", "origin", "accept"}
    assert fields.get("access-control-allow-origin") == (A if origin == A else None)


def test_rules_by_path() -> None:
    """A glob is compared with the decoded path, without the query."""
    finish = Finish(("*",), _rules("/a b/*=X-A: b", "*.css=X-B: c"))
    assert "x-a" in _finished(finish, OBJECT, "/a%20b/c?d=.css")
    assert "x-b" not in _finished(finish, OBJECT, "/a%20b/c?d=.css")
    assert "x-b" in _finished(finish, OBJECT, "/c.css?d")


@pytest.mark.parametrize("target", [b"*", b"/%zz", b"/../a", b"/%ff"])
def test_a_target_that_names_no_path(target: bytes) -> None:
    """What is refused for its target has what every answer has."""
    finish = Finish(("*",), _rules("X-A: b", "*=X-B: c"))
    assert {"x-a", "x-b"} & set(_finished(finish, text_reply(400, "no", NOW), target)) == {"x-a"}


def test_a_rule_wins_over_the_object() -> None:
    """Clients see the operator's value; what is told of the answer is the media type that they see."""
    finish = Finish(("*",), _rules("Cache-Control: no-cache", "*=Content-Type: text/x-own"))
    exchange = Exchange(a_request("/a"))
    reply = finish.headers(exchange, OBJECT)
    assert dict(reply.fields)["cache-control"] == "no-cache"
    assert (reply.media_type, exchange.media_type, exchange.status) == ("text/x-own", "text/x-own", 200)


def test_an_error_is_never_made_storable() -> None:
    """A 503 below a path of immutable objects keeps its no-store, and has the rules of security."""
    finish = Finish(("*",), _rules("/assets/*=Cache-Control: max-age=31536000, immutable", "X-Frame-Options: DENY"))
    fields = _finished(finish, text_reply(503, "503", NOW, ("cache-control", "no-store")))
    assert (fields["cache-control"], fields["x-frame-options"]) == ("no-store", "DENY")


def test_a_preflight() -> None:
    """It allows what is allowed, carries the operator's headers, and is not an answer that a page reads."""
    finish = Finish((A,), _rules("X-Frame-Options: DENY"))
    asked = {"origin": A, "access_control_request_method": "GET"}
    exchange = Exchange(a_request("/a", "OPTIONS", **asked))
    response = finish.preflight(exchange, NOW)
    headers = dict(response.headers)
    assert len(headers) == len(response.headers)
    assert (response.status, response.body, exchange.status) == (204, b"", 204)
    assert headers["access-control-allow-origin"] == A
    assert headers["vary"] == "origin, access-control-request-headers, access-control-request-method"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-status"] == NOT_ASKED
    assert "access-control-expose-headers" not in headers


@pytest.mark.parametrize("status", [None, CacheStatus(hit=True, ttl=5)])
def test_whole(status: CacheStatus | None) -> None:
    """What is complete says what the cache did, and how many bytes it has."""
    exchange = Exchange(a_request("/a"), cache=status)
    response = Finish(("*",)).whole(exchange, text_reply(404, "404 Not Found", NOW))
    assert response.headers["cache-status"] == (NOT_ASKED if status is None else "s3-sidecar; hit; ttl=5")
    assert (exchange.body_bytes, response.body) == (14, b"404 Not Found\n")


def test_whole_for_head() -> None:
    """No byte of a body goes out in answer to HEAD."""
    exchange = Exchange(a_request("/a", "HEAD"))
    Finish(("*",)).whole(exchange, text_reply(404, "404 Not Found", NOW))
    assert exchange.body_bytes == 0


def test_without_rules_an_answer_stays_as_it_is() -> None:
    """CORS for everybody is all that is added."""
    fields = _finished(Finish(("*",)), empty_reply(204, NOW))
    assert set(fields) == {"date", "access-control-allow-origin", "access-control-expose-headers"}
