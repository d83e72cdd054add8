"""What an answer depends on beside its target: the Vary field, RFC 9110 12.5.5."""

from collections.abc import Iterable

from sidecar.http.fields import split_list


def merge_vary(values: Iterable[str]) -> str:
    """Join the values of several Vary fields into one: each name once, in order; `*` stands for everything.

    Empty when none of them names anything.
    """
    names = {name.lower(): None for value in values for name in split_list(value)}
    return "*" if "*" in names else ", ".join(names)
