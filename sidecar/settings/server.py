"""Where the server listens, and who may manage it."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.cpus import usable_cpus
from sidecar.memory import memory_limit, workers_within
from sidecar.secret import Secret
from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Where the server listens, and who may manage it."""

    config: Path | None = setting(
        "--config", "CONFIG", readers.path, "FILE",
        group="Server",
        help="TOML file with settings by the names of their flags, and a [[mount]] table for each mount.",
    )  # fmt: skip
    host: str = setting(
        "--host", "HOST", readers.listen_host, "ADDRESS",
        group="Server", default="0.0.0.0",  # noqa: S104 - a container's server is there to be reached
        help="Address to listen on, or unix:/path.",
    )  # fmt: skip
    port: int = setting(
        "-p --port", "PORT", readers.whole_number(0, 65535), "PORT",
        group="Server", default="8000", help="Port to listen on; 0 picks a free one and logs it.",
    )  # fmt: skip
    threads: int = setting(
        "-n --threads --workers", "THREADS WORKERS", readers.whole_number(1, 256), "COUNT",
        group="Server",
        default=lambda: str(workers_within(memory_limit(), usable_cpus())),
        default_words="CPUs this process may use, fewer where the container's memory is short",
        help="Worker processes.",
    )  # fmt: skip
    auth_key: Secret | None = setting(
        "-a --auth-key", "AUTH_KEY", readers.secret, "TOKEN",
        group="Server",
        help="Bearer token of the management endpoints; without one they answer 403 to everyone.",
    )  # fmt: skip
    drain_delay: float = setting(
        "--drain-delay", "DRAIN_DELAY", readers.seconds(0, 3600), "SECONDS",
        group="Server",
        default="0",
        help="How long requests are still taken after SIGTERM, while /readyz says no: load balancers need that to stop "
        "sending. A second SIGTERM, and Ctrl-C, cut it short.",
    )  # fmt: skip
    check_key: bool = setting(
        "--check-key", "CHECK_KEY", readers.boolean, "BOOLEAN",
        group="Server",
        default="true",
        help="Ask the bucket once at the start, and end with 2 if it knows no such --key, or another --secret for it; "
        "not if something stored may be served.",
    )  # fmt: skip
