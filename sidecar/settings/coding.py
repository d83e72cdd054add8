"""How answers are compressed."""

from dataclasses import dataclass

from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class CodingSettings:
    """How answers are compressed."""

    compress: tuple[str, ...] = setting(
        "--compress", "COMPRESS", readers.codings, "LIST",
        group="Compression",
        default="br,zstd,gzip",
        help="Content codings for text and the like, the preferred one first; none turns it off. Each object is "
        "compressed once and stored beside the original.",
    )  # fmt: skip
    compress_min_size: int = setting(
        "--compress-min-size", "COMPRESS_MIN_SIZE", readers.size(0), "SIZE",
        group="Compression", default="1KiB", help="Smaller objects are sent as they are.",
    )  # fmt: skip
    compress_max_size: int = setting(
        "--compress-max-size", "COMPRESS_MAX_SIZE", readers.size(0), "SIZE",
        group="Compression",
        default="16MiB",
        help="Larger objects are sent as they are, and what would be larger is not decompressed. Each worker "
        "works on one object at a time, which takes some four times its size in memory.",
    )  # fmt: skip
    precompressed: bool = setting(
        "--precompressed", "PRECOMPRESSED", readers.boolean, "BOOLEAN",
        group="Compression",
        default="false",
        help="Look for app.js.br, app.js.zst or app.js.gz in the bucket beside app.js, for clients that take it.",
    )  # fmt: skip
