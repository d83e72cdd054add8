"""What requests are made of: the values of each header field, and targets. RFC 9110 13 and 14, RFC 9112 3.

Values may hold the placeholders of `requests.validators`.
"""

ENTITY_TAGS = (
    "{etag}",
    "{weak}",
    "*",
    '"x"',
    'W/"x"',
    '"x", {etag}',
    '"x" , {weak},"y"',
    ",, {etag},",
    '"a,b", {etag}',
    '""',
    "{opaque}",
    '"{opaque}',
    '"{opaque}"x',
    'w/"{opaque}"',
    "*, {etag}",
    "",
)
"""For If-Match and If-None-Match: RFC 9110 8.8.3, 13.1.1, 13.1.2."""

VALID_DATES = (
    "{modified}",
    "{earlier}",
    "{later}",
    "{modified_rfc850}",
    "{earlier_rfc850}",
    "{modified_asctime}",
    "{earlier_asctime}",
    "Sat, 01 Jan 2000 00:00:00 GMT",
    "Fri, 31 Dec 2100 23:59:59 GMT",
    "Mon, 01 Jan 2000 00:00:00 GMT",
)
"""For If-Modified-Since and If-Unmodified-Since: the three forms of RFC 9110 5.6.7."""

INVALID_DATES = (
    "Sat, 01 Jan 2000 00:00:00 +0100",
    "Sat, 32 Jan 2000 00:00:00 GMT",
    "2000-01-01T00:00:00Z",
    "946684800",
    "0",
    "yesterday",
    "",
)

DATES = VALID_DATES + INVALID_DATES

IF_RANGES = (
    "{etag}",
    "{weak}",
    '"x"',
    "{opaque}",
    "{etag}, {etag}",
    "*",
    "{modified}",
    "{modified_rfc850}",
    "{modified_asctime}",
    "{earlier}",
    "{later}",
    "yesterday",
)
"""RFC 9110 13.1.5."""

CONDITIONS = (
    {"If-None-Match": "{etag}", "If-Modified-Since": "{earlier}"},
    {"If-None-Match": '"x"', "If-Modified-Since": "{modified}"},
    {"If-None-Match": "{opaque}", "If-Modified-Since": "{modified}"},
    {"If-Match": "{etag}", "If-Unmodified-Since": "{earlier}"},
    {"If-Match": '"x"', "If-Unmodified-Since": "{modified}"},
    {"If-Match": "{etag}", "If-None-Match": "{etag}"},
    {"If-Match": '"x"', "If-None-Match": "{etag}"},
    {"If-Match": "*", "If-None-Match": "*"},
    {"If-Unmodified-Since": "{modified}", "If-Modified-Since": "{modified}"},
    {"If-Unmodified-Since": "{earlier}", "If-Modified-Since": "{modified}"},
    {"If-None-Match": "{etag}", "Range": "bytes=0-0"},
    {"If-None-Match": '"x"', "Range": "bytes=0-0"},
    {"If-None-Match": "{etag}", "Range": "bytes=99999999-"},
    {"If-Match": '"x"', "Range": "bytes=0-0"},
    {"If-Match": "{etag}", "Range": "bytes=99999999-"},
    {"If-Modified-Since": "{modified}", "Range": "bytes=0-0"},
    {"If-Unmodified-Since": "{earlier}", "Range": "bytes=99999999-"},
    {"If-Range": '"x"', "Range": "bytes=99999999-"},
    {"If-Range": "{etag}", "Range": "bytes=99999999-"},
    {"If-Range": "{etag}"},
    {"If-Range": '"x"', "If-None-Match": "{etag}", "Range": "bytes=0-0"},
)
"""Precedence: RFC 9110 13.2.2."""

MALFORMED_RANGES = (
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=5-2",
    "bytes=1",
    "bytes=1--2",
    "bytes=--1",
    "bytes 0-0",
    "0-0",
    "bytes=0x0-0x9",
    "bytes=+0-0",
    "bytes=0-0;q=1",
    "bytes=0-0, x",
    "bytes=0-0-0",
    "",
)

RANGES_TO_READ_CLOSELY = (
    "Bytes=0-0",
    "bytes= 0-0",
    "bytes=0 -0",
    "bytes=0- 0",
    "bytes =0-0",
    "bytes=0-0,",
    "bytes=,0-0",
    "bytes=\t0-0",
    "bytes=00-00",
    "lines=0-0",
    "items=0-0",
    "none=",
)
"""Units are compared without regard to case (RFC 9110 14.1); empty members of a list and spaces around members are
allowed (5.6.1), spaces within a range are not; other units are ignored (14.2)."""


OVERLAPPING_RANGES = ("bytes=0-4,5-9", "bytes=0-9,5-14", "bytes=0-9,0-9", "bytes=0-,0-")
"""Or adjoining ones."""


def single_ranges(size: int) -> tuple[str, ...]:
    """Ranges around the ends of a representation of `size` bytes: RFC 9110 14.1.2."""
    last = max(size - 1, 0)
    return (
        "bytes=0-0",
        "bytes=0-9",
        f"bytes=0-{last}",
        f"bytes=0-{size}",
        f"bytes={last}-{last}",
        f"bytes={last}-",
        f"bytes={size}-",
        f"bytes={size}-{size}",
        f"bytes={size + 1}-{size + 5}",
        f"bytes={size // 2}-",
        "bytes=0-",
        "bytes=-1",
        "bytes=-5",
        f"bytes=-{size}",
        f"bytes=-{size + 1}",
        "bytes=-0",
        "bytes=0-99999999999999999999999",
        "bytes=99999999999999999999999-",
        "bytes=-99999999999999999999999",
    )


def several_ranges(size: int) -> tuple[str, ...]:
    """Several in one: apart, touching, overlapping, out of order, and unsatisfiable ones among them."""
    last = max(size - 1, 0)
    return (
        "bytes=0-0,2-2",
        "bytes=0-1, 4-5",
        f"bytes=0-0,{last}-{last}",
        "bytes=0-0,-1",
        "bytes=5-5,0-0",
        *OVERLAPPING_RANGES,
        f"bytes=0-1,{size}-",
        f"bytes={size}-,{size + 9}-",
        "bytes=0-0,-0",
        "bytes=0-0,5-2",
        "bytes=" + ",".join(f"{first}-{first}" for first in range(0, 20, 2)),
        "bytes=" + ",".join(f"{first}-{first}" for first in range(0, 400, 2)),
        "bytes=" + ",".join(["0-"] * 100),
    )


CODINGS = (
    "gzip",
    "GZIP",
    "x-gzip",
    "br",
    "zstd",
    "deflate",
    "gzip, deflate, br",
    "gzip, deflate, br, zstd",
    "gzip;q=1.0, identity;q=0.5",
    "gzip;q=0.5, identity;q=1",
    "gzip;q=0",
    "gzip;q=0.000",
    "gzip;q=0.001",
    "gzip ; q=0.5",
    "br;q=0, gzip",
    "br;q=0.4, gzip;q=0.6",
    "identity",
    "identity;q=0",
    "identity;q=0, gzip;q=0",
    "*",
    "*;q=0",
    "*;q=0, gzip",
    "gzip;q=0, *",
    "gzip;q=2",
    "gzip;q=x",
    "gzip;level=9",
    "gzipped",
    "nogzip",
    "",
)
"""For Accept-Encoding: RFC 9110 12.5.3."""

TARGETS = (
    # queries
    b"/page.html?",
    b"/page.html?v=1",
    b"/page.html?a=b&c=d?e",
    b"/page.html?x=%zz",
    b"/page.html?x=%00",
    b"/page.html?../../etc/passwd",
    b"/?",
    b"/docs/?v=1",
    b"/docs?v=1",
    b"/missing.html?v=1",
    # folders
    b"/",
    b"/docs/",
    b"/docs",
    b"/docs/index.html",
    b"/docs/index.html/",
    b"/bare/",
    b"/bare",
    b"/page.html/",
    b"/page.html/more",
    b"/missing",
    b"/missing/",
    b"/missing.html",
    # escapes
    b"/%70age.html",
    b"/p%61ge%2ehtml",
    b"/docs%2Findex.html",
    b"/docs%2findex.html",
    b"/docs%2F",
    b"/page.html%20",
    b"/page.html%00",
    b"/page%2500.html",
    b"/%",
    b"/%z",
    b"/%zz",
    b"/page.html%",
    b"/page.html%3F",
    b"/page.html%23",
    b"/page.html%0d%0aX:%20y",
    b"/%E0%A4%A",
    b"/%ff",
    b"/%c0%afpage.html",
    # dots and slashes
    b"//page.html",
    b"/docs//index.html",
    b"/docs//",
    b"///",
    b"/./page.html",
    b"/docs/./index.html",
    b"/docs/.",
    b"/%2e/page.html",
    b"/docs/../page.html",
    b"/docs/%2e%2e/page.html",
    b"/docs/%2E./page.html",
    b"/docs/..%2fpage.html",
    b"/docs/..",
    b"/..",
    b"/../page.html",
    b"/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"/..%5cpage.html",
    b"/docs/...",
    b"/.../",
    b"/page.html.",
    b"/trailing",
    b"/trailing..",
    # spelled otherwise
    b"/PAGE.HTML",
    b"/upper.txt",
    b"/page.htm",
    b"/page.html;v=1",
    b"/a%20b.txt",
    b"/a b.txt",
    b"/with%20space.txt ",
    b"/100%.txt",
    b"/with+space.txt",
    # not in origin-form
    b"/page.html#top",
    b"/page.html?x#top",
    b"page.html",
    b"*",
    b"?",
    b"http://localhost/page.html",
    b"http://localhost",
    b"HTTP://LOCALHOST/page.html?v=1",
    b"https://localhost/page.html",
    b"ftp://localhost/page.html",
    b"localhost:80",
    # long ones
    b"/" + b"long/" * 50 + b"page.html",
    b"/" + b"a" * 255,
    b"/" + b"a" * 1024,
    b"/" + b"long/" * 400,
    b"/page.html?" + b"a" * 4_000,
    b"/page.html?" + b"a" * 9_000,
    b"/" + b"a/" * 5_000,
)
"""Beside the plain and the fully escaped name of every file: RFC 3986 2 and 3.3, RFC 9112 3.2."""

CONNECTIONS = (
    {"Connection": "close"},
    {"Connection": "Close"},
    {"Connection": "keep-alive"},
    {"Connection": "keep-alive, x-mine", "X-Mine": "1"},
    {"Connection": "x-mine, close", "X-Mine": "1"},
    {"Connection": "x-mine", "X-Mine": "1"},
    {"Connection": ""},
    {"Connection": "upgrade", "Upgrade": "websocket"},
    {"Connection": "upgrade, http2-settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"},
    {"Expect": "100-continue"},
    {"Keep-Alive": "timeout=5"},
    {"TE": "trailers", "Connection": "TE"},
)
"""RFC 9110 7.6.1, 7.8 and 10.1.1, RFC 9112 9.3."""

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL", "COPY", "BREW")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Those that a website has."""
