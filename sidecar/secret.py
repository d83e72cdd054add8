"""A value that no log line, traceback or `repr` may show."""

import hmac

MASK = "****"


class Secret:
    """Holds a string and prints as a mask; `reveal` is the one way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the library that needs it."""
        return self._value

    def equals(self, other: str) -> bool:
        """Whether `other` is the value, in a time that does not depend on where they differ."""
        return hmac.compare_digest(self._value.encode(), other.encode("utf-8", "surrogateescape"))

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.equals(other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))
