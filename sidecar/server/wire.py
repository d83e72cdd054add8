"""Replies as bytes, for answers that are not Sanic's."""

from http import HTTPStatus

from sidecar.server.responses import Reply


def encode_reply(reply: Reply, *, is_kept: bool) -> bytes:
    """Status line, headers and text of a reply; without its text where that is a stored body's."""
    status = HTTPStatus(reply.status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in reply.fields)]
    lines.append("connection: keep-alive" if is_kept else "connection: close")
    return "\r\n".join((*lines, "", "")).encode() + reply.text
