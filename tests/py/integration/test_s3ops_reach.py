"""s3ops and servers that are old, broken, silent, or behind a socket or TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from support.operator import Operator
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.wire_server import WireServer

OLDER = {
    b"GET /_proxy/_private/_cache/clear HTTP/1.1": b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n",
    b"POST": b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD, OPTIONS\r\ncontent-length: 23\r\n"
    b"content-type: text/plain; charset=utf-8\r\n\r\n405 Method Not Allowed\n",
    b"GET": b"HTTP/1.1 404 Not Found\r\ncontent-length: 14\r\n"
    b"content-type: text/plain; charset=utf-8\r\n\r\n404 Not Found\n",
}
"""What s3proxy said before it had any endpoint but the one that clears, taken from it."""

ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b" " * (33 * 1024 * 1024)

STRANGE = {
    "breaks-off": (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", 3, "the connection broke off"),
    "closes-at-once": (b"", 3, "the connection broke off"),
    "not-http": (b"220 mail.example.com ESMTP\r\n", 3, "no proper answer"),
    "silent": (None, 3, "no answer within 0.5 s"),
    "too-much": (ENDLESS, 3, "more than 33554432 bytes"),
    "another-program": (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", 1, "the answer is not JSON"),
    "redirect": (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", 1, "302"),
}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody with the right token."""
    return Operator(tmp_path, {"S3OPS_TOKEN": AUTH_KEY})


def older(line: bytes) -> bytes:
    """The older server's answer."""
    return OLDER.get(line) or OLDER[line.partition(b" ")[0]]


def test_an_older_server_is_cleared(operator: Operator) -> None:
    """The endpoint that every version has is used where the newer one is missing."""
    with WireServer(older) as server:
        ran = operator.run("cache", "clear", "--url", server.url, "--json")
    assert (ran.code, ran.pod["data"], ran.stderr) == (0, {"cleared": True}, "")
    assert server.requests[1].startswith(b"GET /_proxy/_private/_cache/clear HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer abc123\r\n" in server.requests[1]


@pytest.mark.parametrize(
    "words",
    [["cache", "stats"], ["cache", "purge", "a"], ["cache", "warm", "/"], ["status"], ["top"], ["metrics"]],
    ids=" ".join,
)
def test_an_older_server_says_so(operator: Operator, words: list[str]) -> None:
    """Any other command says that the server is too old for it."""
    with WireServer(older) as server:
        ran = operator.run(*words, "--url", server.url)
    assert (ran.code, ran.stdout) == (1, "")
    assert "this server has no such endpoint" in ran.stderr
    assert "older than this s3ops" in ran.stderr


@pytest.mark.parametrize(("answer", "code", "reason"), STRANGE.values(), ids=STRANGE)
def test_a_strange_server(operator: Operator, answer: bytes | None, code: int, reason: str) -> None:
    """What comes back is bounded and explained, redirects are not followed, and no traceback is shown."""
    with WireServer(lambda _: answer) as server:
        ran = operator.run("cache", "stats", "--url", server.url, "--timeout", "0.5" if answer is None else "20")
    assert (ran.code, ran.stdout) == (code, "")
    assert reason in ran.stderr
    assert "Traceback" not in ran.stderr
    assert AUTH_KEY not in ran.stderr


def _lines(*lines: bytes, length: int = 0) -> bytes:
    body = b"".join(line + b"\n" for line in lines)
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (length or len(body), body)


RUNNING = b'{"state": "running", "total": null, "done": 3, "hits": 1, "fetched": 2, "missing": 0, "failed": 0}'
FAILED = (
    b'{"state": "failed", "done": 3, "hits": 1, "fetched": 2, "missing": 0, "failed": 0, "error": "the bucket\x1b[2J"}'
)
NOTHING = b'{"state": "failed", "done": 0, "hits": 0, "fetched": 0, "missing": 0, "failed": 0, "error": "no list"}'
BROKEN = {
    "server-says-so": (_lines(RUNNING, FAILED.replace(b"\x1b", b"\\u001b")), 4, r"the bucket\x1b[2J"),
    "before-anything-was-done": (_lines(NOTHING), 1, "no list"),
    "connection-breaks": (_lines(RUNNING, length=1000), 4, "ended its answer early"),
    "half-a-line": (_lines(RUNNING, b'{"sta', length=1000), 4, "not JSON"),
    "no-line-at-all": (_lines(length=1000), 1, "ended its answer early"),
}


@pytest.mark.parametrize(("answer", "code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_warm_that_breaks_off(operator: Operator, answer: bytes, code: int, reason: str) -> None:
    """What was done counts, and the command says that it is not all."""
    with WireServer(lambda _: answer) as server:
        ran = operator.run("cache", "warm", "/", "--url", server.url, "--json")
    assert (ran.code, ran.stderr) == (code, "")
    assert ran.pod["data"]["fetched"] == (2 if code == 4 else 0)
    assert reason in ran.pod["error"]


def test_purges_done_in_part(operator: Operator) -> None:
    """One of two is refused: the code is 4, and what was purged is told."""
    done = b'{"rules": [{"scope": "key", "value": "a", "soft": false}], "removed": 1}'
    answers = iter([_lines(done), b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"])
    with WireServer(lambda _: next(answers)) as server:
        ran = operator.run("cache", "purge", "a", "b", "--url", server.url, "--json")
    assert (ran.code, ran.pod["result"], ran.pod["data"]["removed"], ran.pod["data"]["failed"]) == (4, "partly", 1, 1)
    assert "1 of 2 purges failed: 503" in ran.pod["error"]


def test_errors_are_json_too(operator: Operator) -> None:
    """With --json stdout has the error, and stderr nothing."""
    ran = operator.run("cache", "stats", "--url", "http://127.0.0.1:1", "--json")
    assert (ran.code, ran.stderr) == (3, "")
    assert ran.data["exit"] == 3
    assert (ran.pod["result"], ran.pod["error"], ran.pod["data"]) == ("unreachable", "nobody listens there", None)


def test_several_urls_of_the_environment(operator: Operator) -> None:
    """Separated by spaces; each is a pod."""
    ran = operator.run("cache", "stats", "--json", S3OPS_URL="http://127.0.0.1:1 http://127.0.0.1:2")
    assert [pod["pod"] for pod in ran.data["pods"]] == ["127.0.0.1:1", "127.0.0.1:2"]


def test_shells_complete(operator: Operator) -> None:
    """What `s3ops completion` sets up asks s3ops itself."""
    words = {"_S3OPS_COMPLETE": "bash_complete", "COMP_WORDS": "s3ops cache cl", "COMP_CWORD": "2"}
    assert operator.run(**words).stdout == "plain,clear\n"


def test_nothing_to_ask_is_json_too(operator: Operator) -> None:
    """A name that leads nowhere is the whole answer."""
    ran = operator.run("cache", "stats", "--dns", "no-such-name.invalid:1", "--json")
    assert (ran.code, ran.stderr, ran.data["pods"]) == (3, "", [])
    assert "does not resolve" in ran.data["error"]


@pytest.fixture(scope="module")
def by_socket(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server on a socket in the folder."""
    folder = tmp_path_factory.mktemp("socket")
    path = folder / "s3proxy.sock"
    server = Sidecar(seaweedfs, "--host", f"unix:{path}", "--ops-port", "0", folder=folder)
    try:
        server.launch()
        server.process.wait_until(lambda: server.log().count("worker ready") == 1)
        yield path
    finally:
        server.kill()


def test_own_socket(by_socket: Path, tmp_path: Path) -> None:
    """Within the container: no option, the same environment as the server."""
    ran = Operator(tmp_path, {"HOST": f"unix:{by_socket}", "AUTH_KEY": AUTH_KEY}).run("cache", "clear", "--json")
    assert (ran.code, ran.pod["data"], ran.pod["pod"]) == (0, {"cleared": True}, f"unix:{by_socket}")


def test_socket_by_url(by_socket: Path, operator: Operator) -> None:
    """From outside, by its URL."""
    assert operator.run("cache", "stats", "--url", f"unix:{by_socket}", "--json").code == 0
    assert operator.run("cache", "stats", "--url", f"unix:{by_socket}.gone").code == 3


@pytest.fixture(scope="module")
def by_tls(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A server with a certificate for the name that its clients use: its folder and port."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    made = authority.issue_cert("www.example.com")
    made.private_key_pem.write_to_path(str(folder / "tls.key"))
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(folder / "tls.crt"), append=True)
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    files = ("--tls-cert", str(folder / "tls.crt"), "--tls-key", str(folder / "tls.key"), "--ops-port", "0")
    server = Sidecar(seaweedfs, *files, folder=folder)
    try:
        server.launch()
        server.process.wait_until(lambda: server.log().count("worker ready") == 1)
        (told,) = (message for message in server.messages() if message.startswith("listening on "))
        yield folder, int(told.rpartition(":")[2])
    finally:
        server.kill()


def test_own_certificate(by_tls: tuple[Path, int], tmp_path: Path) -> None:
    """Within the container the server is known by its very certificate, whatever name is on it."""
    folder, port = by_tls
    env = {"HOST": "127.0.0.1", "PORT": str(port), "AUTH_KEY": AUTH_KEY}
    operator = Operator(tmp_path, env | {"TLS_CERT": str(folder / "tls.crt"), "TLS_KEY": str(folder / "tls.key")})
    assert operator.run("cache", "clear", "--json").pod["data"] == {"cleared": True}


def test_another_certificate(by_tls: tuple[Path, int], tmp_path: Path) -> None:
    """Whoever else has a certificate of the same authority is not that server, and is told no token."""
    _, port = by_tls
    other = trustme.CA().issue_cert("127.0.0.1")
    other.cert_chain_pems[0].write_to_path(str(tmp_path / "tls.crt"))
    operator = Operator(tmp_path, {"PORT": str(port), "AUTH_KEY": AUTH_KEY, "TLS_CERT": str(tmp_path / "tls.crt")})
    ran = operator.run("cache", "clear")
    assert ran.code == 3
    assert "certificate is not trusted" in ran.stderr


def test_certificates_from_outside(by_tls: tuple[Path, int], operator: Operator) -> None:
    """Authority and name both count; plain HTTP is not taken for TLS."""
    folder, port = by_tls
    url, authority = f"https://127.0.0.1:{port}", ("--ca-file", str(folder / "ca.crt"))
    assert "--ca-file" in operator.run("cache", "stats", "--url", url).stderr
    assert "mismatch" in operator.run("cache", "stats", "--url", url, *authority).stderr
    assert operator.run("cache", "stats", "--url", f"http://127.0.0.1:{port}").code == 3


def test_a_file_of_the_wrong_kind(operator: Operator, tmp_path: Path) -> None:
    """A CA file that is none is said to be so."""
    (tmp_path / "ca.crt").write_text("no certificate")
    ran = operator.run("cache", "stats", "--url", "https://127.0.0.1:1", "--ca-file", str(tmp_path / "ca.crt"))
    assert ran.code != 0
    assert "Traceback" not in ran.stderr
