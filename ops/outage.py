"""A server that does not answer: told once when it begins and once when it is over, however often it is tried."""

import logging
import time

from tenacity import RetryCallState


class Outage:
    """One server's; `then` is what becomes of those who need it."""

    def __init__(self, name: str, then: str, logger: logging.Logger) -> None:
        self._name = name
        self._then = then
        self._logger = logger
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether it does not answer."""
        return self._since is not None

    def begin(self, why: object) -> None:
        """It was tried in vain."""
        if self._since is None:
            self._since = time.monotonic()
            self._logger.warning("%s does not answer, %s: %s", self._name, self._then, why)

    def begin_after(self, state: RetryCallState) -> None:
        """It was tried in vain, and will be again."""
        self.begin(state.outcome.exception() if state.outcome else None)

    def end(self) -> None:
        """It answers."""
        if self._since is not None:
            self._logger.info("%s answers again after %.0f s", self._name, time.monotonic() - self._since)
            self._since = None
