"""Where the records of requests go."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.secret import Secret
from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class RecordsSettings:
    """Where the records of requests go."""

    mmdb_host: str | None = setting(
        "-m --mmdb-host", "MMDB_HOST", readers.host, "HOST",
        group="Records", help="Server of locations by address (mmdb-ws); without one records have none.",
    )  # fmt: skip
    mmdb_port: int = setting(
        "-x --mmdb-port", "MMDB_PORT", readers.whole_number(1, 65535), "PORT",
        group="Records", default="8010", help="Its port.",
    )  # fmt: skip
    mmdb_file: Path | None = setting(
        "--mmdb-file", "MMDB_FILE", readers.existing_file, "FILE",
        group="Records",
        help="MaxMind database of locations by address, instead of a server; read anew when the file changes.",
    )  # fmt: skip
    record_file: Path | None = setting(
        "--record-file", "RECORD_FILE", readers.path, "FILE",
        group="Records",
        help="File of request records, a JSON document on each line; FILE.1 to FILE.9 are older ones, of 100 MiB each.",
    )  # fmt: skip
    record_queue: int = setting(
        "--record-queue", "RECORD_QUEUE", readers.whole_number(1000, 10_000_000), "COUNT",
        group="Records",
        default="100000",
        help="Records that may wait for each of the places they go to; when there are more, the oldest are dropped.",
    )  # fmt: skip
    akumuli_host: str | None = setting(
        "-y --akumuli-host", "AKUMULI_HOST", readers.host, "HOST",
        group="Records", help="Akumuli server for request records.",
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
        group="Records", help="MongoDB for request records.",
    )  # fmt: skip
    mongo_database: str = setting(
        "-g --mongo-database", "MONGO_DATABASE", readers.mongo_name, "NAME",
        group="Records", default="metrics", help="Its database.",
    )  # fmt: skip
    mongo_collection: str = setting(
        "-i --mongo-collection", "MONGO_COLLECTION", readers.mongo_name, "NAME",
        group="Records", default="request", help="Its collection.",
    )  # fmt: skip
    mongo_ttl_days: int | None = setting(
        "--mongo-ttl-days", "MONGO_TTL_DAYS", readers.whole_number(1, 10_000), "DAYS",
        group="Records", help="After how many days MongoDB deletes a record; it keeps them for ever otherwise.",
    )  # fmt: skip
