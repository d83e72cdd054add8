"""An object on its way out of the bucket."""

from collections.abc import AsyncIterator
from typing import Any

from sidecar.cache.ports import OriginHead
from sidecar.errors import OriginProtocolError
from sidecar.origin.s3_errors import origin_errors

CHUNK = 256 * 1024


class S3Response:
    """An object on its way."""

    def __init__(self, head: OriginHead, body: Any) -> None:
        self.head = head
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Raises OriginError when it ends early or stops coming."""
        with origin_errors():
            while chunk := await self._body.read(CHUNK):
                yield chunk

    async def close(self) -> None:
        """Give back the connection, or drop it if the body was not read to its end."""
        self._body.close()


def response_of(answer: Any) -> S3Response:
    """What botocore answered to GetObject. Raises OriginProtocolError when that cannot be checked for its length."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        answer["Body"].close()
        raise OriginProtocolError("the bucket's answer has no content-length")
    named = tuple((name.lower(), value) for name, value in headers.items())
    return S3Response(OriginHead(headers=named, content_length=int(length)), answer["Body"])
