"""What the failures of botocore, aiohttp and the network mean, and which bucket the settings name."""

import errno
from typing import Any

import aiohttp
import pytest
from botocore import exceptions as boto

from sidecar.errors import (
    OriginChanged,
    OriginError,
    OriginForbidden,
    OriginNotFound,
    OriginProtocolError,
    OriginRefusedCredentials,
    OriginTimeout,
    OriginUnavailable,
)
from sidecar.origin.s3_bucket import Bucket, bucket_of
from sidecar.origin.s3_errors import Unchanged, origin_errors
from sidecar.settings import load

URL = "https://site.s3.example.com/a"
BAIT = "correct-horse-battery-staple"

# The code and status of an error answer → what it means.
ANSWERS = {
    "missing": ("NoSuchKey", 404, OriginNotFound),
    "missing-without-body": ("404", 404, OriginNotFound),
    "missing-of-other-stores": ("NotFound", 404, OriginNotFound),
    "key-longer-than-any": ("KeyTooLongError", 400, OriginNotFound),
    "forbidden": ("AccessDenied", 403, OriginForbidden),
    "forbidden-without-body": ("403", 403, OriginForbidden),
    "forbidden-to-all": ("AllAccessDisabled", 403, OriginForbidden),
    "unknown-key-id": ("InvalidAccessKeyId", 403, OriginRefusedCredentials),
    "wrong-secret": ("SignatureDoesNotMatch", 403, OriginRefusedCredentials),
    "token-expired": ("ExpiredToken", 400, OriginRefusedCredentials),
    "token-of-another": ("InvalidToken", 400, OriginRefusedCredentials),
    "wrong-region": ("AuthorizationHeaderMalformed", 400, OriginRefusedCredentials),
    "wrong-clock": ("RequestTimeTooSkewed", 403, OriginRefusedCredentials),
    "unauthorized": ("Unauthorized", 401, OriginRefusedCredentials),
    "unauthorized-without-body": ("401", 401, OriginRefusedCredentials),
    "slow-down": ("SlowDown", 503, OriginUnavailable),
    "internal-error": ("InternalError", 500, OriginUnavailable),
    "bad-gateway-before-the-store": ("502", 502, OriginUnavailable),
    "too-many-requests": ("TooManyRequests", 429, OriginUnavailable),
    "missing-as-a-proxy-says-while-it-fails": ("NotFound", 503, OriginUnavailable),
    "no-website-configuration": ("NoSuchWebsiteConfiguration", 404, OriginNotFound),
    "no-bucket-is-no-missing-object": ("NoSuchBucket", 404, OriginProtocolError),
    "another-region": ("PermanentRedirect", 301, OriginProtocolError),
    "archived": ("InvalidObjectState", 403, OriginProtocolError),
    "another-method": ("MethodNotAllowed", 405, OriginProtocolError),
    "rfc9110-15.5.13-another-version-than-if-match": ("PreconditionFailed", 412, OriginChanged),
    "rfc9110-15.5.17-shorter-than-the-range": ("InvalidRange", 416, OriginChanged),
    "no-code": ("", 400, OriginProtocolError),
    "no-code-and-no-status": ("", 0, OriginProtocolError),
}

# What STS or SSO answered while the default chain looked for credentials: never about the object.
OF_THE_CHAIN: dict[str, tuple[str, int, type[OriginError]]] = {
    "role-denied": ("AccessDenied", 403, OriginRefusedCredentials),
    "role-token-expired": ("ExpiredTokenException", 400, OriginRefusedCredentials),
    "role-missing": ("NoSuchEntity", 404, OriginRefusedCredentials),
    "not-found": ("NotFound", 404, OriginRefusedCredentials),
    "sts-is-down": ("ServiceUnavailable", 503, OriginUnavailable),
}

RETRY_AFTER = {
    "rfc9110-10.2.3-seconds": ({"retry-after": "120"}, 120),
    "rfc9110-10.2.3-absent": ({}, None),
    "rfc9110-10.2.3-date": ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
    "rfc9110-10.2.3-other-digits": ({"retry-after": "٣"}, None),
    "rfc9110-10.2.3-negative": ({"retry-after": "-1"}, None),
}

EXCEPTIONS: dict[str, tuple[BaseException, type[OriginError]]] = {
    "no-credentials": (boto.NoCredentialsError(), OriginRefusedCredentials),
    "half-of-the-credentials": (
        boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        OriginRefusedCredentials,
    ),
    "credential-process": (
        boto.CredentialRetrievalError(provider="process", error_msg="exit 1"),
        OriginRefusedCredentials,
    ),
    "profile": (boto.ProfileNotFound(profile="site"), OriginRefusedCredentials),
    "metadata-service": (boto.MetadataRetrievalError(error_msg="no answer"), OriginRefusedCredentials),
    "sso-expired": (boto.UnauthorizedSSOTokenError(), OriginRefusedCredentials),
    "sso-never-begun": (boto.SSOTokenLoadError(profile_name="site", error_msg="none"), OriginRefusedCredentials),
    "connect-timeout": (boto.ConnectTimeoutError(endpoint_url=URL), OriginTimeout),
    "read-timeout": (boto.ReadTimeoutError(endpoint_url=URL), OriginTimeout),
    "budget-spent": (TimeoutError(), OriginTimeout),
    "idle-timeout": (aiohttp.SocketTimeoutError("no data"), OriginTimeout),
    "kernel-gave-up": (OSError(errno.ETIMEDOUT, "timed out"), OriginTimeout),
    "refused-or-unresolved": (boto.EndpointConnectionError(endpoint_url=URL), OriginUnavailable),
    "closed": (boto.ConnectionClosedError(endpoint_url=URL), OriginUnavailable),
    "tls": (boto.SSLError(endpoint_url=URL, error=OSError("self-signed")), OriginUnavailable),
    "proxy": (boto.ProxyConnectionError(proxy_url="http://proxy"), OriginUnavailable),
    "http-client": (boto.HTTPClientError(error="odd"), OriginUnavailable),
    "streaming": (boto.ResponseStreamingError(error="reset"), OriginUnavailable),
    "payload": (aiohttp.ClientPayloadError("not all of it"), OriginUnavailable),
    "disconnected": (aiohttp.ServerDisconnectedError(), OriginUnavailable),
    "reset": (ConnectionResetError(), OriginUnavailable),
    "body-too-short": (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), OriginProtocolError),
    "parameters": (boto.ParamValidationError(report="Bucket"), OriginProtocolError),
}

STYLES = {
    "aws": ({}, "auto"),
    "endpoint-means-path": ({"endpoint_url": "http://127.0.0.1:9000"}, "path"),
    "virtual-on-purpose": ({"endpoint_url": "http://127.0.0.1:9000", "addressing_style": "virtual"}, "virtual"),
    "path-on-purpose": ({"addressing_style": "path"}, "path"),
}


def _answer(code: str, status: int, *, of: str = "GetObject", headers: dict[str, str] | None = None) -> Any:
    response: Any = {
        "Error": {"Code": code, "Message": "so it is"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
    }
    return boto.ClientError(response, of)


def _mapped(error: BaseException) -> OriginError:
    with pytest.raises(OriginError) as caught, origin_errors():
        raise error
    assert caught.value.__cause__ is error
    return caught.value


def _bucket(**flags: str) -> Bucket:
    return bucket_of(load({"bucket": "site"} | flags, {}))


@pytest.mark.parametrize(("code", "status", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer(code: str, status: int, expected: type[OriginError]) -> None:
    """An error answer of the bucket means one thing; only the object's own absence is 'not found'."""
    assert type(_mapped(_answer(code, status))) is expected


@pytest.mark.parametrize(("code", "status", "expected"), OF_THE_CHAIN.values(), ids=OF_THE_CHAIN)
def test_answer_to_the_default_chain(code: str, status: int, expected: type[OriginError]) -> None:
    """A role that may not be assumed is refused credentials, and not a forbidden (or even missing) object."""
    error = _mapped(_answer(code, status, of="AssumeRoleWithWebIdentity"))
    assert type(error) is expected


@pytest.mark.parametrize("operation", ["GetObject", "ListObjectsV2", "GetBucketWebsite"])
def test_every_operation_is_known(operation: str) -> None:
    """What S3 refuses is not taken for what a service for credentials refuses."""
    assert type(_mapped(_answer("AccessDenied", 403, of=operation))) is OriginForbidden


@pytest.mark.parametrize(
    ("code", "of", "is_final"),
    [
        ("InvalidAccessKeyId", "GetObject", True),
        ("SignatureDoesNotMatch", "GetObject", True),
        ("SignatureDoesNotMatch", "AssumeRole", False),
        ("ExpiredToken", "GetObject", False),
        ("RequestTimeTooSkewed", "GetObject", False),
    ],
)
def test_a_final_refusal(code: str, of: str, is_final: bool) -> None:
    """Only S3 itself can say that a key is none, or its secret another; what passes is not final."""
    error = _mapped(_answer(code, 403, of=of))
    assert isinstance(error, OriginRefusedCredentials)
    assert error.is_final is is_final


def test_not_modified() -> None:
    """A 304 is no error; its headers are kept, to freshen what is stored (RFC 9110 15.4.5)."""
    with pytest.raises(Unchanged) as caught, origin_errors():
        raise _answer("304", 304, headers={"etag": '"a"', "cache-control": "max-age=9"})
    assert caught.value.head.headers == (("etag", '"a"'), ("cache-control", "max-age=9"))
    assert caught.value.head.content_length == 0


def test_an_answer_without_anything() -> None:
    """An error answer that botocore could make nothing of is mapped too."""
    assert type(_mapped(boto.ClientError({}, "GetObject"))) is OriginProtocolError


@pytest.mark.parametrize(("headers", "expected"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after(headers: dict[str, str], expected: int | None) -> None:
    """What the bucket says about when to come back is kept, in seconds."""
    error = _mapped(_answer("SlowDown", 503, headers=headers))
    assert isinstance(error, OriginUnavailable)
    assert error.retry_after == expected


@pytest.mark.parametrize(("error", "expected"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_exception(error: BaseException, expected: type[OriginError]) -> None:
    """What the libraries and the network raise is told apart by what an operator would do about it."""
    mapped = _mapped(error)
    assert type(mapped) is expected
    assert "\n" not in str(mapped)


def test_every_botocore_error_is_mapped() -> None:
    """No error that botocore declares today gets past."""
    declared = [value for value in vars(boto).values() if isinstance(value, type)]
    errors = [error for error in declared if issubclass(error, boto.BotoCoreError)]
    assert len(errors) > 50
    for error in errors:
        assert isinstance(_mapped(error.__new__(error)), OriginError)


def test_a_timeout_has_words() -> None:
    """A timeout that says nothing is told in words."""
    assert str(_mapped(TimeoutError())) == "the bucket did not answer in time"


def test_our_own_errors_pass() -> None:
    """What is not the bucket's failure is not blamed on it."""
    with pytest.raises(ZeroDivisionError), origin_errors():
        raise ZeroDivisionError


def test_success_passes() -> None:
    """Nothing happens when nothing is wrong."""
    with origin_errors():
        pass


@pytest.mark.parametrize(("flags", "expected"), STYLES.values(), ids=STYLES)
def test_addressing_style(flags: dict[str, str], expected: str) -> None:
    """Stores other than AWS are asked by path unless the operator says otherwise."""
    assert _bucket(**flags).client_arguments["config"].s3 == {"addressing_style": expected}


def test_credentials_of_the_settings() -> None:
    """A key pair goes to the client as it is, and messages say where it came from."""
    bucket = _bucket(key="an-id", secret=BAIT)
    assert bucket.client_arguments["aws_access_key_id"] == "an-id"
    assert bucket.client_arguments["aws_secret_access_key"] == BAIT
    assert bucket.credential_source == "--key and --secret"


def test_the_default_chain() -> None:
    """Without a key pair botocore looks for credentials itself."""
    bucket = _bucket()
    assert bucket.client_arguments["aws_access_key_id"] is None
    assert bucket.client_arguments["aws_secret_access_key"] is None
    assert bucket.credential_source == "the AWS default chain"


def test_the_rest_of_a_bucket() -> None:
    """Name, place, timeouts and the meaning of 403 come from the settings."""
    bucket = _bucket(
        region="eu-central-1",
        endpoint_url="http://127.0.0.1:9000",
        origin_connect_timeout="1",
        origin_first_byte_timeout="2",
        origin_idle_timeout="4",
        forbidden_is_missing="false",
    )
    arguments = bucket.client_arguments
    assert (bucket.name, arguments["region_name"]) == ("site", "eu-central-1")
    assert arguments["endpoint_url"] == "http://127.0.0.1:9000"
    assert (arguments["config"].connect_timeout, arguments["config"].read_timeout) == (1.0, 4.0)
    assert (bucket.first_byte_timeout_seconds, bucket.forbidden_is_missing) == (2.0, False)
