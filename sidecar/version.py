"""The version of this distribution."""

from importlib import metadata


def version() -> str:
    """As pip knows it."""
    try:
        return metadata.version("s3-sidecar")
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"
