"""Media types by file name extension, for objects that were uploaded without one.

A table of our own, not `mimetypes`: that reads the machine's files when it starts, and differs between Python releases.
"""

from typing import Final

UNKNOWN_TYPE: Final = "application/octet-stream"
"""The type of what no type is known of (RFC 9110 8.3)."""

_UNSET: Final = frozenset({"", "binary/octet-stream"})

# Type → extensions. Text that declares its own encoding, XML and its kin, is not `text/*`: a charset beside the
# declaration could only contradict it. JSON is UTF-8 by definition (RFC 8259 8.1).
_EXTENSIONS: Final = {
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "htm html",
    "text/javascript": "cjs js mjs",  # RFC 9239
    "text/markdown": "markdown md",
    "text/plain": "asc conf ini log text txt",
    "text/tab-separated-values": "tsv",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/x-rst": "rst",
    "application/atom+xml": "atom",
    "application/dash+xml": "mpd",
    "application/epub+zip": "epub",
    "application/geo+json": "geojson",
    "application/gzip": "gz tgz",
    "application/java-archive": "jar",
    "application/json": "json map",
    "application/ld+json": "jsonld",
    "application/manifest+json": "webmanifest",
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/postscript": "ai eps ps",
    "application/rdf+xml": "rdf",
    "application/rss+xml": "rss",
    "application/rtf": "rtf",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/vnd.android.package-archive": "apk",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/vnd.debian.binary-package": "deb",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-fontobject": "eot",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.rar": "rar",
    "application/wasm": "wasm",
    "application/x-7z-compressed": "7z",
    "application/x-bzip2": "bz2",
    "application/x-rpm": "rpm",
    "application/x-sh": "sh",
    "application/x-tar": "tar",
    "application/x-xz": "xz",
    "application/xhtml+xml": "xhtml",
    "application/xml": "xml xsd xsl xslt",
    "application/yaml": "yaml yml",  # RFC 9512
    "application/zip": "zip",
    "application/zstd": "zst",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/midi": "mid midi",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "oga ogg opus",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "font/collection": "ttc",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpe jpeg jpg",
    "image/jxl": "jxl",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "video/3gpp": "3gp",
    "video/mp2t": "ts",
    "video/mp4": "m4v mp4",
    "video/mpeg": "mpeg mpg",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
}


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


_BY_EXTENSION: Final = {
    extension: _with_charset(media_type)
    for media_type, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
}


def guess_media_type(key: str) -> str:
    """Give the media type for an object key by its last extension, in any case; `UNKNOWN_TYPE` when that tells nothing.

    Textual types carry `charset=utf-8`. `a.tar.gz` is gzip and nothing else: what an object holds is not a coding of
    something that it stands for. A name that only starts with a dot has no extension.
    """
    name = key.rpartition("/")[2]
    stem, _, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension.lower(), UNKNOWN_TYPE) if stem else UNKNOWN_TYPE


def media_type_of(declared: str | None, key: str) -> str:
    """Give the media type that the uploader declared, else the one that the object key tells."""
    return guess_media_type(key) if declared is None or is_unset(declared) else declared


def is_unset(media_type: str | None) -> bool:
    """Tell whether the uploader gave no media type: none, empty, or what S3 answers in its place."""
    return media_type is None or media_type.strip().lower() in _UNSET
