"""How requests are answered."""

from dataclasses import dataclass

from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class WebsiteSettings:
    """How requests are answered."""

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
