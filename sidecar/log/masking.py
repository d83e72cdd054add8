"""Secrets that get into no line."""

from urllib.parse import quote

from sidecar.secret import MASK

SHORTEST_MASKED = 4
"""A shorter secret is found in ordinary words: masking it would tell its letters and spoil every line."""


class Masking:
    """Replaces secrets in text by a mask."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        maskable = {secret for secret in secrets if len(secret) >= SHORTEST_MASKED}
        self._secrets = tuple(sorted(maskable, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """The text without secrets; of those that begin alike the longest goes first."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text


def masking_of_requests(secrets: tuple[str, ...]) -> Masking:
    """For what clients send, where a secret may stand percent-encoded too."""
    encoded = (quote(secret, safe=safe) for secret in secrets for safe in ("/", ""))
    return Masking((*secrets, *encoded))
