"""The configuration file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import SettingsError
from sidecar.secret import Secret
from sidecar.settings import OPTIONS, Settings, load
from sidecar.settings.file import MAX_FILE_BYTES, texts_of

BAIT = "correct-horse-battery-staple"

Load = Callable[..., Settings]
Mistakes = Callable[..., tuple[str, ...]]

# A line of the file → the setting and its value.
VALUES = {
    "text": ('bucket = "site"', "bucket", "site"),
    "number": ("port = 8080", "port", 8080),
    "number-as-text": ('port = "8080"', "port", 8080),
    "number-with-underscores": ("ttl = 1_000", "ttl", 1000),
    "fraction": ("origin-idle-timeout = 0.5", "origin_idle_timeout", 0.5),
    "whole-number-for-a-fraction": ("origin-idle-timeout = 5", "origin_idle_timeout", 5.0),
    "boolean": ("console = true", "console", True),
    "boolean-as-text": ('console = "yes"', "console", True),
    "boolean-false": ("forbidden-is-missing = false", "forbidden_is_missing", False),
    "size": ('cache-max-size = "2GiB"', "cache_max_size", 2 * 1024**3),
    "size-in-bytes": ("cache-max-size = 2097152", "cache_max_size", 2097152),
    "list": (
        'allowed-origins = ["https://a.example", "https://b.example"]',
        "allowed_origins",
        ("https://a.example", "https://b.example"),
    ),
    "list-as-text": ('allowed-origins = "https://a.example"', "allowed_origins", ("https://a.example",)),
    "folder": ('dir = "log"', "log_dir", Path("log")),
    "number-for-text": ("prefix = 2024", "prefix", "2024/"),
    "first-name": ("threads = 3", "threads", 3),
    "second-name": ("workers = 3", "threads", 3),
    "secret": (f'auth-key = "{BAIT}"', "auth_key", Secret(BAIT)),
    "empty-text-is-not-given": ('region = ""', "region", "us-east-1"),
    "commented-out": ("# port = 1", "port", 8000),
    "byte-order-mark": ("\ufeffport = 8080", "port", 8080),
}

PRECEDENCE = {
    "flag": ({"port": "1111"}, {"PORT": "2222"}, "port = 3333", 1111),
    "environment": ({}, {"PORT": "2222"}, "port = 3333", 2222),
    "file": ({}, {}, "port = 3333", 3333),
    "default": ({}, {}, "", 8000),
    "empty-flag-is-not-given": ({"port": ""}, {"PORT": ""}, "port = 3333", 3333),
}

# A file → what is said of it, after its name.
MISTAKES = {
    "misspelt": ('bukket = "site"', "bukket is no setting; did you mean bucket?"),
    "underscores": ('cache_max_size = "1GiB"', "cache_max_size is no setting; did you mean cache-max-size?"),
    "name-of-the-environment": ('S3_BUCKET = "site"', "S3_BUCKET is no setting"),
    "short-flag": ("p = 1", "p is no setting"),
    "name-with-a-line-break": ('"a\\nb" = 1', "'a\\nb' is no setting"),
    "the-file-itself": ('config = "x.toml"', "config is no setting of a file: it names the file"),
    "value": ("port = 70000", "port must be a whole number from 0 to 65535, not '70000'"),
    "fraction": ("port = 1.5", "port must be a whole number from 0 to 65535, not '1.5'"),
    "infinite": (
        "origin-idle-timeout = inf",
        "origin-idle-timeout must be a number of seconds from 0.05 to 600, not 'inf'",
    ),
    "boolean-for-text": ("region = true", "region must be text or a number, not true or false"),
    "list-for-one": ("port = [1]", "port must be text or a number, not a list"),
    "table-for-one": ("[bucket]\nname = 1", "bucket must be text or a number, not a table"),
    "table-in-a-list": ("allowed-origins = [{}]", "allowed-origins must be text or a number, not a table"),
    "empty-list": ("allowed-origins = []", "allowed-origins must be * or a list of origins"),
    "date": ("prefix = 2024-01-01", "prefix must be text or a number, not a date or a time"),
    "time": ("prefix = 10:00:00", "prefix must be text or a number, not a date or a time"),
    "number-for-a-boolean": ("console = 3", "console must be true or false"),
    "list-for-a-boolean": ("console = [true]", "console must be true or false, not a list"),
    "huge": (f"port = 0x{'f' * 5000}", "port must be text or a number, not so large a number"),
    "two-names-of-one": ("threads = 1\nworkers = 1", "workers is given twice, under another name too"),
}

# What is no TOML → what is said of it, after the file's name.
SYNTAX = {
    "no-value": (b"port =\nttl = 1", "(at line 1, column 7)"),
    "no-quotes": (b"ttl = 1\nbucket = site", "(at line 2, column 10)"),
    "no-equals-sign": (b"ttl = 1\n\nbucket", "(at end of document)"),
    "twice": (b"ttl = 1\nttl = 2\n", "(at line 2, column 8)"),
    "no-utf-8": (b'ttl = 1\nbucket = "\xff"', "must be UTF-8, and is not at line 2"),
    "long-number": (b"port = " + b"1" * 5000, "is too long, or is nested too deeply"),
    "deep": (b"a = " + b"[" * 20_000, "nested too deeply"),
    "large": (b"#" * (MAX_FILE_BYTES + 1), "it has more than 1048576 bytes"),
}

LEAKS = {
    "wrong": f'secret = "{BAIT}\\n{BAIT}"',
    "no-quotes": f"secret = {BAIT}",
    "no-end": f'secret = "{BAIT}',
    "in-a-list": f'secret = ["{BAIT}"]',
    "under-another-name": f'secrt = "{BAIT}"',
    "twice": f'key = "{BAIT}"\nkey = "{BAIT}"',
    "in-a-url": f'endpoint-url = "https://user:{BAIT}@store.example"',
    "alone": f'secret = "{BAIT}"',
    "of-a-mount": f'[[mount]]\npath = "/a"\nsecret = "{BAIT}"',
    "of-a-mount-wrong": f'[[mount]]\npath = "/a"\nkey = "{BAIT}\\n"\nsecret = ["{BAIT}"]',
}


@pytest.fixture
def load_file(tmp_path: Path) -> Load:
    """Read settings with a file of this text."""

    def load_file(
        text: str | bytes, flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        path = tmp_path / "s3proxy.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load({"config": str(path)} | dict(flags or {}), environ or {})

    return load_file


@pytest.fixture
def mistakes_of(load_file: Load, tmp_path: Path) -> Mistakes:
    """Everything that is wrong with a file of this text, without the name of its folder."""

    def mistakes_of(text: str | bytes, **flags: str) -> tuple[str, ...]:
        with pytest.raises(SettingsError) as caught:
            load_file(text, flags)
        return tuple(mistake.removeprefix(f"{tmp_path}/") for mistake in caught.value.mistakes)

    return mistakes_of


@pytest.mark.parametrize(("line", "name", "expected"), VALUES.values(), ids=VALUES)
def test_value(load_file: Load, line: str, name: str, expected: Any) -> None:
    """A setting has its flag's name, and the TOML value that suits it."""
    flags = {} if name == "bucket" else {"bucket": "site"}
    assert getattr(load_file(line, flags), name) == expected


@pytest.mark.parametrize(("flags", "environ", "text", "expected"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_precedence(load_file: Load, flags: dict[str, str], environ: dict[str, str], text: str, expected: int) -> None:
    """A flag beats the environment, which beats the file, which beats the default."""
    assert load_file(text, {"bucket": "site"} | flags, environ).port == expected


def test_the_file_may_be_named_in_the_environment(tmp_path: Path) -> None:
    """CONFIG stands for --config; the flag wins."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(f'bucket = "{name}"')
    environ = {"CONFIG": str(tmp_path / "one")}
    assert load({}, environ).bucket == "one"
    assert load({"config": str(tmp_path / "two")}, environ).bucket == "two"


def test_key_and_secret_may_come_from_different_places(load_file: Load) -> None:
    """Each setting is looked for by itself."""
    settings = load_file(f'bucket = "site"\nkey = "id"\nsecret = "{BAIT}"', {}, {"AWS_KEY": "other"})
    assert (settings.key, settings.secret) == (Secret("other"), Secret(BAIT))


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_mistake(mistakes_of: Mistakes, text: str, expected: str) -> None:
    """What is wrong is told with the names of the file and of the setting, and what would be right."""
    mistakes = mistakes_of(text, **({} if text.startswith("[bucket]") else {"bucket": "site"}))
    assert mistakes[0].startswith(f"s3proxy.toml: {expected}")


def test_every_mistake_at_once(mistakes_of: Mistakes) -> None:
    """Mistakes of the file stand beside those of flags, and of what is missing."""
    text = 'bukket = "site"\nttl = true\nport = 70000\n[[mount]]\nregoin = "x"\n'
    mistakes = mistakes_of(text, log_level="loud", key=BAIT)
    told = ("s3proxy.toml: bukket ", "s3proxy.toml: ttl ", "s3proxy.toml: port ", "--log-level ", "--secret ")
    of_the_mount = ("s3proxy.toml: mount 1: regoin ", "s3proxy.toml: mount 1: path ", "s3proxy.toml: mount 1: bucket ")
    for start in (*told, *of_the_mount):
        assert sum(mistake.startswith(start) for mistake in mistakes) == 1
    assert len(mistakes) == len(told) + len(of_the_mount)


@pytest.mark.parametrize(("raw", "expected"), SYNTAX.values(), ids=SYNTAX)
def test_syntax(mistakes_of: Mistakes, raw: bytes, expected: str) -> None:
    """What is no TOML is told with its place, and nothing that might be in it is said to be missing."""
    said, other = mistakes_of(raw, port="http")
    assert "s3proxy.toml: " in said
    assert said.endswith(expected)
    assert other.startswith("--port must be")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing", "No such file or directory"), ("", "Is a directory"), ("file/x", "Not a directory")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    """It is told which one, who named it, and why; its folder is told apart from a file."""
    (tmp_path / "file").touch()
    path = tmp_path / name
    with pytest.raises(SettingsError) as caught:
        load({}, {"CONFIG": str(path)})
    assert caught.value.mistakes == (f"CONFIG cannot be read: {path}: {reason}",)


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
def test_mistakes_show_no_secret(mistakes_of: Mistakes, text: str) -> None:
    """However a file is wrong, what may be a secret in it is not repeated."""
    assert BAIT not in str(mistakes_of(text, bucket="site"))


@given(
    st.sampled_from(sorted(OPTIONS)),
    st.recursive(
        st.text() | st.booleans() | st.integers() | st.floats() | st.dates() | st.times() | st.datetimes(),
        lambda members: st.lists(members) | st.dictionaries(st.text(), members),
    ),
)
def test_any_value_is_text_or_a_mistake(name: str, value: Any) -> None:
    """Whatever TOML can hold ends in texts, or in a ValueError with a phrase that follows the setting's name."""
    try:
        texts = texts_of(OPTIONS[name], value)
    except ValueError as error:
        assert str(error).startswith("must be ")  # noqa: PT017 - either end is right
    else:
        assert all(isinstance(text, str) for text in texts)
