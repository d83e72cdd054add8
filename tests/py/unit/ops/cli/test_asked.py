"""What commands ask for: purges, batches of keys, the path of a URL, names from files."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cli.exit_code import ExitCode
from ops.cli.explaining import entry_query
from ops.cli.failure import CommandError
from ops.cli.listing import names_of
from ops.cli.purging import MAX_PURGES, purges_of
from ops.cli.warming import MAX_BODY_BYTES, added, batches

PURGES = {
    "key": ("a/b.css", None, {"key": "a/b.css"}),
    "path": ("/a/b.css", None, {"key": "/a/b.css"}),
    "folder": ("a/", None, {"prefix": "a/"}),
    "everything": ("/", None, {"prefix": "/"}),
    "star": ("a/b*", None, {"prefix": "a/b"}),
    "star-alone": ("*", None, {"prefix": ""}),
    "key-that-ends-in-a-slash": ("a/", "key", {"key": "a/"}),
    "key-that-ends-in-a-star": ("a*", "key", {"key": "a*"}),
    "prefix-without-a-sign": ("a/b", "prefix", {"prefix": "a/b"}),
}

QUERIES = {
    "path": ("/docs/", "/docs/"),
    "whole-url": ("https://www.example.com/docs/?utm=1#top", "/docs/"),
    "url-without-a-path": ("https://www.example.com", "/"),
    "rfc3986-2.1-decoded-once": ("/a%20b%2525", "/a%20b%2525"),
    "query-is-left-out": ("/a?b=c", "/a"),
    "letters": ("/größe & co", "/gr%C3%B6%C3%9Fe%20%26%20co"),
    "header-injection": ("/a\r\nHost: b", "/a%0D%0AHost%3A%20b"),
}


@pytest.mark.parametrize(("name", "kind", "expected"), PURGES.values(), ids=PURGES)
def test_scope(name: str, kind: str | None, expected: dict[str, str]) -> None:
    """A name that ends in a slash or a star is a prefix, unless the operator says otherwise."""
    assert purges_of([name], [], kind=kind, is_soft=False) == [expected | {"soft": False}]


def test_tags_and_softness() -> None:
    """Tags come after names, and softness holds for all of them."""
    assert purges_of(["a"], ["t"], kind=None, is_soft=True) == [{"key": "a", "soft": True}, {"tag": "t", "soft": True}]


@pytest.mark.parametrize("number", [0, MAX_PURGES + 1])
def test_none_and_too_many(number: int) -> None:
    """Nothing, or more than a server remembers, is a mistake of the command line."""
    with pytest.raises(CommandError) as refusal:
        purges_of(["a"] * number, [], kind=None, is_soft=False)
    assert refusal.value.code is ExitCode.USAGE


@pytest.mark.parametrize(("url", "expected"), QUERIES.values(), ids=QUERIES)
def test_entry_query(url: str, expected: str) -> None:
    """The path of a URL, encoded once for the query."""
    assert entry_query(url) == f"cache/entry?path={expected}"


def test_explain_wants_a_slash() -> None:
    """A key is no path."""
    with pytest.raises(CommandError) as refusal:
        entry_query("docs/index.html")
    assert refusal.value.code is ExitCode.USAGE


@given(st.lists(st.text(max_size=40) | st.just("k" * 20_000), max_size=40))
def test_batches(keys: list[str]) -> None:
    """Every key in its order, in bodies that a server takes."""
    made = list(batches(keys))
    assert [key for batch in made for key in batch] == keys
    assert all(made)
    assert all(len(json.dumps(batch)) <= max(MAX_BODY_BYTES + 2, len(json.dumps(batch[:1]))) for batch in made)


def test_added() -> None:
    """Counts are sums; only the last failures are kept."""
    one = {"done": 2, "hits": 1, "fetched": 1, "missing": 0, "failed": 0, "failures": [f"old {n}" for n in range(9)]}
    other = {"done": 3, "failed": 2, "failures": ["new 1", "new 2"], "state": "done"}
    sums = added(one, other)
    assert (sums["done"], sums["hits"], sums["failed"]) == (5, 1, 2)
    assert (len(sums["failures"]), sums["failures"][-1]) == (10, "new 2")


def test_names_of_a_file(tmp_path: Path) -> None:
    """A name on each line, of any system; spaces belong to a name."""
    file = tmp_path / "keys"
    file.write_bytes("a.css\r\n\n/gr\N{LATIN SMALL LETTER O WITH DIAERESIS}\u00dfe & co \nlast".encode())
    assert names_of(["word"], file) == ["word", "a.css", "/größe & co ", "last"]


@pytest.mark.parametrize("content", [None, b"\xff\n"], ids=["missing", "not-utf-8"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """It is named, and nothing is asked."""
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match="keys") as refusal:
        names_of([], file)
    assert refusal.value.code is ExitCode.USAGE
