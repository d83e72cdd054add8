"""Routing rules as S3 has them, and where they lead. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html#advanced-conditional-redirects,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_RoutingRule.html
"""

from dataclasses import dataclass
from http import HTTPStatus

from sidecar.http.authority import is_authority
from sidecar.http.references import encode_path, encode_written, rooted, with_query
from sidecar.origin.steps import Redirect, Refuse, Visit


@dataclass(frozen=True, slots=True)
class Destination:
    """S3's Redirect: what of a request's target is replaced.

    `replace_key` and `replace_prefix` are the text of a reference below the root of the website, not a key: they may
    hold a query or a fragment, as `#!/` for applications that route by it. At most one of them is given.
    """

    status: int = HTTPStatus.MOVED_PERMANENTLY
    protocol: str | None = None
    host: str | None = None
    replace_key: str | None = None
    replace_prefix: str | None = None

    @property
    def changes_something(self) -> bool:
        """Whether it leads anywhere else at all."""
        return any(part is not None for part in (self.protocol, self.host, self.replace_key, self.replace_prefix))

    def location(self, visit: Visit, matched: str) -> str | None:
        """Where a visit is led whose name begins with `matched`; None when it needs the Host, and there is none.

        Without a host the reference has none either: what the client sends as Host is in no answer that needs it not.
        With a host and no protocol the client keeps the one it came by.
        """
        host = self.host
        if host is None and self.protocol is not None:
            host = visit.host or ""
            if not is_authority(host):
                return None
        mount = "" if self.host is not None else encode_path(visit.mount)
        path = f"{mount}/{self._name(visit.name, matched)}"
        scheme = f"{self.protocol}:" if self.protocol else ""
        return with_query(rooted(path) if host is None else f"{scheme}//{host}{path}", visit.query)

    def _name(self, name: str, matched: str) -> str:
        if self.replace_key is not None:
            return encode_written(self.replace_key)
        if self.replace_prefix is None:
            return encode_path(name)
        rest = encode_path(name.removeprefix(matched), is_in_query="?" in self.replace_prefix)
        return encode_written(self.replace_prefix) + rest


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One rule: for names that begin with `key_prefix`, and, with an `error_code`, only for that error.

    Without either it is for every request, as S3's RedirectAllRequestsTo.
    """

    destination: Destination
    key_prefix: str = ""
    error_code: int | None = None

    def applies_to(self, visit: Visit, error_code: int | None) -> bool:
        """Whether it is meant, before the bucket is asked (`error_code` None) or after it has failed to give it."""
        return self.error_code == error_code and visit.name.startswith(self.key_prefix)


def route(rules: tuple[RoutingRule, ...], visit: Visit, error_code: int | None = None) -> Redirect | Refuse | None:
    """What the first rule that applies says; 400 when it needs the request's Host, and that is none.

    A rule that would lead a request to itself is passed over: the client would go round for ever.
    """
    for rule in rules:
        if not rule.applies_to(visit, error_code):
            continue
        location = rule.destination.location(visit, rule.key_prefix)
        if location is None:
            return Refuse(HTTPStatus.BAD_REQUEST)
        if location != visit.reference(visit.path):
            return Redirect(rule.destination.status, location)
    return None
