"""How long clients may take, and how they are spoken to."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """How long clients may take, and how they are spoken to."""

    request_timeout: float = setting(
        "--request-timeout", "REQUEST_TIMEOUT", readers.seconds(0.05, 3600), "SECONDS",
        group="Connections",
        default="15",
        help="Longest time from a request's first byte to its last; then it is answered with 408.",
    )  # fmt: skip
    keep_alive_timeout: float = setting(
        "--keep-alive-timeout", "KEEP_ALIVE_TIMEOUT", readers.seconds(0.05, 3600), "SECONDS",
        group="Connections",
        default="75",
        help="How long a connection is kept open for the next request. Longer than that of a load balancer in front, "
        "or it will sometimes send a request into a connection that is just being closed.",
    )  # fmt: skip
    send_timeout: float = setting(
        "--send-timeout", "SEND_TIMEOUT", readers.seconds(0.05, 3600), "SECONDS",
        group="Connections",
        default="60",
        help="How long a client may take nothing of an answer; one that takes a little now and then is never cut off.",
    )  # fmt: skip
    tls_cert: Path | None = setting(
        "--tls-cert", "TLS_CERT", readers.existing_file, "FILE",
        group="Connections",
        help="Certificate chain (PEM) to serve HTTPS with; read again when it changes.",
    )  # fmt: skip
    tls_key: Path | None = setting(
        "--tls-key", "TLS_KEY", readers.existing_file, "FILE",
        group="Connections",
        help="Its private key (PEM, without passphrase).",
    )  # fmt: skip
