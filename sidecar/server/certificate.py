"""The server's certificate for TLS, taken up again when its files change."""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sidecar.errors import SettingsError

if TYPE_CHECKING:
    from sidecar.settings import Settings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the files are looked at: whoever renews a certificate does it days before the old one ends."""

Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate chain and its key, PEM files; new connections get what was last read of them."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Read the files. Raises OSError (ssl.SSLError is one) when they are not a certificate and its key."""
        self._chain = chain
        self._key = key
        self._stamp = self._look()
        self.context = self._read()

    async def keep_current(self) -> None:
        """Look at the files now and then, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.renew_if_changed)

    def renew_if_changed(self) -> None:
        """Take up what is new; what cannot be used is logged, and the old certificate stays in use."""
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._read()  # into a context of its own first: half a renewal must not reach the one in use
            self.context.load_cert_chain(self._chain, self._key)
        except OSError as error:
            logger.warning("the certificate %s is not taken up, the old one stays in use: %s", self._chain, error)
        else:
            logger.info("the certificate %s was taken up anew", self._chain)

    def _look(self) -> Stamp:
        found = (path.stat() for path in (self._chain, self._key))
        return tuple((status.st_ino, status.st_size, status.st_mtime_ns) for status in found)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self._chain, self._key)
        return context


def certificate_of(settings: "Settings") -> Certificate | None:
    """The certificate that the settings name, None without. Raises SettingsError when it cannot be used."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        return Certificate(settings.tls_cert, settings.tls_key)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or str(error)
        raise SettingsError((f"--tls-cert and --tls-key cannot be used together: {reason}",)) from error


class CertificateLoader:
    """Gives Sanic's workers the context of a certificate; stands in for its own loader, which knows no renewal."""

    def __init__(self, certificate: Certificate | None) -> None:
        self._certificate = certificate

    def __call__(self, _: Any) -> "CertificateLoader":
        """Sanic makes a loader of its own for each worker."""
        return self

    def load(self, _: Any) -> ssl.SSLContext | None:
        """The context for this worker's server."""
        return None if self._certificate is None else self._certificate.context
