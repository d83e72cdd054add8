"""What is kept, where, and for how long."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.cpus import usable_cpus
from sidecar.memory import entries_within, hot_bytes_within, memory_limit, workers_within
from sidecar.settings import readers
from sidecar.settings.option import setting

_YEARS = 10 * 366 * 86_400


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """What is kept, where, and for how long."""

    ttl: int = setting(
        "-t --ttl", "TTL", readers.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="300",
        help="Freshness of an object that carries no Cache-Control or Expires of its own, and of a 404. With 0 it is "
        "stale at once; whoever asks while its answer is on its way still shares it, as collapsed, up to its end.",
    )  # fmt: skip
    ttl_override: bool = setting(
        "--ttl-override", "TTL_OVERRIDE", readers.boolean, "BOOLEAN",
        group="Cache", default="false", help="Let --ttl win over what an object says of its own freshness.",
    )  # fmt: skip
    negative_ttl: int | None = setting(
        "--negative-ttl", "NEGATIVE_TTL", readers.whole_number(0, _YEARS), "SECONDS",
        group="Cache", default_words="the TTL", help="How long a missing object is remembered.",
    )  # fmt: skip
    stale_while_revalidate: int = setting(
        "--stale-while-revalidate", "STALE_WHILE_REVALIDATE", readers.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="30",
        help="How long after its freshness an object is still served at once, while it is revalidated behind the "
        "client's back. An object's own Cache-Control wins.",
    )  # fmt: skip
    stale_if_error: int = setting(
        "--stale-if-error", "STALE_IF_ERROR", readers.whole_number(0, _YEARS), "SECONDS",
        group="Cache",
        default="86400",
        help="How long after its freshness an object is still served when the bucket fails. An object's own "
        "Cache-Control wins.",
    )  # fmt: skip
    honor_client_cache_control: bool = setting(
        "--honor-client-cache-control", "HONOR_CLIENT_CACHE_CONTROL", readers.boolean, "BOOLEAN",
        group="Cache",
        default="false",
        help="Let a request's Cache-Control (no-cache, no-store, max-age, min-fresh) send it to the bucket.",
    )  # fmt: skip
    max_object_size: int = setting(
        "--max-object-size", "MAX_OBJECT_SIZE", readers.size(0), "SIZE",
        group="Cache", default="5TiB", help="Larger objects are passed on without being stored.",
    )  # fmt: skip
    slice_size: int = setting(
        "--slice-size", "SLICE_SIZE", readers.size(64 * 1024), "SIZE",
        group="Cache", default="8MiB", help="Parts in which a large object is fetched when only a range is asked for.",
    )  # fmt: skip
    slice_threshold: int = setting(
        "--slice-threshold", "SLICE_THRESHOLD", readers.size(0), "SIZE",
        group="Cache", default="64MiB", help="Objects above this size are large.",
    )  # fmt: skip
    cache_max_size: int | None = setting(
        "--cache-max-size", "CACHE_MAX_SIZE", readers.size(1024 * 1024), "SIZE",
        group="Cache",
        default_words="80 % of what is free at the start, at most 10GiB",
        help="Most bytes the cache takes on disk, everything included.",
    )  # fmt: skip
    cache_min_free: int = setting(
        "--cache-min-free", "CACHE_MIN_FREE", readers.size(0), "SIZE",
        group="Cache", default="64MiB", help="Bytes of the file system that the cache leaves free.",
    )  # fmt: skip
    cache_max_entries: int = setting(
        "--cache-max-entries", "CACHE_MAX_ENTRIES", readers.whole_number(1, 10_000_000), "COUNT",
        group="Cache",
        default=lambda: str(entries_within(memory_limit(), workers_within(memory_limit(), usable_cpus()))),
        default_words="100000, fewer where the container's memory is short",
        help="Most stored responses: entries in each worker's memory, and files on disk.",
    )  # fmt: skip
    hot_size: int = setting(
        "--hot-size", "HOT_SIZE", readers.size(0), "SIZE",
        group="Cache",
        default=lambda: str(hot_bytes_within(memory_limit())),
        default_words="64MiB, a sixteenth of the container's memory at most",
        help="Memory that each worker takes for answers that are given again and again; 0 turns that off.",
    )  # fmt: skip
    cache_dir: Path = setting(
        "-d --cache-dir", "CACHE_DIR", readers.path, "FOLDER",
        group="Cache",
        default="/tmp/s3-sidecar",  # noqa: S108 - created for this user alone, refused otherwise
        help="One flat directory of bodies. Any file in it may be deleted at any time.",
    )  # fmt: skip
    spare_dir: Path | None = setting(
        "--spare-dir", "SPARE_DIR", readers.path, "FOLDER",
        group="Cache",
        default_words="none; in the image /tmp/s3-sidecar",
        help="Where bodies are kept if --cache-dir cannot be written, which is told at the start; without it that is a "
        "mistake. With it, and --console, log files that cannot be written in --dir are left out, too.",
    )  # fmt: skip
