"""Put the sample site into the bucket that is named, as often as it is run: for compose.yaml, in the image.

Where the store is, and its key, botocore itself reads: AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and the like.
"""

import asyncio
import mimetypes
import sys
from contextlib import suppress
from pathlib import Path

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

SITE = Path(__file__).with_name("site")


async def main(bucket: str) -> None:
    """Make the bucket and upload every file."""
    config = AioConfig(s3={"addressing_style": "path"})
    async with get_session().create_client("s3", config=config) as client:
        with suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
            await client.create_bucket(Bucket=bucket)
        paths = [path for path in sorted(SITE.rglob("*")) if path.is_file()]
        for path in paths:
            kind, _ = mimetypes.guess_type(path.name)
            name = {"Bucket": bucket, "Key": path.relative_to(SITE).as_posix()}
            await client.put_object(**name, Body=path.read_bytes(), ContentType=kind or "binary/octet-stream")
    print(f"{len(paths)} objects are in the bucket {bucket}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
