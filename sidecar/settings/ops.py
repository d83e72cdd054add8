"""Where operators look in, and under which path they manage."""

from dataclasses import dataclass

from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class OpsSettings:
    """Where operators look in, and under which path they manage."""

    ops_port: int | None = setting(
        "--ops-port", "OPS_PORT", readers.whole_number(0, 65535), "PORT",
        group="Operations",
        default_words="9180, or none while another server has that",
        help="Port of /metrics, /healthz and /readyz, which want no token and only read; 0 turns it off.",
    )  # fmt: skip
    ops_host: str = setting(
        "--ops-host", "OPS_HOST", readers.host, "ADDRESS",
        group="Operations", default="0.0.0.0",  # noqa: S104 - who scrapes and probes is on another machine
        help="Address of --ops-port.",
    )  # fmt: skip
    ops_path: str = setting(
        "--ops-path", "OPS_PATH", readers.ops_path, "/PATH",
        group="Operations",
        default="/_proxy",
        help="The only path of the public port that is not the bucket's: the management endpoints are below it.",
    )  # fmt: skip
