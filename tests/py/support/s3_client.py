"""A synchronous S3 client, for what tests do to a bucket behind the server's back."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from support.endpoint import Source, endpoint_of

BUCKET = "site"
"""The one bucket of every store."""

_NOT_OF_THE_CALLER = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def s3_client(source: Source, *, is_signed: bool = True, attempts: int = 3) -> Any:
    """Make a botocore S3 client; the caller closes it. Its errors are botocore's own.

    Nothing of the caller's AWS configuration or proxies is used.
    """
    endpoint = endpoint_of(source)
    config = Config(
        connect_timeout=30,
        read_timeout=30,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        s3={"addressing_style": "path"},
        signature_version="s3v4" if is_signed else UNSIGNED,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    return _session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        config=config,
    )


@cache
def _session() -> Session:
    """Make the session once: reading its description of S3 takes longer than most tests."""
    return Session(session_vars=_NOT_OF_THE_CALLER)


def get(client: Any, key: str, **conditions: Any) -> Any:
    """Get an object, with conditions as botocore names them; its body is yet to be read."""
    return client.get_object(Bucket=BUCKET, Key=key, **conditions)


def read(client: Any, key: str) -> bytes:
    """Get the body of an object."""
    return bytes(get(client, key)["Body"].read())


def status(call: Callable[[], Any]) -> int:
    """Make a call to S3 and return the status of its answer, also of an error's."""
    try:
        answer = call()
    except ClientError as error:
        answer = error.response
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])
