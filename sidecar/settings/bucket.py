"""The bucket and how it is reached."""

from dataclasses import dataclass
from pathlib import Path

from sidecar.secret import Secret
from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """The bucket and how it is reached."""

    bucket: str = setting(
        "-b --bucket", "S3_BUCKET", readers.bucket, "NAME", group="Bucket", required=True, help="The bucket to serve."
    )
    prefix: str = setting(
        "--prefix", "S3_PREFIX", readers.prefix, "FOLDER",
        group="Bucket", default="", default_words="empty", help="Keys are served below this prefix.",
    )  # fmt: skip
    region: str = setting(
        "-r --region", "AWS_REGION", readers.region, "NAME",
        group="Bucket", default="us-east-1", help="The bucket's region.",
    )  # fmt: skip
    key: Secret | None = setting(
        "-k --key", "AWS_KEY", readers.secret, "ID",
        group="Bucket",
        default_words="the AWS default chain",
        help="Access key ID. Without --key and --secret the AWS default chain is asked: environment, profile, "
        "IRSA, Pod Identity, ECS, instance profile.",
    )  # fmt: skip
    secret: Secret | None = setting(
        "-s --secret", "AWS_SECRET", readers.secret, "SECRET",
        group="Bucket",
        default_words="the AWS default chain",
        help="Secret access key. Prefer the environment: other users of a machine can read command lines.",
    )  # fmt: skip
    endpoint_url: str | None = setting(
        "--endpoint-url", "S3_ENDPOINT_URL", readers.endpoint_url, "URL",
        group="Bucket", default_words="AWS", help="Any S3-compatible store.",
    )  # fmt: skip
    addressing_style: str = setting(
        "--addressing-style", "S3_ADDRESSING_STYLE", readers.choice("auto", "path", "virtual"), "auto|path|virtual",
        group="Bucket",
        default="auto",
        help="How the bucket is named in a request; auto means path when --endpoint-url is set.",
    )  # fmt: skip
    forbidden_is_missing: bool = setting(
        "--forbidden-is-missing", "FORBIDDEN_IS_MISSING", readers.boolean, "BOOLEAN",
        group="Bucket",
        default="true",
        help="S3 answers 403 for a missing key when the credentials may not list the bucket: answer 404 then.",
    )  # fmt: skip
    requester_pays: bool = setting(
        "--requester-pays", "REQUESTER_PAYS", readers.boolean, "BOOLEAN",
        group="Bucket", default="false", help="Tell S3 that the credentials' owner pays for requests.",
    )  # fmt: skip
    ca_bundle: Path | None = setting(
        "--ca-bundle", "CA_BUNDLE", readers.existing_file, "FILE",
        group="Bucket", default_words="the system's", help="Certificates (PEM) that the store's own must lead to.",
    )  # fmt: skip
    origin_connect_timeout: float = setting(
        "--origin-connect-timeout", "ORIGIN_CONNECT_TIMEOUT", readers.seconds(0.05, 60), "SECONDS",
        group="Bucket", default="3", help="Longest wait for a connection to the bucket.",
    )  # fmt: skip
    origin_first_byte_timeout: float = setting(
        "--origin-first-byte-timeout", "ORIGIN_FIRST_BYTE_TIMEOUT", readers.seconds(0.05, 50), "SECONDS",
        group="Bucket", default="15", help="Longest wait for the bucket's answer to begin, retries included.",
    )  # fmt: skip
    origin_idle_timeout: float = setting(
        "--origin-idle-timeout", "ORIGIN_IDLE_TIMEOUT", readers.seconds(0.05, 600), "SECONDS",
        group="Bucket", default="20", help="Longest silence within the bucket's answer.",
    )  # fmt: skip
