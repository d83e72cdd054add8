"""Thousands of requests to a server that answers from memory and to one that never does: the same, byte by byte."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Self, TypeAlias

import pytest
from conformance.files import FILES, SiteFile, publish
from conformance.raw_answer import OWN_EXPIRES, RawConnection, is_last, is_timely, timeless
from conformance.requests import Request, generate, plain_target, validators
from support.http_client import request as ask
from support.http_reply import Head
from support.opened import Opened
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar

PREFIX = "hot-path/"
LARGE = SiteFile("large.bin", bytes(range(251)) * 8_000)
"""Over the mebibyte that an answer from memory may have: only parts of it are."""
SITE = (*FILES, LARGE)
ORIGIN = "https://a.example"
N_MIXED = 1_000
TIMES = 3
"""An answer is kept the second time that it is given out of the cache; before that it is fetched."""
SHARE = 0.4
"""Of all GETs and HEADs; what is missing, malformed or in several parts is never answered from memory."""
OF_AN_OBJECT = {200, 206, 304, 412, 416}

Values: TypeAlias = Mapping[str, str]

CONFIGURATIONS = {
    "plain": (),
    "everything": (
        *("--header", "X-Frame-Options: DENY", "--header", "/assets/*=Cache-Control: public, max-age=99, immutable"),
        *("--header", "*.html=Content-Type: text/x-own", "--header", "Vary: Accept"),
        *("--allowed-origins", f"{ORIGIN},https://b.example"),
        *("--reject-query-strings", "true", "--honor-client-cache-control", "true", "--expose-metadata", "true"),
    ),
}

MORE: tuple[tuple[tuple[str, str], ...], ...] = (
    (("Origin", ORIGIN),),
    (("Origin", "https://stranger.example"),),
    (("Origin", ORIGIN), ("Range", "bytes=0-9")),
    (("Cache-Control", "only-if-cached"),),
    (("Cache-Control", "max-age=86400"),),
    (("Expect", "100-continue"),),
    (("Upgrade", "websocket"), ("Connection", "upgrade")),
    (("If-None-Match", ""), ("Accept-Encoding", "")),
    (("Accept-Encoding", "gzip"), ("Accept-Encoding", "br")),
    (("Content-Length", "0"),),
    (("X-Forwarded-For", "192.0.2.1"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
)


@dataclass
class Findings:
    """What came of asking both servers: answers, the hot one's first, and which requests were answered from memory."""

    differing: list[tuple[Request, bytes, bytes]] = field(default_factory=list)
    asked: int = 0
    hot: list[Request] = field(default_factory=list)
    hot_without_memory: list[Request] = field(default_factory=list)
    untimely: list[str] = field(default_factory=list)
    staying: list[tuple[Request, bytes]] = field(default_factory=list)
    """Requests that leave the connection open, and what is right for them."""


@dataclass
class Pair:
    """A server that answers from memory, one that does not, and what tells which files of their caches are opened."""

    hot: Sidecar
    cold: Sidecar
    hot_opened: Opened
    cold_opened: Opened
    validators: dict[tuple[str | None, str | None], Values] = field(default_factory=dict)

    def write(self, request: Request) -> bytes:
        """The bytes of a request, the same for both: their validators are the bucket's, or made in the same way."""
        about = (request.path, request.header("Accept-Encoding"))
        if about not in self.validators:
            headers = {} if about[1] is None else {"Accept-Encoding": about[1]}
            replies = [
                ask(server.port, "HEAD", plain_target(about[0] or ""), headers) for server in (self.hot, self.cold)
            ]
            said = [(reply.header("etag"), reply.header("last-modified")) for reply in replies]
            assert said[0] == said[1]
            self.validators[about] = validators(*said[0]) if about[0] is not None else validators(None, None)
        return request.encode("site.example", self.validators[about])


def requests() -> list[Request]:
    """All requests; those that may change what is stored come last."""
    more = [
        Request(f"more/{method}/{path}/{headers}", method, plain_target(path), headers, path)
        for headers in MORE
        for path in ("page.html", "assets/site.css", "large.bin", "told.bin")
        for method in ("GET", "HEAD")
    ]
    last = [replace(one, headers=(*one.headers, ("Cache-Control", "no-cache")), id=f"last/{one.id}") for one in more]
    queries = [Request(f"query/{query!r}", "GET", b"/page.html?" + query) for query in (b"a#b", b"\x01", b"\xff", b"%")]
    return [*generate(SITE, n_mixed=N_MIXED), *more, *queries, *last]


REQUESTS = requests()


@pytest.fixture(scope="module")
def site(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> SeaweedFS:
    """Put the files into the bucket, and one of which much is told."""
    publish(SITE, tmp_path_factory.mktemp("root"), seaweedfs, PREFIX)
    seaweedfs.put(
        f"{PREFIX}told.bin",
        b"told" * 100,
        content_type="image/x-told",
        cache_control="max-age=1000, stale-if-error=5",
        content_disposition='attachment; filename="f"',
        content_language="de",
        expires=OWN_EXPIRES,
        metadata={"author": "me", "b": "2"},
    )
    return seaweedfs


@pytest.fixture(scope="module", params=list(CONFIGURATIONS.values()), ids=list(CONFIGURATIONS))
def pair(request: pytest.FixtureRequest, site: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Start both servers, with one worker each, and ask each for everything until it is in memory."""
    with ExitStack() as stack:

        def start(name: str, *options: str) -> tuple[Sidecar, Opened]:
            options = ("--prefix", PREFIX, *request.param, *options)
            server = Sidecar(site, *options, folder=tmp_path_factory.mktemp(name))
            stack.enter_context(server)
            return server, stack.enter_context(Opened(server.cache_dir))

        hot, hot_opened = start("hot")
        cold, cold_opened = start("cold", "--hot-size", "0")
        pair = Pair(hot, cold, hot_opened, cold_opened)
        warm(pair)
        yield pair


def warm(pair: Pair) -> None:
    """Ask both for everything that is asked for later, in all codings."""
    wanted = {
        Request("warm", "GET", one.target.partition(b"?")[0], () if coding is None else (("Accept-Encoding", coding),))
        for one in REQUESTS
        if one.method in {"GET", "HEAD"}
        for coding in (one.header("Accept-Encoding"),)
    }
    for server, opened in ((pair.hot, pair.hot_opened), (pair.cold, pair.cold_opened)):
        with Caller(server, opened) as caller:
            for request in sorted(wanted, key=repr):
                for _ in range(TIMES):
                    caller.ask(request.encode("site.example", {}), "GET")


@pytest.fixture(scope="module")
def findings(pair: Pair) -> Findings:
    """Ask both servers everything, each request for itself."""
    findings = Findings()
    with Caller(pair.hot, pair.hot_opened) as hot, Caller(pair.cold, pair.cold_opened) as cold:
        for request in REQUESTS:
            raw = pair.write(request)
            answers = hot.ask(raw, request.method), cold.ask(raw, request.method)
            findings.untimely += [f"{request.id}: {answer!r}" for answer in answers if not is_timely(answer)]
            if timeless(answers[0]) != timeless(answers[1]):
                findings.differing.append((request, *answers))
            if not is_last(answers[1]):
                findings.staying.append((request, answers[1]))
            if request.method in {"GET", "HEAD"}:
                findings.asked += 1
                findings.hot += [request] if hot.was_from_memory else []
                findings.hot_without_memory += [request] if cold.was_from_memory else []
    return findings


class Caller:
    """Asks a server, on one connection as long as that is kept; a context manager."""

    def __init__(self, server: Sidecar, opened: Opened) -> None:
        self._server = server
        self._opened = opened
        self._connection = RawConnection(server.port)
        self.was_from_memory = False
        """Whether the last answer was one for an object with a body, and no file was opened for it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, raw: bytes, method: str) -> bytes:
        """Send a request, and read the answer; when that is the last one, to the end of the connection."""
        self._opened.count()
        self._connection.send(raw)
        answer = self._connection.receive(method)
        assert answer, raw
        self.was_from_memory = _is_of_a_body(answer) and self._opened.count() == 0
        if is_last(answer):
            answer += self._connection.rest()
            self._connection.close()
            self._connection = RawConnection(self._server.port)
        return answer


def _is_of_a_body(answer: bytes) -> bool:
    head = Head.parse(answer.partition(b"\r\n\r\n")[0])
    is_hit = (head.header("cache-status") or "").startswith("s3-sidecar; hit")
    return is_hit and head.status in OF_AN_OBJECT


def written(differing: Sequence[tuple[Request, bytes, bytes]]) -> str:
    """What differs, for a reader."""
    lines = [f"{one.id}: {timeless(hot)[:900]!r}\n  not: {timeless(cold)[:900]!r}" for one, hot, cold in differing[:20]]
    return "\n".join([f"{len(differing)}:", *lines])


def test_answers_are_the_same(findings: Findings) -> None:
    """Head and body, the order and spelling of the headers, and what becomes of the connection."""
    assert not findings.differing, written(findings.differing)


def test_date_age_and_freshness_agree(findings: Findings) -> None:
    """What is left out of the comparison above is right in itself, for representations of all codings."""
    assert findings.untimely == []


def test_many_were_answered_from_memory(findings: Findings) -> None:
    """For them no file of the cache was opened; the other server opens one for every answer that has a body."""
    assert len(findings.hot) > SHARE * findings.asked
    assert {request.method for request in findings.hot} == {"GET", "HEAD"}
    assert [one.id for one in findings.hot_without_memory if one.path != "empty.txt"] == []


def test_pipelined_requests_get_the_same_answers(pair: Pair, findings: Findings) -> None:
    """All that leave the connection open, in one write: each answer is in its place."""
    requests = b"".join(pair.write(request) for request, _ in findings.staying)
    with RawConnection(pair.hot.port) as connection:
        sending = Thread(target=connection.send, args=(requests,))
        sending.start()
        both = [(request, connection.receive(request.method), expected) for request, expected in findings.staying]
        sending.join()
    assert len(both) > 0.9 * len(REQUESTS)
    differing = [each for each in both if timeless(each[1]) != timeless(each[2])]
    assert not differing, written(differing)
