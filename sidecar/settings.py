"""The one table of settings, and how it is read from flags and the environment.

Each row is a field of `Settings`: its flags, its environment names, how its text is read, its default and its help.
Command line, reference documentation and checks are all made from these rows.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sidecar import setting_types as types
from sidecar.cpus import usable_cpus
from sidecar.errors import SettingsError
from sidecar.secret import Secret
from sidecar.setting import Option, setting

_YEARS = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may decide, checked; made by `load`."""

    bucket: str = setting(
        "-b --bucket", "S3_BUCKET", types.bucket, "NAME", group="Bucket", required=True, help="The bucket to serve."
    )
    prefix: str = setting(
        "--prefix", "S3_PREFIX", types.prefix, "FOLDER",
        group="Bucket", default="", default_words="empty", help="Keys are served below this prefix.",
    )  # fmt: skip
    region: str = setting(
        "-r --region", "AWS_REGION", types.region, "NAME",
        group="Bucket", default="us-east-1", help="The bucket's region.",
    )  # fmt: skip
    key: Secret | None = setting(
        "-k --key", "AWS_KEY", types.secret, "ID",
        group="Bucket",
        default_words="the AWS default chain",
        help="Access key ID. Without --key and --secret the AWS default chain is asked: environment, profile, "
        "IRSA, Pod Identity, ECS, instance profile.",
    )  # fmt: skip
    secret: Secret | None = setting(
        "-s --secret", "AWS_SECRET", types.secret, "SECRET",
        group="Bucket",
        default_words="the AWS default chain",
        help="Secret access key. Prefer the environment: other users of a machine can read command lines.",
    )  # fmt: skip
    endpoint_url: str | None = setting(
        "--endpoint-url", "S3_ENDPOINT_URL", types.endpoint_url, "URL",
        group="Bucket", default_words="AWS", help="Any S3-compatible store.",
    )  # fmt: skip
    addressing_style: str = setting(
        "--addressing-style", "S3_ADDRESSING_STYLE", types.choice("auto", "path", "virtual"), "auto|path|virtual",
        group="Bucket",
        default="auto",
        help="How the bucket is named in a request; auto means path when --endpoint-url is set.",
    )  # fmt: skip
    forbidden_is_missing: bool = setting(
        "--forbidden-is-missing", "FORBIDDEN_IS_MISSING", types.boolean, "BOOLEAN",
        group="Bucket",
        default="true",
        help="S3 answers 403 for a missing key when the credentials may not list the bucket: answer 404 then.",
    )  # fmt: skip
    requester_pays: bool = setting(
        "--requester-pays", "REQUESTER_PAYS", types.boolean, "BOOLEAN",
        group="Bucket", default="false", help="Tell S3 that the credentials' owner pays for requests.",
    )  # fmt: skip
    ca_bundle: Path | None = setting(
        "--ca-bundle", "CA_BUNDLE", types.existing_file, "FILE",
        group="Bucket", default_words="the system's", help="Certificates (PEM) that the store's own must lead to.",
    )  # fmt: skip
    origin_connect_timeout: float = setting(
        "--origin-connect-timeout", "ORIGIN_CONNECT_TIMEOUT", types.seconds(0.05, 60), "SECONDS",
        group="Bucket", default="3", help="Longest wait for a connection to the bucket.",
    )  # fmt: skip
    origin_first_byte_timeout: float = setting(
        "--origin-first-byte-timeout", "ORIGIN_FIRST_BYTE_TIMEOUT", types.seconds(0.05, 50), "SECONDS",
        group="Bucket", default="15", help="Longest wait for the bucket's answer to begin, retries included.",
    )  # fmt: skip
    origin_idle_timeout: float = setting(
        "--origin-idle-timeout", "ORIGIN_IDLE_TIMEOUT", types.seconds(0.05, 600), "SECONDS",
        group="Bucket", default="20", help="Longest silence within the bucket's answer.",
    )  # fmt: skip

    host: str = setting(
        "--host", "HOST", types.listen_host, "ADDRESS",
        group="Server", default="0.0.0.0",  # noqa: S104 - a container's server is there to be reached
        help="Address to listen on, or unix:/path.",
    )  # fmt: skip
    port: int = setting(
        "-p --port", "PORT", types.whole_number(0, 65535), "PORT",
        group="Server", default="8000", help="Port to listen on; 0 picks a free one and logs it.",
    )  # fmt: skip
    threads: int = setting(
        "-n --threads --workers", "THREADS WORKERS", types.whole_number(1, 256), "COUNT",
        group="Server",
        default=lambda: str(usable_cpus()),
        default_words="CPUs this process may use",
        help="Worker processes.",
    )  # fmt: skip
    auth_key: Secret | None = setting(
        "-a --auth-key", "AUTH_KEY", types.secret, "TOKEN",
        group="Server",
        help="Bearer token of the management endpoints; without one they answer 403 to everyone.",
    )  # fmt: skip
    reject_query_strings: bool = setting(
        "-j --reject-query-strings", "REJECT_QUERY_STRINGS", types.boolean, "BOOLEAN",
        group="Server",
        default="false",
        help="Answer 400 to a request with a query string; otherwise the query is ignored.",
    )  # fmt: skip
    allowed_origins: tuple[str, ...] = setting(
        "--allowed-origins", "ALLOWED_ORIGINS", types.origins, "LIST",
        group="Server", default="*", help="Origins that may read answers (CORS), comma separated or a JSON list.",
    )  # fmt: skip

    ttl: int = setting(
        "-t --ttl", "TTL", types.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="300",
        help="Freshness of an object that carries no Cache-Control or Expires of its own, and of a 404.",
    )  # fmt: skip
    ttl_override: bool = setting(
        "--ttl-override", "TTL_OVERRIDE", types.boolean, "BOOLEAN",
        group="Cache", default="false", help="Let --ttl win over what an object says of its own freshness.",
    )  # fmt: skip
    negative_ttl: int | None = setting(
        "--negative-ttl", "NEGATIVE_TTL", types.whole_number(0, _YEARS), "SECONDS",
        group="Cache", default_words="the TTL", help="How long a missing object is remembered.",
    )  # fmt: skip
    stale_while_revalidate: int = setting(
        "--stale-while-revalidate", "STALE_WHILE_REVALIDATE", types.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="30",
        help="How long after its freshness an object is still served at once, while it is revalidated behind the "
        "client's back. An object's own Cache-Control wins.",
    )  # fmt: skip
    stale_if_error: int = setting(
        "--stale-if-error", "STALE_IF_ERROR", types.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="86400",
        help="How long after its freshness an object is still served when the bucket fails. An object's own "
        "Cache-Control wins.",
    )  # fmt: skip
    honor_client_cache_control: bool = setting(
        "--honor-client-cache-control", "HONOR_CLIENT_CACHE_CONTROL", types.boolean, "BOOLEAN",
        group="Cache",
        default="false",
        help="Let a request's Cache-Control (no-cache, no-store, max-age, min-fresh) send it to the bucket.",
    )  # fmt: skip
    max_object_size: int = setting(
        "--max-object-size", "MAX_OBJECT_SIZE", types.size(0), "SIZE",
        group="Cache", default="5TiB", help="Larger objects are passed on without being stored.",
    )  # fmt: skip
    slice_size: int = setting(
        "--slice-size", "SLICE_SIZE", types.size(64 * 1024), "SIZE",
        group="Cache", default="8MiB", help="Parts in which a large object is fetched when only a range is asked for.",
    )  # fmt: skip
    slice_threshold: int = setting(
        "--slice-threshold", "SLICE_THRESHOLD", types.size(0), "SIZE",
        group="Cache", default="64MiB", help="Objects above this size are large.",
    )  # fmt: skip
    cache_max_size: int | None = setting(
        "--cache-max-size", "CACHE_MAX_SIZE", types.size(1024 * 1024), "SIZE",
        group="Cache",
        default_words="80 % of what is free at the start, at most 10GiB",
        help="Most bytes the cache takes on disk, everything included.",
    )  # fmt: skip
    cache_min_free: int = setting(
        "--cache-min-free", "CACHE_MIN_FREE", types.size(0), "SIZE",
        group="Cache", default="64MiB", help="Bytes of the file system that the cache leaves free.",
    )  # fmt: skip
    cache_max_entries: int = setting(
        "--cache-max-entries", "CACHE_MAX_ENTRIES", types.whole_number(1, 10_000_000), "COUNT",
        group="Cache",
        default="100000",
        help="Most stored responses: entries in each worker's memory, and files on disk.",
    )  # fmt: skip
    cache_dir: Path = setting(
        "-d --cache-dir", "CACHE_DIR", types.path, "FOLDER",
        group="Cache",
        default="/tmp/s3-sidecar",  # noqa: S108 - created for this user alone, refused otherwise
        help="One flat directory of bodies. Any file in it may be deleted at any time.",
    )  # fmt: skip

    console: bool = setting(
        "-c --console", "CONSOLE", types.boolean, "BOOLEAN",
        group="Logging", default="false", help="Log to stdout too.",
    )  # fmt: skip
    log_dir: Path = setting(
        "-o --dir", "LOG_DIR", types.path, "FOLDER",
        group="Logging",
        default="logs/",
        help="Log files, rotated daily. If it does not exist, no log file is written.",
    )  # fmt: skip
    log_level: str = setting(
        "-l --log-level", "LOG_LEVEL", types.choice("critical", "error", "warn", "info", "debug"), "LEVEL",
        group="Logging", default="info", help="critical, error, warn, info or debug.",
    )  # fmt: skip

    mmdb_host: str | None = setting(
        "-m --mmdb-host", "MMDB_HOST", types.host, "HOST",
        group="Records", help="Server of locations by address (mmdb-ws). Accepted, not used yet.",
    )  # fmt: skip
    mmdb_port: int = setting(
        "-x --mmdb-port", "MMDB_PORT", types.whole_number(1, 65535), "PORT",
        group="Records", default="8010", help="Its port.",
    )  # fmt: skip
    akumuli_host: str | None = setting(
        "-y --akumuli-host", "AKUMULI_HOST", types.host, "HOST",
        group="Records", help="Akumuli server for request records. Accepted, not used yet.",
    )  # fmt: skip
    akumuli_port: int = setting(
        "-z --akumuli-port", "AKUMULI_PORT", types.whole_number(1, 65535), "PORT",
        group="Records", default="8282", help="Its TCP write port.",
    )  # fmt: skip
    akumuli_metric_prefix: str = setting(
        "-e --akumuli-metric-prefix", "METRIC_PREFIX", types.metric_prefix, "NAME",
        group="Records", default="request", help="What its series' names begin with.",
    )  # fmt: skip
    mongo_uri: Secret | None = setting(
        "-f --mongo-uri", "MONGO_URI", types.mongo_uri, "URI",
        group="Records", help="MongoDB for request records. Accepted, not used yet.",
    )  # fmt: skip
    mongo_database: str = setting(
        "-g --mongo-database", "MONGO_DATABASE", types.mongo_name, "NAME",
        group="Records", default="metrics", help="Its database.",
    )  # fmt: skip
    mongo_collection: str = setting(
        "-i --mongo-collection", "MONGO_COLLECTION", types.mongo_name, "NAME",
        group="Records", default="request", help="Its collection.",
    )  # fmt: skip

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for those who keep them out of logs."""
        values = (getattr(self, row.name) for row in fields(self))
        return tuple(value.reveal() for value in values if isinstance(value, Secret))


OPTIONS: Mapping[str, Option] = {row.name: row.metadata["option"] for row in fields(Settings)}


def load(flags: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting: a flag wins over the environment, which wins over the default; empty text is not given.

    `flags` maps names of `OPTIONS` to the text given; `environ` is the process's own unless given.

    Raises SettingsError with every mistake at once.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for name, option in OPTIONS.items():
        try:
            values[name] = _value(option, flags.get(name), environ)
        except ValueError as error:
            mistakes.append(str(error))
    mistakes += _contradictions(values)
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return Settings(**values)


def _value(option: Option, flag: str | None, environ: Mapping[str, str]) -> Any:
    given = [(option.long_flag, flag), *((name, environ.get(name)) for name in option.env)]
    source, text = next(((source, text) for source, text in given if text), (None, None))
    if source is None or text is None:
        if option.required:
            raise ValueError(f"{option.long_flag} (or {option.env[0]}) is required. {option.help}")
        return option.default_value()
    try:
        return option.read(text)
    except ValueError as error:
        # A URL may hold a password where none belongs.
        shown = "what was given" if option.is_secret or "@" in text else repr(text)
        raise ValueError(f"{source} {error}, not {shown}") from None


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    if ("key" in values and "secret" in values) and (values["key"] is None) != (values["secret"] is None):
        given, missing = ("secret", "key") if values["key"] is None else ("key", "secret")
        lacking = f"{OPTIONS[missing].long_flag} (or {OPTIONS[missing].env[0]}) is required when"
        return [f"{lacking} {OPTIONS[given].long_flag} is given; give both, or neither for the AWS default chain"]
    return []


def worker_number(environ: Mapping[str, str] | None = None) -> int:
    """The number of this worker, from 1 on and the same after a restart; 0 in the main process."""
    # No setting: Sanic tells each worker its name, Sanic-Server-N-M, in its environment.
    name = (os.environ if environ is None else environ).get("SANIC_WORKER_NAME", "")
    number = name.removeprefix("Sanic-Server-").partition("-")[0]
    return int(number) + 1 if number.isascii() and number.isdigit() else 0
