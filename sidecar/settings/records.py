"""Where the records of requests go."""

from dataclasses import dataclass

from sidecar.secret import Secret
from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class RecordsSettings:
    """Where the records of requests go."""

    mmdb_host: str | None = setting(
        "-m --mmdb-host", "MMDB_HOST", readers.host, "HOST",
        group="Records", help="Server of locations by address (mmdb-ws). Accepted, not used yet.",
    )  # fmt: skip
    mmdb_port: int = setting(
        "-x --mmdb-port", "MMDB_PORT", readers.whole_number(1, 65535), "PORT",
        group="Records", default="8010", help="Its port.",
    )  # fmt: skip
    akumuli_host: str | None = setting(
        "-y --akumuli-host", "AKUMULI_HOST", readers.host, "HOST",
        group="Records", help="Akumuli server for request records. Accepted, not used yet.",
    )  # fmt: skip
    akumuli_port: int = setting(
        "-z --akumuli-port", "AKUMULI_PORT", readers.whole_number(1, 65535), "PORT",
        group="Records", default="8282", help="Its TCP write port.",
    )  # fmt: skip
    akumuli_metric_prefix: str = setting(
        "-e --akumuli-metric-prefix", "METRIC_PREFIX", readers.metric_prefix, "NAME",
        group="Records", default="request", help="What its series' names begin with.",
    )  # fmt: skip
    mongo_uri: Secret | None = setting(
        "-f --mongo-uri", "MONGO_URI", readers.mongo_uri, "URI",
        group="Records", help="MongoDB for request records. Accepted, not used yet.",
    )  # fmt: skip
    mongo_database: str = setting(
        "-g --mongo-database", "MONGO_DATABASE", readers.mongo_name, "NAME",
        group="Records", default="metrics", help="Its database.",
    )  # fmt: skip
    mongo_collection: str = setting(
        "-i --mongo-collection", "MONGO_COLLECTION", readers.mongo_name, "NAME",
        group="Records", default="request", help="Its collection.",
    )  # fmt: skip
