"""The ways that lead to a bucket: TLS with a certificate of one's own, and a proxy on the way out."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.endpoint import Endpoint
from support.http_client import request
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar
from support.until import PATIENCE_SECONDS

CHUNK = 65536


@dataclass
class Door:
    """A port that passes every byte on to a store; `targets` are the requests it saw in the clear."""

    store: Endpoint
    tls: ssl.SSLContext | None = None
    port: int = 0
    targets: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        first = await reader.read(CHUNK)
        self.targets.append(first.split(b"\r\n", 1)[0])
        store_reader, store_writer = await asyncio.open_connection(self.store.host, self.store.port)
        # A request to a proxy names the whole URL; a server takes the path alone as well.
        store_writer.write(first.replace(self.store.url.encode(), b"", 1))
        await asyncio.gather(carry(reader, store_writer), carry(store_reader, writer))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Listen on a free port."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def running(door: Door) -> Iterator[Door]:
    """Keep the door open in a thread of its own."""
    opened, closing = threading.Event(), threading.Event()

    async def stay() -> None:
        async with door.opened():
            opened.set()
            await asyncio.to_thread(closing.wait)

    thread = threading.Thread(target=lambda: asyncio.run(stay()), daemon=True)
    thread.start()
    try:
        assert opened.wait(PATIENCE_SECONDS)
        yield door
    finally:
        closing.set()
        thread.join(PATIENCE_SECONDS)


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
    with running(Door(seaweedfs.endpoint, context)) as door:
        store = seaweedfs.endpoint.at(f"https://localhost:{door.port}")
        trusting = start_sidecar(store, "--ca-bundle", str(certificate[0]))
        assert request(trusting.port, "GET", f"/{key_prefix}a").body == b"abc"
        assert request(start_sidecar(store).port, "GET", f"/{key_prefix}a").status in {502, 503}


def test_a_proxy_on_the_way_out(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """The proxy that the environment names is used."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    with running(Door(seaweedfs.endpoint)) as door:
        server = start_sidecar(seaweedfs, env={"HTTP_PROXY": f"http://127.0.0.1:{door.port}"})
        assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
    # A test beside this one may look for a store that was on this port before.
    assert [target.split()[0] for target in door.targets if key_prefix.encode() in target] == [b"GET"]


def test_the_requester_pays(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """With --requester-pays objects are served; the header that says so is part of what is signed."""
    seaweedfs.put(f"{key_prefix}a", b"abc", content_type="text/plain")
    server = start_sidecar(seaweedfs, "--requester-pays", "true")
    assert request(server.port, "GET", f"/{key_prefix}a").body == b"abc"
