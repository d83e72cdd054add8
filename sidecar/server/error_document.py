"""An object as the body of an error. Pure."""

from dataclasses import replace

from sidecar.cache.stored import StoredResponse
from sidecar.http.ranges import ByteRange
from sidecar.server.responses import Part, Reply

_OF_THE_BODY = frozenset({"content-type", "content-length"})
_PASSED_ON = ("content-encoding", "content-language", "vary")


def with_document(error: Reply, stored: StoredResponse, *, media_type: str) -> Reply:
    """The same error with all of a document as its body, in place of a line of text.

    Without the document's validators and freshness, which say nothing of what is missing, and without ranges; for the
    same reason conditions are not looked at (RFC 9110 13.2.1, 14.2).
    """
    length = stored.content_length
    fields = (
        *(field for field in error.fields if field[0] not in _OF_THE_BODY),
        ("content-type", media_type),
        *((name, value) for name in _PASSED_ON if (value := stored.header(name)) is not None),
        ("content-length", str(length)),
    )
    return replace(error, fields=fields, text=b"", parts=(Part(ByteRange(0, length), length),) if length else ())
