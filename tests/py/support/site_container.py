"""The image at work on a bucket: what it is told, and when it serves."""

from contextlib import suppress

from support.http_client import request
from support.podman import Container
from support.seaweedfs import SeaweedFS
from support.until import until

AUTH_KEY = "abc123"


def settings(site: SeaweedFS, port: int, ops_port: int) -> dict[str, str]:
    """What the documented `docker run` sets, and where the bucket and the ports of a test are."""
    return {
        "AWS_REGION": "us-east-1",
        "S3_BUCKET": site.bucket,
        "S3_ENDPOINT_URL": site.endpoint_url,
        "AWS_KEY": site.access_key,
        "AWS_SECRET": site.secret_key,
        "AUTH_KEY": AUTH_KEY,
        "PORT": str(port),
        "OPS_PORT": str(ops_port),
    }


def wait_until_served(port: int, container: Container) -> None:
    """Return with the first 200; fails when the container has ended, or takes too long."""

    def is_served() -> bool:
        assert container.inspect("{{.State.Status}}") == "running", container.log()
        return status(port) == 200

    until(is_served)


def status(port: int) -> int:
    """What the site's root answers; 0 while nobody does."""
    with suppress(OSError):
        return request(port, "GET", "/", timeout=5).status
    return 0
