"""Answers that lead elsewhere."""

import pytest
from unit.server.test_responses import NOW, STORED

from sidecar.cache.stored import StoredResponse
from sidecar.origin.steps import Redirect
from sidecar.server.redirects import redirect_reply

# The step, what was found with it → status, text and freshness.
REPLIES: dict[str, tuple[Redirect, StoredResponse | None, tuple[int, bytes, dict[str, str]]]] = {
    "rfc9110-15.4.3-folder": (Redirect(302, "/a/"), STORED, (302, b"302 Found\n", {"cache-control": "no-cache"})),
    "rfc9110-15.4.2-rule": (
        Redirect(301, "/a/"),
        None,
        (301, b"301 Moved Permanently\n", {"cache-control": "no-cache"}),
    ),
    "rfc9110-15.4.9-rule": (
        Redirect(308, "/a/"),
        None,
        (308, b"308 Permanent Redirect\n", {"cache-control": "no-cache"}),
    ),
    "object": (
        Redirect(301, "/a/", is_of_object=True),
        STORED,
        (301, b"301 Moved Permanently\n", {"cache-control": "max-age=300", "age": "15"}),
    ),
}


@pytest.mark.parametrize(("step", "stored", "expected"), REPLIES.values(), ids=REPLIES)
def test_redirect(step: Redirect, stored: StoredResponse | None, expected: tuple[int, bytes, dict[str, str]]) -> None:
    """It has a Location, a line of text, and a freshness that lets a rule be taken back."""
    reply = redirect_reply(step, stored, NOW)
    fields = dict(reply.fields)
    freshness = {name: fields[name] for name in ("cache-control", "age") if name in fields}
    assert (reply.status, reply.text, freshness) == expected
    assert fields["location"] == "/a/"
    assert fields["content-length"] == str(len(reply.text))
    assert not set(fields) & {"etag", "last-modified", "accept-ranges", "expires"}
