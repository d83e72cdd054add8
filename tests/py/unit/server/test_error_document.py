"""An object as the body of an error."""

from dataclasses import replace

from unit.server.test_responses import DATE, LENGTH, NOW, STORED

from sidecar.http.ranges import ByteRange
from sidecar.server.error_document import with_document
from sidecar.server.responses import Part, missing_reply, text_reply

ENCODED = replace(
    STORED,
    headers=(
        *STORED.headers,
        ("cache-control", "max-age=9"),
        ("expires", DATE),
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("content-disposition", "attachment"),
        ("vary", "accept-encoding"),
        ("x-amz-website-redirect-location", "/a"),
    ),
)


def test_it_is_sent_whole_and_says_nothing_of_itself() -> None:
    """What is needed to read it, and how long the absence is worth something; neither validator nor freshness."""
    reply = with_document(missing_reply(STORED, NOW), ENCODED, media_type="text/html")
    assert (reply.status, reply.text, reply.parts) == (404, b"", (Part(ByteRange(0, LENGTH), LENGTH),))
    assert dict(reply.fields) == {
        "date": DATE,
        "cache-control": "max-age=300",
        "age": "15",
        "content-type": "text/html",
        "content-encoding": "gzip",
        "content-language": "de",
        "vary": "accept-encoding",
        "content-length": str(LENGTH),
    }
    assert len(dict(reply.fields)) == len(reply.fields)


def test_an_empty_document_has_no_bytes() -> None:
    """There is nothing to stream."""
    error = text_reply(403, "403 Forbidden", NOW)
    reply = with_document(error, replace(STORED, content_length=0), media_type="text/html")
    assert (reply.status, reply.text, reply.parts, dict(reply.fields)["content-length"]) == (403, b"", (), "0")
