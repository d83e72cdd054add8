"""Which bucket is asked, and how: what botocore is told of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig

from sidecar.origin.s3_route import Session

if TYPE_CHECKING:
    from sidecar.settings.bucket import BucketSettings

_CONNECTIONS = 64
_LONGEST_KEPT_SECONDS = 12.0  # aiobotocore's

OWN_KEYS = "--key and --secret"
"""What the log calls the key and secret of the top level."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the objects are and how to ask for them; spans in seconds."""

    name: str
    credential_source: str
    has_keys: bool
    client_arguments: dict[str, Any]
    get_arguments: dict[str, Any]
    first_byte_timeout_seconds: float
    forbidden_is_missing: bool


def bucket_of(settings: "BucketSettings", own_keys: str = OWN_KEYS) -> Bucket:
    """The bucket that the settings name; `own_keys` is what the log calls their key and secret."""
    has_keys = settings.key is not None and settings.secret is not None
    style = settings.addressing_style
    if style == "auto" and settings.endpoint_url:
        style = "path"
    config = AioConfig(
        connect_timeout=settings.origin_connect_timeout,
        read_timeout=settings.origin_idle_timeout,
        max_pool_connections=_CONNECTIONS,
        connector_args={"keepalive_timeout": _kept_seconds(settings.origin_idle_timeout)},
        http_session_cls=Session,
        retries={"total_max_attempts": 1},  # botocore knows no time budget: retries are made here
        s3={"addressing_style": style},
        # Checksums other than the body's length are not sent by every store, and ranges have none.
        response_checksum_validation="when_required",
    )
    return Bucket(
        name=settings.bucket,
        credential_source=own_keys if has_keys else "the AWS default chain",
        has_keys=has_keys,
        client_arguments={
            "region_name": settings.region,
            "endpoint_url": settings.endpoint_url,
            "aws_access_key_id": settings.key.reveal() if settings.key else None,
            "aws_secret_access_key": settings.secret.reveal() if settings.secret else None,
            "config": config,
            "verify": str(settings.ca_bundle) if settings.ca_bundle else None,
        },
        get_arguments={"RequestPayer": "requester"} if settings.requester_pays else {},
        first_byte_timeout_seconds=settings.origin_first_byte_timeout,
        forbidden_is_missing=settings.forbidden_is_missing,
    )


def _kept_seconds(read_timeout: float) -> float:
    """How long a connection is kept for the next request.

    aiohttp 3.14 begins to wait for more after it had stopped reading for want of room, although it has met the end of
    the body as it went on; after the read timeout it fails whoever uses that connection by then.
    """
    return min(_LONGEST_KEPT_SECONDS, read_timeout / 2)
