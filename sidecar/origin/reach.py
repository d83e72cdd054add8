"""How a bucket is reached just now, by one worker."""

from datetime import datetime
from typing import Any

from sidecar.origin.circuit import Circuit


class Reach:
    """The circuit breaker, the retries so far, and what is known of the credentials.

    Whether they are missing, when they run out (seconds since 1970, 0 for never), and how often they were renewed.
    """

    def __init__(self, *, has_keys: bool) -> None:
        """Keys of the settings are there from the beginning, and never run out."""
        self._has_keys = has_keys
        self.circuit = Circuit()
        self.retries = 0
        self.are_credentials_missing = False
        self.credentials_expire_at = 0.0
        self.renewals = 0

    def count_retry(self, _: Any) -> None:
        """A request is about to be tried once more."""
        self.retries += 1

    def note(self, credentials: Any) -> None:
        """Take note of what the default chain has found, None for nothing."""
        if self._has_keys:
            return
        self.are_credentials_missing = credentials is None
        # botocore tells it nowhere else; without it, they are not of the kind that runs out.
        expiry = getattr(credentials, "_expiry_time", None)
        expire_at = expiry.timestamp() if isinstance(expiry, datetime) else 0.0
        if self.credentials_expire_at and expire_at > self.credentials_expire_at:
            self.renewals += 1
        self.credentials_expire_at = expire_at
