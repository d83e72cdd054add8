"""In what a store differs from AWS, and the stores from each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a store does, where AWS is known to do the same or something else. AWS would be True in every flag."""

    keeps_double_slash: bool
    """`a//b` is another object than `a/b`."""
    keeps_slash_at_end: bool
    """`a/` is another object than `a`, has the body that was put, and is missing when nothing was put there."""
    keeps_object_beside_folder: bool
    """`a` and `a/b` may both exist."""
    keeps_control_characters: bool
    """A key with control characters is listed as it was put."""
    keeps_expires: bool
    """The Expires field of an object is stored."""
    keeps_redirect_location: bool
    """x-amz-website-redirect-location is stored."""
    keeps_metadata_when_stopped: bool
    """Content-Type, Cache-Control and the like survive `stop` and `start`; bodies and ETags always do."""
    honours_if_match: bool
    """If-Match and If-Unmodified-Since are answered 412 when they fail."""
    has_multipart_etags: bool
    """The ETag of a multipart upload ends in `-` and the number of parts."""
    range_status: int
    """Status of a satisfied single range; 206 at AWS."""
    unsigned_status: int
    """Status of a request without a signature; 403 at AWS."""
    untyped: str
    """Content-Type of a short text put without one under a key without an extension; binary/octet-stream at AWS."""
