"""GetObject, without what botocore does anew for each.

The first comes from botocore's `get_object`; those that follow go the way it took. Whatever that way does not fit goes
through `get_object` too.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiobotocore.parsers import create_parser
from aiobotocore.response import StreamingBody
from botocore.exceptions import ClientError

from sidecar.origin.s3_response import S3Response, response_of
from sidecar.origin.s3_route import CONDITIONS, SIGHTING, Route, Sighting

if TYPE_CHECKING:
    from types_aiobotocore_s3.client import S3Client

_OPERATION = "GetObject"
_FIRST_ERROR_STATUS = 300

# What botocore's S3RegionRedirector follows: the bucket is somewhere else.
_REDIRECTS = frozenset({301, 302, 307})
_REDIRECT_CODES = frozenset({"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"})


class ObjectGetter:
    """Gets the objects of one bucket through one client; `arguments` are those of every `get_object`."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._route: Route | None = None

    async def get(self, client: "S3Client", object_key: str, how: Mapping[str, Any]) -> S3Response:
        """Ask for an object; `how` are the conditions as botocore names them. Raises what botocore raises."""
        route, conditions = self._route, conditions_of(how)
        if route is None or conditions is None or not object_key:
            return await self._by_client(client, object_key, how)
        answer = await route.send(object_key, conditions)
        if answer.status_code < _FIRST_ERROR_STATUS:
            return _response(answer)
        refusal = await _refusal(client, answer)
        if answer.status_code in _REDIRECTS or refusal.get("Error", {}).get("Code") in _REDIRECT_CODES:
            self._forget(route)
            return await self._by_client(client, object_key, how)
        raise ClientError(refusal, _OPERATION)

    async def _by_client(self, client: "S3Client", object_key: str, how: Mapping[str, Any]) -> S3Response:
        sighting = Sighting()
        token = SIGHTING.set(sighting)
        try:
            answer: Any = await client.get_object(Key=object_key, **self._arguments, **how)
        finally:
            SIGHTING.reset(token)
        self._route = sighting.route(object_key) or self._route
        if expires := answer.get("ExpiresString"):
            # botocore drops one that it cannot read, which says "already expired" (RFC 9111 5.3).
            answer["ResponseMetadata"]["HTTPHeaders"]["expires"] = expires
        return response_of(answer)

    def _forget(self, route: Route) -> None:
        # Another request may have found the new way already.
        if self._route is route:
            self._route = None


def conditions_of(how: Mapping[str, Any]) -> dict[str, str] | None:
    """The headers that say the same; None for what botocore would not send as it is, or not at all."""
    if not how.keys() <= CONDITIONS.keys():
        return None
    if not all(isinstance(value, str) and value.isascii() and value.isprintable() for value in how.values()):
        return None
    return {CONDITIONS[name]: value for name, value in how.items()}


def _response(answer: Any) -> S3Response:
    # Not `answer.headers`, whose every look-up makes an object; decoded as aiobotocore decodes them.
    headers = {name.decode().lower(): value.decode() for name, value in answer.raw.raw_headers}
    body: Any = StreamingBody(answer.raw, headers.get("content-length"))  # type: ignore[arg-type] # as botocore does
    return response_of({"ResponseMetadata": {"HTTPHeaders": headers}, "Body": body})


async def _refusal(client: "S3Client", answer: Any) -> Any:
    """What the bucket said instead of giving the object, as botocore reads it; this reads the body."""
    model = client.meta.service_model
    said = {"status_code": answer.status_code, "headers": answer.headers, "body": await answer.content}
    parser: Any = create_parser(model.resolved_protocol)
    return await parser.parse(said, model.operation_model(_OPERATION).output_shape)
