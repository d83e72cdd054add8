"""Answers that lead elsewhere. Pure."""

from sidecar.cache.stored import StoredResponse
from sidecar.origin.steps import Redirect
from sidecar.server.faults import words_of
from sidecar.server.responses import Reply, freshness_fields, text_reply


def redirect_reply(step: Redirect, stored: StoredResponse | None, now: float) -> Reply:
    """Lead to `step.location`; `stored` is the object that says so, where one does.

    A redirect of an object is as fresh as the object. One of the rules may be taken back, and clients that know no
    freshness keep a 301 for good (RFC 9110 15.4.2): they are told to ask again.
    """
    freshness = freshness_fields(stored, now) if step.is_of_object and stored else (("cache-control", "no-cache"),)
    return text_reply(step.status, words_of(step.status), now, ("location", step.location), *freshness)
