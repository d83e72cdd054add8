"""A folder as a page for people. Pure; every name in it may have been chosen by somebody hostile."""

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from sidecar.cache.ports import FolderEntry, FolderPage

_STYLE = """\
:root{color-scheme:light dark;--line:#d4d4d8;--quiet:#52525b;--link:#1d4ed8}
@media(prefers-color-scheme:dark){:root{--line:#3f3f46;--quiet:#a1a1aa;--link:#93c5fd}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.25rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);text-align:left;font-weight:400}
thead th{font-size:.875rem;color:var(--quiet)}
tbody th{overflow-wrap:anywhere}
td{white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--quiet)}
th+th,td{width:1%;padding-right:0;padding-left:.75rem;text-align:right}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
nav{margin:1rem 0}"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but the page's own style: what a name might smuggle in would not run."""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{parent}<table>
<thead><tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">Modified (UTC)</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
{next}</main>
</body>
</html>
"""
_ROW = '<tr><th scope="row"><a href="./{link}"><bdi>{name}</bdi></a></th><td>{size}</td><td>{modified}</td></tr>\n'
_PARENT = '<nav aria-label="Folders"><a href="../">Parent folder</a></nav>\n'
_NEXT = '<nav aria-label="Pages"><a href="{link}" rel="next">Next page</a></nav>\n'
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
# What would be written so once it is rounded.
_FOUR_DIGITS = 999.5
_TWO_DIGITS = 9.95


def listing_page(path: str, page: FolderPage, next_page: str | None) -> bytes:
    """HTML for a decoded path and what is in its folder; links are relative, `next_page` is a reference as it is."""
    text = _PAGE.format(
        title=escape(f"Index of {path}"),
        style=_STYLE,
        parent="" if path == "/" else _PARENT,
        rows="".join(map(_row, page.entries)),
        next="" if next_page is None else _NEXT.format(link=escape(next_page)),
    )
    return text.encode()


def _row(entry: FolderEntry) -> str:
    # "./" keeps a name with a colon from being a scheme, and an empty one from being a host.
    return _ROW.format(
        link=escape(quote(entry.name)), name=escape(entry.name), size=_size(entry), modified=_modified(entry)
    )


def _size(entry: FolderEntry) -> str:
    return "–" if entry.size is None else f'<data value="{entry.size}">{readable_size(entry.size)}</data>'  # noqa: RUF001 - a dash for people


def readable_size(size: int) -> str:
    """A number of bytes in at most three digits and a unit."""
    exponent = 0
    while size / 1024**exponent >= _FOUR_DIGITS and exponent < len(_UNITS) - 1:
        exponent += 1
    scaled = size / 1024**exponent
    return f"{scaled:.{1 if exponent and scaled < _TWO_DIGITS else 0}f} {_UNITS[exponent]}"


def _modified(entry: FolderEntry) -> str:
    if entry.modified_at is None:
        return "–"  # noqa: RUF001 - a dash for people
    moment = datetime.fromtimestamp(entry.modified_at, UTC)
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment:%Y-%m-%d %H:%M}</time>'
