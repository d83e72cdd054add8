"""What answers carry beside what the object says."""

from dataclasses import dataclass

from sidecar.http.header_rules import HeaderRule
from sidecar.settings import readers
from sidecar.settings.option import setting


@dataclass(frozen=True, kw_only=True)
class HeaderSettings:
    """What answers carry beside what the object says."""

    headers: tuple[HeaderRule, ...] = setting(
        "--header", "HEADERS", HeaderRule.parse, "RULE",
        group="Headers",
        is_repeatable=True,
        help="Set a header: 'Name: value', or '/glob=Name: value' for the paths that the glob matches (* any "
        "characters, ? one). May be given several times; in the environment, a line each. Of several for one name the "
        "last that matches wins. Errors carry none about caching.",
    )  # fmt: skip
    expose_metadata: bool = setting(
        "--expose-metadata", "EXPOSE_METADATA", readers.boolean, "BOOLEAN",
        group="Headers", default="false", help="Send an object's own metadata, x-amz-meta-*, to clients.",
    )  # fmt: skip
