"""What s3ops ends with."""

import pytest

from ops.cli.exit_code import ExitCode, worst

DONE, FAILED, USAGE, UNREACHABLE, PARTLY = (ExitCode(number) for number in range(5))

WORST = {
    "nothing-was-asked": ([], DONE),
    "all-done": ([DONE, DONE], DONE),
    "one-in-part": ([DONE, PARTLY], PARTLY),
    "one-failed": ([PARTLY, FAILED, DONE], FAILED),
    "one-unreachable": ([FAILED, UNREACHABLE, DONE, PARTLY], UNREACHABLE),
}


@pytest.mark.parametrize(("codes", "expected"), WORST.values(), ids=WORST)
def test_worst(codes: list[ExitCode], expected: ExitCode) -> None:
    """A run ends with the code of the pod with which it went worst, in whatever order they answer."""
    assert worst(codes) is expected
    assert worst(reversed(codes)) is expected


def test_numbers_are_a_contract() -> None:
    """Scripts compare these numbers."""
    numbers = {code.word: int(code) for code in ExitCode}
    assert numbers == {"done": 0, "failed": 1, "usage": 2, "unreachable": 3, "partly": 4}
