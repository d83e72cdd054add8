"""Wrong answers are found before they are measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import pytest
from support.fixed_answer import answering

from bench.probe import WrongAnswerError, check_answer
from bench.servers import OURS, Server
from bench.site import SMALL

if TYPE_CHECKING:
    from bench.origin import Origin


class Remote(Server):
    """A server that somebody else runs."""

    name: ClassVar[str] = "remote"

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """It is left alone."""

    def pids(self) -> tuple[int, ...]:
        """Unknown."""
        return ()

    @classmethod
    def version(cls) -> str:
        """Unknown."""
        return ""


class RemoteOurs(Remote):
    """One that claims to be ours."""

    name: ClassVar[str] = OURS


@contextmanager
def remote(answer: bytes, kind: type[Server] = Remote) -> Iterator[Server]:
    """A server that answers so."""
    with answering(answer) as port:
        server = kind(Path(), cast("Origin", None))
        server.port = port
        yield server


def reply(body: bytes, status: int = 200, *fields: bytes) -> bytes:
    """An answer."""
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n%s" % (status, lines, len(body), body)


BODY = SMALL.body()
HIT = b"cache-status: s3proxy; hit; ttl=1"


def test_right_answers() -> None:
    """They can be measured."""
    with remote(reply(BODY)) as server:
        assert check_answer(server, SMALL, ()) == ""
    with remote(reply(BODY, 200, HIT), RemoteOurs) as server:
        assert check_answer(server, SMALL, ()) == ""
    with remote(reply(BODY[10:20], 206)) as server:
        assert check_answer(server, SMALL, (("Range", "bytes=10-19"),), 206) == ""


@pytest.mark.parametrize(
    ("answer", "kind", "fields", "status"),
    [
        (reply(b"something else"), Remote, (), 200),
        (reply(BODY, 404), Remote, (), 200),
        (reply(BODY), Remote, (("If-None-Match", '"a"'),), 304),
        (reply(BODY[10:20], 206), Remote, (("Range", "bytes=11-20"),), 206),
        (reply(BODY, 200, b"cache-status: s3proxy; fwd=uri-miss"), RemoteOurs, (), 200),
    ],
    ids=["body", "status", "not-conditional", "another-range", "no-hit"],
)
def test_wrong_answers(answer: bytes, kind: type[Server], fields: tuple[tuple[str, str], ...], status: int) -> None:
    """They stop the bench."""
    with remote(answer, kind) as server, pytest.raises(WrongAnswerError):
        check_answer(server, SMALL, fields, status)


def test_a_coding_that_ours_does_not_have() -> None:
    """It is the one reason to skip a case; a peer without it is a mistake in its configuration."""
    asked = (("Accept-Encoding", "gzip"),)
    with remote(reply(BODY, 200, HIT), RemoteOurs) as server:
        assert "without the content coding gzip" in check_answer(server, SMALL, asked, coding="gzip")
    with remote(reply(BODY)) as server, pytest.raises(WrongAnswerError):
        check_answer(server, SMALL, asked, coding="gzip")
