"""How the settings of a website's rules read their text; see `readers`."""

from sidecar.errors import SettingsError
from sidecar.origin.website_configuration import Configuration, ConfigurationError, read_json
from sidecar.settings import readers

MAX_KEY_BYTES = 1024
MAX_FILE_BYTES = 1024 * 1024


def document_name(value: str) -> str:
    """The name of a file, without its folder."""
    if "/" in value or not _is_key(value):
        raise ValueError("must be a file's name such as index.html, without a slash")
    return value


def document_key(value: str) -> str:
    """An object's key below the prefix; a slash before it is forgiven."""
    key = value.removeprefix("/")
    if not _is_key(key) or key.endswith("/"):
        raise ValueError("must be an object's key such as errors/404.html")
    return key


def website_configuration(value: str) -> Configuration:
    """A file in S3's own format. Raises SettingsError with every mistake in it, and where it is."""
    try:
        content = readers.existing_file(value).read_bytes()
    except OSError as error:
        raise ValueError(f"must be a file that can be read ({error.strerror})") from None
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"must be a file of at most {MAX_FILE_BYTES} bytes")
    try:
        return read_json(content)
    except ConfigurationError as error:
        raise SettingsError(tuple(f"{value}: {mistake}" for mistake in error.mistakes)) from None


def _is_key(value: str) -> bool:
    return value.isprintable() and 1 <= len(value.encode()) <= MAX_KEY_BYTES
