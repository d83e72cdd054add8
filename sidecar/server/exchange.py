"""One request while it is being answered."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sidecar.http.target import TargetError, parse_target
from sidecar.observe import RequestRecord

if TYPE_CHECKING:
    from sanic import Request

    from sidecar.http.cache_status import CacheStatus
    from sidecar.server.site import Site
    from sidecar.trace import Trace


@dataclass(slots=True)
class Exchange:
    """One request while it is being answered, and what there is to tell of it afterwards; `site` once that is known."""

    request: "Request"
    site: "Site" = field(init=False)
    started_ns: int = field(default_factory=time.perf_counter_ns)
    resource: str = "-"
    object_key: str = ""
    status: int = 0
    media_type: str | None = None
    is_coded: bool = False
    body_bytes: int = 0
    first_byte_ns: int = 0
    is_aborted: bool = False
    cache: "CacheStatus | None" = None
    trace: "Trace | None" = None

    @property
    def is_head(self) -> bool:
        """Whether the answer has no body."""
        return bool(self.request.method == "HEAD")

    @property
    def path(self) -> str | None:
        """The decoded path, read anew: some answers are made before anybody else has read it; None for a bad one."""
        try:
            return parse_target(self.request.raw_url).path
        except TargetError:
            return None

    def header(self, name: str) -> str | None:
        """A header's value by its lower-case name; repeated fields are one list (RFC 9110 5.3)."""
        values = self.request.headers.getall(name, [])
        return ", ".join(value.strip(" \t") for value in values) if values else None

    def forwarding(self) -> tuple[str | None, str | None]:
        """X-Real-IP and X-Forwarded-For, as text."""
        return self.header("x-real-ip"), self.header("x-forwarded-for")

    def request_line(self) -> tuple[str, str, str]:
        """Method, target and protocol."""
        request = self.request
        return request.method, request.raw_url.decode(errors="surrogateescape"), f"HTTP/{request.version}"

    def begin_body(self) -> None:
        """Note that the first bytes are on their way."""
        self.first_byte_ns = self.first_byte_ns or time.perf_counter_ns() - self.started_ns

    def record(self, now: float) -> RequestRecord:
        """What observers are told."""
        duration_ns = time.perf_counter_ns() - self.started_ns
        return RequestRecord(
            method=self.request.method,
            resource=self.resource,
            status=self.status,
            body_bytes=self.body_bytes,
            peer=self.request.conn_info.client_ip if self.request.conn_info else "",
            media_type=self.media_type,
            outcome="none" if self.cache is None else self.cache.outcome,
            timestamp_ns=int(now * 1e9),
            duration_ns=duration_ns,
            first_byte_ns=self.first_byte_ns or duration_ns,
            is_aborted=self.is_aborted,
            is_compressed=self.is_coded and self.body_bytes > 0,
            request=self,
        )
