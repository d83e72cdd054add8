"""What a request is called in the access log."""

import re

import pytest

from sidecar.log.request_id import request_id

TAKEN = ("1", "f" * 32, "a" * 128, "4bf92f35-77b3-4da6:a3ce/929d+0e=", "Root=1-67891233-abcdef012345678912345678")
REFUSED = ("", "a" * 129, "a b", "a\n", "a\tb", 'a"b', "a\\b", "é", "a, b", "\x7f", "<script>", "${jndi}")


@pytest.mark.parametrize("given", TAKEN)
def test_taken(given: str) -> None:
    """A word of a client's, or of a proxy's in front."""
    assert request_id(given) == given


@pytest.mark.parametrize("given", [None, *REFUSED])
def test_made(given: str | None) -> None:
    """Anything else is replaced, by another one each time."""
    made = {request_id(given) for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in made)
