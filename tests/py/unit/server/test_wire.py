"""Bytes that are not written by Sanic are those that it would write."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.headers import format_http1_response
from unit.cache.responses import a_response
from unit.server.hot import NOW, rendered

from sidecar.http.conditional import Conditions
from sidecar.http.fields import is_field_value
from sidecar.server.responses import Question, Reply, empty_reply, text_reply
from sidecar.server.sending import response_of
from sidecar.server.wire import CLOSE, KEEP_ALIVE, encode_head, encode_reply

PLAIN = Conditions()

REPLIES = {
    "200": rendered(a_response(), Question(PLAIN, None), "GET", NOW),
    "206": rendered(a_response(), Question(PLAIN, "bytes=1-2"), "GET", NOW),
    "304": rendered(a_response(), Question(Conditions(if_none_match="*"), None), "GET", NOW),
    "412": rendered(a_response(), Question(Conditions(if_match='"b"'), None), "GET", NOW),
    "416": rendered(a_response(), Question(PLAIN, "bytes=10-"), "GET", NOW),
    "400": text_reply(400, "no", NOW),
    "431": text_reply(431, "no", NOW),
    "505": text_reply(505, "no", NOW),
    "204": empty_reply(204, NOW, ("allow", "GET")),
    "beyond-ascii": Reply(200, (("content-type", "text/css"), ("content-disposition", 'inline; filename="ü.txt"'))),
}

_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(is_field_value)
_fields = st.lists(st.tuples(st.sampled_from(["x-a", "x-b", "etag"]), _values), max_size=4)


def as_sanic_writes_it(reply: Reply) -> bytes:
    """Status line and headers, up to the one for the connection that Sanic adds."""
    return format_http1_response(reply.status, list(response_of(reply).processed_headers)).removesuffix(b"\r\n")


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_head_is_as_sanic_writes_it(reply: Reply) -> None:
    """Words of the status, spelling and order of the headers."""
    assert encode_head(reply) == as_sanic_writes_it(reply)


@given(_fields)
def test_values_are_as_sanic_writes_them(fields: list[tuple[str, str]]) -> None:
    """Whatever a header may hold, and repeated or not."""
    reply = Reply(200, (("content-type", "text/css"), *fields))
    assert encode_head(reply) == as_sanic_writes_it(reply)


@pytest.mark.parametrize("last", [KEEP_ALIVE, CLOSE])
def test_a_head_ends_with_the_connection(last: bytes) -> None:
    """A parser takes all of it for a head, and what is left for the body."""
    read: list[object] = []

    class Read:
        def on_headers_complete(self) -> None:
            read.extend((parser.get_status_code(), parser.should_keep_alive()))

        def on_body(self, body: bytes) -> None:
            read.append(body)

    parser = httptools.HttpResponseParser(Read())
    parser.feed_data(encode_head(REPLIES["200"]) + last + b"0123456789")
    assert read == [200, last == KEEP_ALIVE, b"0123456789"]


@pytest.mark.parametrize("is_head", [False, True])
def test_a_whole_reply(*, is_head: bool) -> None:
    """What is no request is answered with a text, unless it began like HEAD, and is the last on its connection."""
    raw = encode_reply(REPLIES["400"], is_head=is_head)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.endswith(b"\r\nconnection: close")
    assert b"\r\ncontent-length: 3\r\n" in head
    assert body == (b"" if is_head else b"no\n")
