"""What operators ask for in bodies: read strictly."""

from collections.abc import Callable

import pytest

from ops.management import Purge, SwitchOrder, WarmOrder
from ops.orders import read_nothing, read_purge, read_switch, read_warm
from ops.refusal import Refused

GOOD: dict[str, tuple[Callable[[bytes], object], bytes, object]] = {
    "key": (read_purge, b'{"key": "a"}', Purge("key", "a", is_soft=False)),
    "soft-prefix": (read_purge, b'{"prefix": "", "soft": true}', Purge("prefix", "", is_soft=True)),
    "tag": (read_purge, b'{"tag": "t"}', Purge("tag", "t", is_soft=False)),
    "warm-prefix": (read_warm, b'{"prefix": "/a"}', WarmOrder("/a", (), 8)),
    "warm-keys": (read_warm, b'{"keys": ["a", "/b"], "concurrency": 32}', WarmOrder(None, ("a", "/b"), 32)),
    "release": (read_switch, b'{"prefix": "v2"}', SwitchOrder("v2", is_forced=False)),
    "release-forced": (read_switch, b'{"prefix": "", "force": true}', SwitchOrder("", is_forced=True)),
    "nothing": (read_nothing, b"", None),
    "empty-object": (read_nothing, b"{}", None),
}
BAD: dict[str, tuple[Callable[[bytes], object], bytes, str]] = {
    "no-json": (read_purge, b"key=a", "no JSON"),
    "no-text": (read_purge, b"\xff", "no JSON"),
    "deep": (read_purge, b"[" * 60_000, "no JSON"),
    "no-object": (read_purge, b"[]", "no JSON object"),
    "none": (read_purge, b"{}", "give one of key, prefix and tag"),
    "two": (read_purge, b'{"key": "a", "tag": "b"}', "give one of"),
    "stranger": (read_purge, b'{"key": "a", "force": true}', "'force'"),
    "soft-text": (read_purge, b'{"key": "a", "soft": "yes"}', "soft is true or false"),
    "key-number": (read_purge, b'{"key": 1}', "key is a text"),
    "no-keys": (read_warm, b'{"keys": []}', "not empty"),
    "keys-numbers": (read_warm, b'{"keys": [1]}', "each of keys is a text"),
    "too-many": (read_warm, b'{"prefix": "", "concurrency": 33}', "from 1 to 32"),
    "true-is-no-number": (read_warm, b'{"prefix": "", "concurrency": true}', "from 1 to 32"),
    "no-prefix": (read_switch, b"{}", "give prefix"),
    "prefix-number": (read_switch, b'{"prefix": 2}', "prefix is a text"),
    "force-number": (read_switch, b'{"prefix": "v2", "force": 1}', "force is true or false"),
    "clear-with-a-key": (read_nothing, b'{"key": "a"}', "'key'"),
}


@pytest.mark.parametrize(("read", "body", "expected"), GOOD.values(), ids=GOOD)
def test_good(read: Callable[[bytes], object], body: bytes, expected: object) -> None:
    """What is asked for comes out."""
    assert read(body) == expected


@pytest.mark.parametrize(("read", "body", "words"), BAD.values(), ids=BAD)
def test_bad(read: Callable[[bytes], object], body: bytes, words: str) -> None:
    """A 400 that says what is wrong."""
    with pytest.raises(Refused, match=words) as raised:
        read(body)
    assert raised.value.status == 400
