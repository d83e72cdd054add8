"""From a URL to the question what would become of it."""

from urllib.parse import quote, unquote, urlsplit

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError


def entry_query(url: str) -> str:
    """The endpoint and its query for a whole URL or a path. Raises CommandError for what is neither."""
    path = url if url.startswith("/") else urlsplit(url).path or "/"
    if "://" not in url and not url.startswith("/"):
        raise CommandError("a path begins with a slash", "as in s3ops cache explain /docs/", ExitCode.USAGE)
    return f"cache/entry?path={quote(unquote(path.partition('?')[0]), safe='/')}"
