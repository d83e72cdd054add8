"""HTTPS: a certificate, its renewal, and files that do not fit together."""

import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from support.programs import clean_environment
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar

LISTENING = re.compile(r"listening on https://127\.0\.0\.1:(\d+)")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Found an authority that the clients here trust."""
    return trustme.CA()


def issue(authority: trustme.CA, folder: Path) -> None:
    """Write a new certificate and its key, each at once, as Kubernetes does."""
    made = authority.issue_cert("127.0.0.1")
    for name, blobs in {"tls.crt": made.cert_chain_pems, "tls.key": [made.private_key_pem]}.items():
        new = folder / f"{name}.new"
        new.write_bytes(b"".join(blob.bytes() for blob in blobs))
        new.replace(folder / name)


@pytest.fixture(scope="module")
def server(seaweedfs: SeaweedFS, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Serve over TLS with two workers."""
    folder = tmp_path_factory.mktemp("tls")
    issue(authority, folder)
    seaweedfs.put("tls.bin", bytes(range(256)) * 8192)
    files = ("--tls-cert", str(folder / "tls.crt"), "--tls-key", str(folder / "tls.key"))
    server = Sidecar(seaweedfs, *files, workers=2, folder=folder)
    try:
        server.launch()
        server.process.wait_until(lambda: server.log().count("worker ready") == 2)
        yield server
    finally:
        server.kill()


def port_of(server: Sidecar) -> int:
    """Read from its log where it listens."""
    found = LISTENING.search(server.log())
    assert found
    return int(found[1])


def connect(server: Sidecar, authority: trustme.CA, **limits: ssl.TLSVersion) -> ssl.SSLSocket:
    """Open a connection as a client that trusts the authority; raises ssl.SSLError."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    for name, value in limits.items():
        setattr(context, name, value)
    plain = socket.create_connection(("127.0.0.1", port_of(server)), timeout=10)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def serial_of(server: Sidecar, authority: trustme.CA) -> str:
    """Return the serial number of the certificate that a new connection is shown."""
    with connect(server, authority) as connection:
        return str((connection.getpeercert() or {})["serialNumber"])


def test_an_object_comes_over_tls(server: Sidecar, authority: trustme.CA) -> None:
    """All of a body of many records; a second request on the same connection too."""
    with connect(server, authority) as connection:
        for _ in range(2):
            connection.sendall(b"GET /tls.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while not received.endswith(b"\r\n\r\n"):
                received += connection.recv(1)
            body = b""
            while len(body) < 256 * 8192:
                body += connection.recv(65536)
            assert body == bytes(range(256)) * 8192


def test_what_is_no_request_is_answered_over_tls(server: Sidecar, authority: trustme.CA) -> None:
    """The 400 arrives before the connection ends."""
    with connect(server, authority) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_old_protocols_are_refused(server: Sidecar, authority: trustme.CA) -> None:
    """TLS 1.2 is the oldest that is spoken."""
    with connect(server, authority, maximum_version=ssl.TLSVersion.TLSv1_2) as connection:
        assert connection.version() == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises(ssl.SSLError):
        connect(server, authority, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_a_renewed_certificate_is_taken_up(server: Sidecar, authority: trustme.CA) -> None:
    """New connections get it without a restart, in every worker; open ones go on."""
    before = serial_of(server, authority)
    with connect(server, authority) as connection:
        issue(authority, server.folder)
        server.process.wait_until(lambda: server.log().count("was taken up anew") == 2)
        assert {serial_of(server, authority) for _ in range(8)}.isdisjoint({before})
        connection.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 404"


def test_half_a_renewal_changes_nothing(server: Sidecar, authority: trustme.CA, tmp_path: Path) -> None:
    """A certificate without its key is told to the log, and the old one stays in use until the key is there."""
    before, told = serial_of(server, authority), server.log().count("the old one stays in use")
    issue(authority, tmp_path)
    (tmp_path / "tls.crt").replace(server.folder / "tls.crt")
    server.process.wait_until(lambda: server.log().count("the old one stays in use") >= told + 2)
    assert serial_of(server, authority) == before
    (tmp_path / "tls.key").replace(server.folder / "tls.key")
    server.process.wait_until(lambda: {serial_of(server, authority) for _ in range(8)}.isdisjoint({before}))


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("tls.crt", None, "--tls-key (or TLS_KEY) is required when --tls-cert is given"),
        ("none.crt", "tls.key", "--tls-cert must be a file that exists"),
        ("tls.key", "tls.crt", "--tls-cert and --tls-key cannot be used together"),
        ("tls.crt", "other.key", "--tls-cert and --tls-key cannot be used together"),
    ],
    ids=["no key", "no such file", "exchanged", "of another certificate"],
)
def test_files_that_cannot_be_used(
    authority: trustme.CA, tmp_path: Path, certificate: str, key: str | None, words: str
) -> None:
    """One line that says which, and exit code 2."""
    issue(authority, tmp_path)
    (tmp_path / "other.key").write_bytes(authority.issue_cert("other").private_key_pem.bytes())
    flags = ["--tls-cert", str(tmp_path / certificate), *(["--tls-key", str(tmp_path / key)] if key else [])]
    argv = [
        sys.executable,
        "-m",
        "sidecar",
        "--bucket",
        "site",
        "--port",
        "0",
        "--cache-dir",
        str(tmp_path / "c"),
        *flags,
    ]
    environment = clean_environment(tmp_path) | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, words in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)
