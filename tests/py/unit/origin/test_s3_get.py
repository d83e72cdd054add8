"""An object asked for the short way: the bytes on the wire and the meaning of answers are those of `get_object`.

The other side is a proxy that keeps what it is asked; botocore's own `get_object` says each time what should be there.
"""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest
from botocore import UNSIGNED
from support.both_ways import OK, both_ways, compare, lines
from support.wiretap import reply

from sidecar.errors import OriginError
from sidecar.origin.s3_errors import Unchanged, origin_errors
from sidecar.origin.s3_get import ObjectGetter

KEY = "ä b/(1)+~.html"

KEYS = {
    "plain": "a/b.html",
    "space": "a b",
    "plus": "a+b",
    "parentheses": "a(1)[2]{3}.html",
    "marks": "a!b*c'd;e:f@g&h=i,j$k",
    "tilde": "~a-b_c.d",
    "percent": "100%",
    "encoded-already": "a%2Fb%20c",
    "question-and-fragment": "a?b=c#d",
    "utf-8": "ä/日本.html",
    "beyond-the-first-plane": "😀",
    "slash-in-front": "/a",
    "slashes-in-front": "//a",
    "slash-at-the-end": "a/",
    "double-slash": "a//b",
    "dot-segments": "a/./../b",
    "dots-in-front": "../a",
    "backslash": "a\\b",
    "quotes": 'a"b<c>|^`',
    "control": "a\tb\x01\x7f",
    "bucket-again": "site/a",
    "long": "a" * 1024,
}

CONDITIONS = {
    "none": {},
    "if-none-match": {"IfNoneMatch": '"1"'},
    "if-none-match-weak-list": {"IfNoneMatch": 'W/"1", "2"'},
    "if-match-and-range": {"IfMatch": '"1"', "Range": "bytes=0-1"},
    "range-open": {"IfMatch": '"1"', "Range": "bytes=7-"},
    "spaces": {"IfNoneMatch": '"a  b" '},
}

ARN = "arn:aws:s3:eu-central-1:123456789012:accesspoint/site"
PLACES = {
    "path": {"endpoint_url": "http://store.example:9000", "addressing_style": "path"},
    "virtual": {"endpoint_url": "http://store.example:9000", "addressing_style": "virtual"},
    "auto": {"endpoint_url": "http://store.example"},
    "below-a-path": {"endpoint_url": "http://store.example/s3/", "addressing_style": "path"},
    "aws": {"endpoint_url": "http://s3.eu-central-1.amazonaws.com", "addressing_style": "virtual"},
    "another-region": {"endpoint_url": "http://store.example", "region": "eu-central-1"},
    "requester-pays": {"endpoint_url": "http://store.example", "requester_pays": "true"},
    "access-point": {"endpoint_url": "http://store.example", "bucket": ARN, "region": "eu-central-1"},
}

# Variables of the environment for the default chain; none for a key pair in flags.
CREDENTIALS: dict[str, dict[str, str]] = {
    "flags": {},
    "environment": {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"},
    "session-token": {
        "AWS_ACCESS_KEY_ID": "an-id",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_SESSION_TOKEN": "a-token/+==",
    },
}

# Signatures that the short way does not know: each request goes through botocore.
OTHER_SIGNATURES = {"unsigned": UNSIGNED, "version-2": "s3", "query": "s3v4-query"}


def _error(status: str, code: str, *headers: str, more: str = "") -> bytes:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>so</Message>{more}</Error>'
    return reply(status, "Content-Type: application/xml", *headers, body=body.encode())


MOVED = {
    "code": _error("301 Moved Permanently", "PermanentRedirect", "x-amz-bucket-region: eu-west-1"),
    "status-alone": reply("307 Temporary Redirect", "x-amz-bucket-region: eu-west-1"),
    "region-of-the-signature": _error(
        "400 Bad Request", "AuthorizationHeaderMalformed", more="<Region>eu-west-1</Region>"
    ),
}

REFUSALS = {
    "missing": _error("404 Not Found", "NoSuchKey"),
    "missing-without-body": reply("404 Not Found"),
    "missing-in-html": reply("404 Not Found", body=b"<html><body>no</body></html>"),
    "missing-in-words": reply("404 Not Found", body=b"no & nothing"),
    "no-bucket": _error("404 Not Found", "NoSuchBucket"),
    "forbidden": _error("403 Forbidden", "AccessDenied"),
    "forbidden-without-body": reply("403 Forbidden"),
    "wrong-secret": _error("403 Forbidden", "SignatureDoesNotMatch"),
    "wrong-clock": _error("403 Forbidden", "RequestTimeTooSkewed"),
    "archived": _error("403 Forbidden", "InvalidObjectState", more="<StorageClass>GLACIER</StorageClass>"),
    "token-expired": _error("400 Bad Request", "ExpiredToken"),
    "key-too-long": _error("400 Bad Request", "KeyTooLongError"),
    "customer-key": reply(
        "400 Bad Request",
        body=b"<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of "
        b"Server Side Encryption.</Message></Error>",
    ),
    "unauthorized": reply("401 Unauthorized"),
    "rfc9110-15.4.5": reply("304 Not Modified", 'ETag: "1"', "Cache-Control: max-age=9", "Expires: 0"),
    "rfc9110-15.4.1-choices": reply("300 Multiple Choices"),
    "rfc9110-15.5.13": _error("412 Precondition Failed", "PreconditionFailed"),
    "rfc9110-15.5.17": _error("416 Range Not Satisfiable", "InvalidRange"),
    "slow-down": _error("503 Slow Down", "SlowDown", "Retry-After: 7"),
    "too-many": reply("429 Too Many Requests", "Retry-After: 9"),
    "internal": _error("500 Internal Server Error", "InternalError"),
    "bad-gateway": reply("502 Bad Gateway", body=b"<html>bad</html>"),
    "another-region": _error("301 Moved Permanently", "PermanentRedirect"),
    "no-length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("credentials", CREDENTIALS.values(), ids=CREDENTIALS)
async def test_places(
    monkeypatch: pytest.MonkeyPatch, place: Mapping[str, str], credentials: Mapping[str, str]
) -> None:
    """However a bucket is addressed, and whoever asks, what goes out is what botocore sends."""
    async with both_ways(monkeypatch, place, credentials) as both:
        await compare(both, KEY, {})


@pytest.mark.parametrize("place", ["path", "virtual"])
async def test_keys(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Every key is encoded as botocore does."""
    async with both_ways(monkeypatch, PLACES[place]) as both:
        for key in KEYS.values():
            await compare(both, key, {})


@pytest.mark.parametrize("how", CONDITIONS.values(), ids=CONDITIONS)
async def test_conditions(monkeypatch: pytest.MonkeyPatch, how: Mapping[str, str]) -> None:
    """Conditions and ranges are those of this request, and none of the one that showed the way is left."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        await compare(both, KEY, how)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_any_key_shows_the_way(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """The way is the same whichever object was asked for first."""
    async with both_ways(monkeypatch, PLACES["virtual"]) as both:
        expected = await both.long(KEY, {})
        await both.short(key, {})
        assert lines(await both.short(KEY, {})) == lines(expected)
        assert both.long_ways == 2


async def test_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests of the same second carry the same signature, whichever way they go."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        await both.short("another", {})
        for _ in range(5):
            sent = [await both.long(KEY, {}), await both.short(KEY, {})]
            times, signatures = (
                {re.findall(pattern, head)[0] for head in sent}
                for pattern in (rb"X-Amz-Date: (\S+)", rb"Signature=(\S+)")
            )
            if len(times) == 1:  # else a second ended between them
                assert len(signatures) == 1
                return
        pytest.fail("never two in one second")


async def test_a_date_goes_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions that botocore rewrites are left to it, as are those that are no text for a header."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        await both.short(KEY, {})
        sent = await both.short(KEY, {"IfModifiedSince": "Sunday, 06-Nov-94 08:49:37 GMT"})
        assert b"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n" in sent
        await both.short(KEY, {})
        assert both.long_ways == 2
        await both.short(KEY, {"IfNoneMatch": '"é"'})
        assert both.long_ways == 3
        with pytest.raises(OriginError), origin_errors():
            await both.short(KEY, {"IfNoneMatch": '"1"\r\nx: y'})
        assert not any(b"x: y" in head for head in both.wire.heads)


@pytest.mark.parametrize("signature_version", OTHER_SIGNATURES.values(), ids=OTHER_SIGNATURES)
async def test_other_signatures(monkeypatch: pytest.MonkeyPatch, signature_version: Any) -> None:
    """What is not S3's Signature Version 4 in the header stays botocore's."""
    async with both_ways(monkeypatch, PLACES["path"], signature_version=signature_version) as both:
        for _ in range(3):
            await both.short(KEY, {})
        assert both.long_ways == 3


async def test_signing_of_a_kind_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where botocore signs with more than is known here, for example other credentials, it is left to botocore."""

    def sign_otherwise(*, request: Any, **_: Any) -> None:
        request.context["signing"]["request_credentials"] = None

    async with both_ways(monkeypatch, PLACES["path"]) as both:
        both.client.meta.events.register_first("before-sign.s3.GetObject", sign_otherwise)
        for _ in range(3):
            await both.short(KEY, {})
        assert both.long_ways == 3


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
async def test_refusals(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """What the bucket says means the same on both ways, to the word."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        await both.short(KEY, {})
        both.wire.answer = lambda _: answer
        getters = both.getter, ObjectGetter({"Bucket": "site"})
        meanings = [await _meaning(getter, both.client) for getter in getters]
    assert meanings[0] == meanings[1]


async def _meaning(getter: ObjectGetter, client: Any) -> object:
    try:
        with origin_errors():
            await getter.get(client, KEY, {})
    except Unchanged as unchanged:
        return unchanged.head
    except OriginError as error:
        return type(error), str(error), getattr(error, "retry_after", None)
    return None


async def test_an_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers come through as they are on both ways, also an Expires that is no date (RFC 9111 5.3)."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        first, second = [(await both.getter.get(both.client, KEY, {})).head for _ in range(2)]
    assert sorted(first.headers) == sorted(second.headers)
    assert first.content_length == second.content_length == 3
    assert first.header("expires") == "never"


@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
async def test_a_bucket_elsewhere(monkeypatch: pytest.MonkeyPatch, moved: bytes) -> None:
    """A redirect to another region is followed by botocore, once; those that come after go there at once."""
    async with both_ways(monkeypatch, PLACES["virtual"]) as both:
        await both.short(KEY, {})
        answers = deque([moved, moved])
        both.wire.answer = lambda _: answers.popleft() if answers else OK
        await both.short(KEY, {})
        assert both.long_ways == 2
        assert b"/eu-west-1/s3/aws4_request" in await both.short("another", {})
        assert both.long_ways == 2
        assert len(both.wire.heads) == 5


async def test_a_bucket_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect that leads nowhere is not tried the short way again."""
    async with both_ways(monkeypatch, PLACES["path"]) as both:
        await both.short(KEY, {})
        both.wire.answer = lambda _: _error("301 Moved Permanently", "PermanentRedirect")
        asked = []
        for _ in range(3):
            before = len(both.wire.heads)
            await _meaning(both.getter, both.client)
            asked.append(sum(head.startswith(b"GET ") for head in both.wire.heads[before:]))
        assert asked == [2, 1, 1]


async def test_s3_express(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory bucket has sessions of its own, which are left to botocore."""
    session = (
        b"<CreateSessionResult><Credentials><SessionToken>a-session</SessionToken><SecretAccessKey>s</SecretAccessKey>"
        b"<AccessKeyId>i</AccessKeyId><Expiration>2199-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>"
    )
    place = {"endpoint_url": "http://store.example", "bucket": "site--use1-az4--x-s3"}
    async with both_ways(monkeypatch, place) as both:
        both.wire.answer = lambda head: reply("200 OK", body=session) if b"?session" in head else OK
        for _ in range(3):
            assert b"x-amz-s3session-token: a-session" in (await both.short(KEY, {})).lower()
        assert both.long_ways == 3
