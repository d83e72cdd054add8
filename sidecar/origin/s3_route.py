"""The way to the objects of a bucket: read off a GetObject that botocore has made, for those that follow.

What botocore works out anew for every call (endpoint rules, parameters, hooks, user agent) comes out the same for every
key of a bucket. Only the key, the conditions and the signature differ. docs/adr/0011 says why.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from aiobotocore.httpsession import AIOHTTPSession
from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth
from botocore.awsrequest import AWSRequest

from sidecar.trace import CURRENT

CONDITIONS = {"IfMatch": "If-Match", "IfNoneMatch": "If-None-Match", "Range": "Range"}
"""The parameters of GetObject that are sent as they are, and the header of each."""

_OF_ONE_REQUEST = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range", "traceparent", "tracestate"}
)
_OF_THE_SIGNATURE = frozenset({"authorization", "date", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"})
_CONTEXT_OF_ONE_REQUEST = frozenset({"input_params", "retries", "s3_redirect", "timestamp"})
_KNOWN_OF_SIGNING = frozenset({"region", "signing_name", "disableDoubleEncoding"})
_INVOCATION = "amz-sdk-invocation-id"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a key's URL begins, what to send beside the key, who signs it, and on whose connections it goes."""

    root: str
    signed_headers: Mapping[str, str]
    unsigned_headers: Mapping[str, str]
    context: Mapping[str, Any]
    signer: Any
    signing: Mapping[str, str]
    session: AIOHTTPSession

    async def send(self, object_key: str, conditions: Mapping[str, str]) -> Any:
        """Ask for an object; aiobotocore's answer, whose body is still to come. Raises what botocore raises."""
        request = AWSRequest("GET", self.root + encoded(object_key), {**self.signed_headers, **conditions})
        request.context = dict(self.context)
        request.stream_output = True
        # Asked each time, for this is what renews credentials that run out.
        signature = await self.signer.get_auth_instance(**self.signing)
        signature.add_auth(request)
        for name, value in self.unsigned_headers.items():
            request.headers[name] = str(uuid4()) if name == _INVOCATION else value
        prepared: Any = request.prepare()
        return await self.session.send(prepared)


class Sighting:
    """What is seen of one call of `get_object`; of several requests, as after a redirect, the last."""

    def __init__(self) -> None:
        self._unsigned: Any = None
        self._signed_headers: dict[str, str] = {}
        self._signing: dict[str, str] = {}
        self._signer: Any = None
        self._sent: Any = None
        self._session: AIOHTTPSession | None = None

    def before_sign(self, request: Any, signer: Any, signing: dict[str, str]) -> None:
        """Note a request that has all but its signature."""
        self._unsigned, self._signer = request, signer
        self._signed_headers = _without(request.headers.items(), _OF_ONE_REQUEST)
        of_endpoint = request.context.get("signing", {})
        self._signing = signing | {
            "region_name": of_endpoint.get("region") or signing["region_name"],
            "signing_name": of_endpoint.get("signing_name") or signing["signing_name"],
        }

    def before_send(self, session: AIOHTTPSession, request: Any) -> None:
        """Note a request as it goes out."""
        self._session, self._sent = session, request

    def route(self, object_key: str) -> Route | None:
        """The way that the request for this key took; None when others may not go alike, or nobody can tell."""
        root = self._root(object_key)
        if root is None or self._session is None or not self._is_plain():
            return None
        names = {name.lower() for name in self._signed_headers}
        return Route(
            root=root,
            signed_headers=self._signed_headers,
            unsigned_headers=_without(self._sent.headers.items(), names | _OF_ONE_REQUEST | _OF_THE_SIGNATURE),
            context=_without_keys(self._unsigned.context),
            signer=self._signer,
            signing=self._signing,
            session=self._session,
        )

    def _root(self, object_key: str) -> str | None:
        if self._unsigned is None or self._sent is None or self._sent.url != self._unsigned.url:
            return None
        url, path = str(self._sent.url), "/" + encoded(object_key)
        return url.removesuffix(path) + "/" if url.endswith(path) and "?" not in url else None

    def _is_plain(self) -> bool:
        """Whether this is a GET signed by S3's own Signature Version 4 with the client's credentials."""
        context = self._unsigned.context
        return (
            AUTH_TYPE_MAPS.get(self._signing["signature_version"]) is S3SigV4Auth
            and context.get("signing", {}).keys() <= _KNOWN_OF_SIGNING
            and not context.get("checksum", {}).get("response_algorithms")
            and self._sent.method == "GET"
            and not self._sent.body
        )


SIGHTING: ContextVar[Sighting | None] = ContextVar("SIGHTING", default=None)
"""What notes the request that is being made here."""


class Session(AIOHTTPSession):
    """aiobotocore's connections, which let themselves be seen, and tell the bucket of the trace it has a part in."""

    async def send(self, request: Any) -> Any:
        """Send, as aiobotocore does."""
        if (sighting := SIGHTING.get()) is not None:
            sighting.before_send(self, request)
        trace = CURRENT.get()
        if trace is None:
            return await super().send(request)
        asking = trace.ask(request.method, request.url)
        for name, value in asking.fields:  # beside what is signed: a signature says nothing of them
            request.headers[name] = value
        try:
            answer: Any = await super().send(request)
        except BaseException as error:
            asking.failed(error)
            raise
        asking.answered(answer.status_code)
        return answer


def watch(client: Any) -> None:
    """Let this client's calls of `get_object` be seen."""
    client.meta.events.register_last("before-sign.s3.GetObject", _before_sign)


def encoded(object_key: str) -> str:
    """The key as it stands in a URL: UTF-8, percent-encoded, but for `/` and the unreserved (RFC 3986 2.3)."""
    return quote(object_key, safe="/~")


def _before_sign(
    *, request: Any, request_signer: Any, signature_version: str, region_name: str, signing_name: str, **_: Any
) -> None:
    if (sighting := SIGHTING.get()) is not None:
        signing = {"signature_version": signature_version, "region_name": region_name, "signing_name": signing_name}
        sighting.before_sign(request, request_signer, signing)


def _without(headers: Any, names: frozenset[str] | set[str]) -> dict[str, str]:
    return {name: _text(value) for name, value in headers if name.lower() not in names}


def _without_keys(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.items() if name not in _CONTEXT_OF_ONE_REQUEST}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
