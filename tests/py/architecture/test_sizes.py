"""A file is one noun, a function one thought: sizes and names of `sidecar/` and `ops/`."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(file.relative_to(ROOT).as_posix() for name in ("sidecar", "ops") for file in (ROOT / name).rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
NAMES_OF_NOTHING = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})


def long_functions(source: str) -> list[str]:
    """The names of functions of too many lines, their docstrings included."""
    nodes = ast.walk(ast.parse(source))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function.name for function in functions if _lines(function) > LONGEST_FUNCTION]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _function_of(lines: int) -> str:
    return "class A:\n    async def f(self):\n" + "        pass\n" * (lines - 1)


@pytest.mark.parametrize("path", FILES)
def test_file(path: str) -> None:
    """A file can be read in one go, and so can each of its functions."""
    source = (ROOT / path).read_text()
    assert len(source.splitlines()) <= LONGEST_FILE
    assert long_functions(source) == []


@pytest.mark.parametrize("path", FILES)
def test_name(path: str) -> None:
    """A file's name says what is in it."""
    words = {word for part in Path(path).with_suffix("").parts for word in part.split("_")}
    assert not words & NAMES_OF_NOTHING


def test_a_long_function_is_caught() -> None:
    """The longest function that passes has 40 lines."""
    assert long_functions(_function_of(LONGEST_FUNCTION)) == []
    assert long_functions(_function_of(LONGEST_FUNCTION + 1)) == ["f"]
