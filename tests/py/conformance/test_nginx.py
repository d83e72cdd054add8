"""Thousands of requests to nginx, which has the files on disk, and to the server, which has them in a bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conformance.accepted import ACCEPTED
from conformance.answer import Aspects, Difference, aspects, differences, flaws
from conformance.conversation import Conversation
from conformance.files import FILES, publish
from conformance.requests import Request, generate
from support.http_client import Connection
from support.nginx import Nginx
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar

PREFIX = "conformance/"
REQUESTS = generate(FILES, n_mixed=2_000)
ONE_OF_THEM = 8
"""Every so many requests is one that a cold cache is asked."""
N_SHOWN = 100
CLEAR = "/_proxy/_private/_cache/clear"


@dataclass
class Findings:
    """What came of asking both servers."""

    differing: list[Difference] = field(default_factory=list)
    flawed: list[str] = field(default_factory=list)
    left_without_a_word: list[Request] = field(default_factory=list)


@pytest.fixture(scope="module")
def server(seaweedfs: SeaweedFS, folder: Path) -> Iterator[Sidecar]:
    """Serve the files out of the bucket."""
    home = folder / "sidecar"
    home.mkdir()
    with Sidecar(seaweedfs, "--prefix", PREFIX, folder=home) as server:
        yield server


@pytest.fixture(scope="module")
def folder(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that holds the files in `root`; they are in the bucket too."""
    folder = tmp_path_factory.mktemp("conformance")
    publish(FILES, folder / "root", seaweedfs, PREFIX)
    return folder


@pytest.fixture(scope="module")
def findings(server: Sidecar, folder: Path) -> Findings:
    """Ask both servers everything."""
    home = folder / "nginx"
    home.mkdir()
    with (
        Nginx(folder / "root", home, is_gzipping=True) as nginx,
        Conversation(server.port) as ours,
        Conversation(nginx.port) as theirs,
    ):
        return compare(ours, theirs)


def compare(ours: Conversation, theirs: Conversation) -> Findings:
    """Send each request to both, and read both answers."""
    findings = Findings(left_without_a_word=ours.left_without_a_word)
    for request in REQUESTS:
        ours.send(request)
        theirs.send(request)
        our_answer, their_answer = answer(ours, request, findings.flawed), answer(theirs, request, [])
        findings.differing += differences(request, our_answer, their_answer)
    return findings


def answer(conversation: Conversation, request: Request, flawed: list[str]) -> Aspects:
    """Read an answer, and note what is wrong with it in itself."""
    try:
        reply, connection = conversation.receive(request)
    except (ConnectionError, TimeoutError, ValueError) as error:
        flawed.append(f"{request.id}: {error!r}")
        return {"status": f"no answer: {error!r}"}
    flawed += [f"{request.id}: {flaw}" for flaw in flaws(request, reply)]
    return aspects(request, reply, connection)


def listing(lines: Sequence[object]) -> str:
    """Write the first lines of what may be very many."""
    rest = [f"… and {len(lines) - N_SHOWN} more"] if len(lines) > N_SHOWN else []
    return "\n".join([f"{len(lines)}:", *map(str, lines[:N_SHOWN]), *rest])


def test_answers_are_nginxs_or_differ_for_a_reason(findings: Findings) -> None:
    """Status, headers that matter, body and connection: whatever differs has a row in the table."""
    unaccepted = [found for found in findings.differing if not any(row.covers(found) for row in ACCEPTED)]
    assert not unaccepted, listing(unaccepted)


def test_no_accepted_difference_is_out_of_date(findings: Findings) -> None:
    """Every row of the table covers something still."""
    unneeded = [row.name for row in ACCEPTED if not any(row.covers(found) for found in findings.differing)]
    assert unneeded == []


def test_no_answer_is_wrong_in_itself(findings: Findings) -> None:
    """What the RFC asks of every answer holds, whatever nginx does."""
    assert not findings.flawed, listing(findings.flawed)


def test_no_connection_ends_unannounced(findings: Findings) -> None:
    """A connection that will be closed is said to be, so that no client sends another request into it."""
    assert not findings.left_without_a_word, listing(findings.left_without_a_word)


def test_a_cold_cache_answers_as_a_warm_one(server: Sidecar) -> None:
    """A request that has to be forwarded gets the answer that the cache gives to the same one a moment later."""
    differing: list[Difference] = []
    with Connection(server.port) as operator, Conversation(server.port) as visitor:
        for request in REQUESTS[::ONE_OF_THEM]:
            cleared = operator.request("GET", CLEAR, {"Authorization": f"Bearer {AUTH_KEY}"})
            assert cleared.status == 304
            visitor.send(request)
            cold = answer(visitor, request, [])
            visitor.send(request)
            differing += differences(request, cold, answer(visitor, request, []))
    assert not differing, listing(differing)
