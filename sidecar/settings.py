"""The one table of settings, and how it is read from flags and the environment.

Each row is a field of `Settings`: its flags, its environment names, how its text is read, its default and its help.
Command line, reference documentation and checks are all made from these rows.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sidecar import setting_types as types
from sidecar.cpus import usable_cpus
from sidecar.errors import SettingsError
from sidecar.secret import Secret

if TYPE_CHECKING:
    from dataclasses import Field

_YEARS = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class Option:
    """One row: how a setting is given and what it means. `default` is text, read as if it had been given."""

    flags: tuple[str, ...]
    env: tuple[str, ...]
    read: Callable[[str], Any]
    metavar: str
    help: str
    group: str
    default: str | Callable[[], str] | None = None
    default_words: str | None = None
    required: bool = False

    @property
    def is_boolean(self) -> bool:
        """Whether the flag may stand alone."""
        return self.read is types.boolean

    @property
    def is_secret(self) -> bool:
        """Whether what was given must never be shown."""
        return self.read in {types.secret, types.mongo_uri}

    @property
    def long_flag(self) -> str:
        """The flag that messages speak of."""
        return next(flag for flag in self.flags if flag.startswith("--"))

    @property
    def default_text(self) -> str:
        """The default as documentation shows it."""
        return self.default_words or (self.default if isinstance(self.default, str) else "none")

    def default_value(self) -> Any:
        """The default, read."""
        text = self.default() if callable(self.default) else self.default
        return None if text is None else self.read(text)


def _setting(flags: str, env: str, read: Callable[[str], Any], metavar: str, **row: Any) -> Any:
    option = Option(flags=tuple(flags.split()), env=tuple(env.split()), read=read, metavar=metavar, **row)
    return field(metadata={"option": option})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may decide, checked; made by `load`."""

    bucket: str = _setting(
        "-b --bucket", "S3_BUCKET", types.bucket, "NAME", group="Bucket", required=True, help="The bucket to serve."
    )
    prefix: str = _setting(
        "--prefix", "S3_PREFIX", types.prefix, "FOLDER",
        group="Bucket", default="", default_words="empty", help="Keys are served below this prefix.",
    )  # fmt: skip
    region: str = _setting(
        "-r --region", "AWS_REGION", types.region, "NAME",
        group="Bucket", default="us-east-1", help="The bucket's region.",
    )  # fmt: skip
    key: Secret | None = _setting(
        "-k --key", "AWS_KEY", types.secret, "ID",
        group="Bucket",
        default_words="the AWS default chain",
        help="Access key ID. Without --key and --secret the AWS default chain is asked: environment, profile, "
        "IRSA, Pod Identity, ECS, instance profile.",
    )  # fmt: skip
    secret: Secret | None = _setting(
        "-s --secret", "AWS_SECRET", types.secret, "SECRET",
        group="Bucket",
        default_words="the AWS default chain",
        help="Secret access key. Prefer the environment: other users of a machine can read command lines.",
    )  # fmt: skip
    endpoint_url: str | None = _setting(
        "--endpoint-url", "S3_ENDPOINT_URL", types.endpoint_url, "URL",
        group="Bucket", default_words="AWS", help="Any S3-compatible store.",
    )  # fmt: skip
    addressing_style: str = _setting(
        "--addressing-style", "S3_ADDRESSING_STYLE", types.choice("auto", "path", "virtual"), "auto|path|virtual",
        group="Bucket",
        default="auto",
        help="How the bucket is named in a request; auto means path when --endpoint-url is set.",
    )  # fmt: skip
    forbidden_is_missing: bool = _setting(
        "--forbidden-is-missing", "FORBIDDEN_IS_MISSING", types.boolean, "BOOLEAN",
        group="Bucket",
        default="true",
        help="S3 answers 403 for a missing key when the credentials may not list the bucket: answer 404 then.",
    )  # fmt: skip
    origin_connect_timeout: float = _setting(
        "--origin-connect-timeout", "ORIGIN_CONNECT_TIMEOUT", types.seconds(0.05, 60), "SECONDS",
        group="Bucket", default="3", help="Longest wait for a connection to the bucket.",
    )  # fmt: skip
    origin_first_byte_timeout: float = _setting(
        "--origin-first-byte-timeout", "ORIGIN_FIRST_BYTE_TIMEOUT", types.seconds(0.05, 50), "SECONDS",
        group="Bucket", default="15", help="Longest wait for the bucket's answer to begin, retries included.",
    )  # fmt: skip
    origin_idle_timeout: float = _setting(
        "--origin-idle-timeout", "ORIGIN_IDLE_TIMEOUT", types.seconds(0.05, 600), "SECONDS",
        group="Bucket", default="20", help="Longest silence within the bucket's answer.",
    )  # fmt: skip

    host: str = _setting(
        "--host", "HOST", types.listen_host, "ADDRESS",
        group="Server", default="0.0.0.0",  # noqa: S104 - a container's server is there to be reached
        help="Address to listen on, or unix:/path.",
    )  # fmt: skip
    port: int = _setting(
        "-p --port", "PORT", types.whole_number(0, 65535), "PORT",
        group="Server", default="8000", help="Port to listen on; 0 picks a free one and logs it.",
    )  # fmt: skip
    threads: int = _setting(
        "-n --threads --workers", "THREADS WORKERS", types.whole_number(1, 256), "COUNT",
        group="Server",
        default=lambda: str(usable_cpus()),
        default_words="CPUs this process may use",
        help="Worker processes.",
    )  # fmt: skip
    auth_key: Secret | None = _setting(
        "-a --auth-key", "AUTH_KEY", types.secret, "TOKEN",
        group="Server",
        help="Bearer token of the management endpoints; without one they answer 403 to everyone.",
    )  # fmt: skip
    reject_query_strings: bool = _setting(
        "-j --reject-query-strings", "REJECT_QUERY_STRINGS", types.boolean, "BOOLEAN",
        group="Server",
        default="false",
        help="Answer 400 to a request with a query string; otherwise the query is ignored.",
    )  # fmt: skip
    allowed_origins: tuple[str, ...] = _setting(
        "--allowed-origins", "ALLOWED_ORIGINS", types.origins, "LIST",
        group="Server", default="*", help="Origins that may read answers (CORS), comma separated or a JSON list.",
    )  # fmt: skip

    ttl: int = _setting(
        "-t --ttl", "TTL", types.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="300",
        help="Freshness of an object that carries no Cache-Control or Expires of its own, and of a 404.",
    )  # fmt: skip
    cache_dir: Path = _setting(
        "-d --cache-dir", "CACHE_DIR", types.path, "FOLDER",
        group="Cache",
        default="/tmp/s3-sidecar",  # noqa: S108 - created for this user alone, refused otherwise
        help="One flat directory of bodies. Any file in it may be deleted at any time.",
    )  # fmt: skip

    console: bool = _setting(
        "-c --console", "CONSOLE", types.boolean, "BOOLEAN",
        group="Logging", default="false", help="Log to stdout too.",
    )  # fmt: skip
    log_dir: Path = _setting(
        "-o --dir", "LOG_DIR", types.path, "FOLDER",
        group="Logging",
        default="logs/",
        help="Log files, rotated daily. If it does not exist, no log file is written.",
    )  # fmt: skip
    log_level: str = _setting(
        "-l --log-level", "LOG_LEVEL", types.choice("critical", "error", "warn", "info", "debug"), "LEVEL",
        group="Logging", default="info", help="critical, error, warn, info or debug.",
    )  # fmt: skip

    mmdb_host: str | None = _setting(
        "-m --mmdb-host", "MMDB_HOST", types.host, "HOST",
        group="Records", help="Server of locations by address (mmdb-ws). Accepted, not used yet.",
    )  # fmt: skip
    mmdb_port: int = _setting(
        "-x --mmdb-port", "MMDB_PORT", types.whole_number(1, 65535), "PORT",
        group="Records", default="8010", help="Its port.",
    )  # fmt: skip
    akumuli_host: str | None = _setting(
        "-y --akumuli-host", "AKUMULI_HOST", types.host, "HOST",
        group="Records", help="Akumuli server for request records. Accepted, not used yet.",
    )  # fmt: skip
    akumuli_port: int = _setting(
        "-z --akumuli-port", "AKUMULI_PORT", types.whole_number(1, 65535), "PORT",
        group="Records", default="8282", help="Its TCP write port.",
    )  # fmt: skip
    akumuli_metric_prefix: str = _setting(
        "-e --akumuli-metric-prefix", "METRIC_PREFIX", types.metric_prefix, "NAME",
        group="Records", default="request", help="What its series' names begin with.",
    )  # fmt: skip
    mongo_uri: Secret | None = _setting(
        "-f --mongo-uri", "MONGO_URI", types.mongo_uri, "URI",
        group="Records", help="MongoDB for request records. Accepted, not used yet.",
    )  # fmt: skip
    mongo_database: str = _setting(
        "-g --mongo-database", "MONGO_DATABASE", types.mongo_name, "NAME",
        group="Records", default="metrics", help="Its database.",
    )  # fmt: skip
    mongo_collection: str = _setting(
        "-i --mongo-collection", "MONGO_COLLECTION", types.mongo_name, "NAME",
        group="Records", default="request", help="Its collection.",
    )  # fmt: skip

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for those who keep them out of logs."""
        values = (getattr(self, row.name) for row in fields(self))
        return tuple(value.reveal() for value in values if isinstance(value, Secret))


def _option(row: "Field[Any]") -> Option:
    option = row.metadata["option"]
    assert isinstance(option, Option)  # noqa: S101 - every field is made by _setting
    return option


OPTIONS: Mapping[str, Option] = {row.name: _option(row) for row in fields(Settings)}


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
