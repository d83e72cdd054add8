"""How requests are answered."""

from dataclasses import dataclass

from sidecar.origin.website_configuration import Configuration
from sidecar.settings import readers, website_readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class WebsiteSettings:
    """How requests are answered."""

    index: str = setting(
        "--index", "INDEX_DOCUMENT", website_readers.document_name, "NAME",
        group="Website", default="index.html", help="The document that stands for a folder.",
    )  # fmt: skip
    error_document: str | None = setting(
        "--error-document", "ERROR_DOCUMENT", website_readers.document_key, "KEY",
        group="Website",
        default_words="a line of text",
        help="The object that is sent, with the status of the error, where an object is missing or forbidden.",
    )  # fmt: skip
    spa: bool = setting(
        "--spa", "SPA", readers.boolean, "BOOLEAN",
        group="Website",
        default="false",
        help="Answer 200 with the root's index document where a page is missing: a path whose last segment has no "
        "extension, for a client that takes HTML. For single-page applications.",
    )  # fmt: skip
    autoindex: bool = setting(
        "--autoindex", "AUTOINDEX", readers.boolean, "BOOLEAN",
        group="Website",
        default="false",
        help="List folders that have no index document, as HTML or JSON. Shows every key below them.",
    )  # fmt: skip
    routing_rules: Configuration | None = setting(
        "--routing-rules", "ROUTING_RULES", website_readers.website_configuration, "FILE",
        group="Website",
        default_words="none",
        help="Redirects in S3's own format (JSON): its list of routing rules, or what `aws s3api get-bucket-website` "
        "prints. What the file says of documents wins over their flags.",
    )  # fmt: skip
    website_from_bucket: bool = setting(
        "--website-from-bucket", "WEBSITE_FROM_BUCKET", readers.boolean, "BOOLEAN",
        group="Website",
        default="false",
        help="Take documents and routing rules from the bucket's own website configuration, read every five minutes; "
        "where it says nothing the other settings count. Needs s3:GetBucketWebsite.",
    )  # fmt: skip
    reject_query_strings: bool = setting(
        "-j --reject-query-strings", "REJECT_QUERY_STRINGS", readers.boolean, "BOOLEAN",
        group="Website",
        default="false",
        help="Answer 400 to a request with a query string; otherwise the query is ignored.",
    )  # fmt: skip
    allowed_origins: tuple[str, ...] = setting(
        "--allowed-origins", "ALLOWED_ORIGINS", readers.origins, "LIST",
        group="Website", default="*", help="Origins that may read answers (CORS), comma separated or a JSON list.",
    )  # fmt: skip
