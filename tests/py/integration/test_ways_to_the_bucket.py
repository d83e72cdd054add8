"""The ways that lead to a bucket: TLS with a certificate of one's own, and a proxy on the way out."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from support.endpoint import Endpoint
from support.http_client import LOOPBACK, request
from support.loop_thread import LoopThread
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar

CHUNK = 65536


class Door:
    """A port that passes every byte on to a store; a context manager. `targets` are the requests it saw in the clear.

    It speaks TLS with its clients if it is given a context for that.
    """

    def __init__(self, store: Endpoint, tls: ssl.SSLContext | None = None) -> None:
        self.targets: list[bytes] = []
        self.port = 0
        self._store = store
        self._tls = tls
        self._loop = LoopThread("door")

    def __enter__(self) -> Self:
        self._loop.start()
        self._listener = self._loop.call(self._listen())
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call(self._stop_listening())
        self._loop.end()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, LOOPBACK, 0, ssl=self._tls)

    async def _stop_listening(self) -> None:
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Asyncio's own callback complains of a cancelled task, and at its end the door cancels what still goes on.
        with suppress(OSError, asyncio.CancelledError), closed(writer):
            first = await reader.read(CHUNK)
            self.targets.append(first.split(b"\r\n", 1)[0])
            there, back = await asyncio.open_connection(self._store.host, self._store.port)
            with closed(back):
                # A request to a proxy names the whole URL; a server takes the path alone as well.
                back.write(first.replace(self._store.url.encode(), b"", 1))
                await asyncio.gather(carry(reader, back), carry(there, writer))


@contextmanager
def closed(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Drop the connection at the end of the block."""
    try:
        yield
    finally:
        writer.transport.abort()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends."""
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine that nobody else vouches for; the certificate and its key."""
    path, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-out",
        str(path),
        "-keyout",
        str(key),
    ]
    subprocess.run([*made, *names], check=True, capture_output=True)
    return path, key


def test_a_certificate_of_ones_own(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, certificate: tuple[Path, Path], key_prefix: str
) -> None:
    """With --ca-bundle a store is reached whose certificate only that file vouches for; without it, it is a 5xx."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Door(seaweedfs.endpoint, context) as door:
        store = seaweedfs.endpoint.at(f"https://localhost:{door.port}")
        trusting = start_sidecar(store, "--ca-bundle", str(certificate[0]))
        assert request(trusting.port, "GET", f"/{key_prefix}a").body == b"abc"
        assert request(start_sidecar(store).port, "GET", f"/{key_prefix}a").status in {502, 503}


def test_a_proxy_on_the_way_out(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """The proxy that the environment names is used."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    with Door(seaweedfs.endpoint) as door:
        server = start_sidecar(seaweedfs, env={"HTTP_PROXY": f"http://127.0.0.1:{door.port}"})
        assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
    # A test beside this one may look for a store that was on this port before.
    assert [target.split()[0] for target in door.targets if key_prefix.encode() in target] == [b"GET"]


def test_the_requester_pays(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """With --requester-pays objects are served; the header that says so is part of what is signed."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    server = start_sidecar(seaweedfs, "--requester-pays", "true")
    assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
