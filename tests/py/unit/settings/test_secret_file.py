"""Secrets out of mounted files: NAME_FILE in the place of NAME."""

from pathlib import Path
from typing import Any

import pytest

from sidecar.errors import SettingsError
from sidecar.secret import Secret
from sidecar.settings import OPTIONS, load, read_some
from sidecar.settings.secret_file import MAX_BYTES

BAIT = "correct-horse-battery-staple"
SECRETS = {name: option for name, option in OPTIONS.items() if option.is_secret}

# What the file holds → the value.
CONTENTS = {
    "bare": (b"abc", "abc"),
    "line-end": (b"abc\n", "abc"),
    "line-end-of-windows": (b"abc\r\n", "abc"),
    "not-ascii": ("größe\n".encode(), "größe"),
}

# What the file holds → why it cannot be the value.
UNUSABLE = {
    "empty": (b"", "it is empty"),
    "only-a-line-end": (b"\n", "it is empty"),
    "not-utf-8": (BAIT.encode() + b"\xff", "it is not UTF-8"),
    "too-large": (BAIT.encode() * (MAX_BYTES // len(BAIT) + 1), f"it has more than {MAX_BYTES} bytes"),
    "two-lines": (f"{BAIT}\n{BAIT}\n".encode(), "must be one line of at most 4096 printable characters"),
}


def _mistakes(environ: dict[str, str], **flags: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load({"bucket": "site"} | flags, environ)
    return caught.value.mistakes


def _written(folder: Path, content: bytes) -> str:
    file = folder / "secret"
    file.write_bytes(content)
    return str(file)


def test_the_secrets() -> None:
    """Every secret can be mounted, credentials and the token above all; what is no secret cannot."""
    assert {"key", "secret", "auth_key", "mongo_uri"} <= SECRETS.keys()
    assert all(option.file_env == tuple(f"{name}_FILE" for name in option.env) for option in SECRETS.values())
    assert OPTIONS["bucket"].file_env == ()


def test_no_file_variable_is_another_settings_own() -> None:
    """A setting that is a file itself may end in _FILE; no secret's variable is called the same."""
    files = [variable for option in OPTIONS.values() for variable in option.file_env]
    names = [variable for option in OPTIONS.values() for variable in option.env]
    assert len(set(files + names)) == len(files) + len(names)


@pytest.mark.parametrize(("content", "value"), CONTENTS.values(), ids=CONTENTS)
def test_the_value(tmp_path: Path, content: bytes, value: str) -> None:
    """The value is the file's text, without the end of its line."""
    assert load({"bucket": "site"}, {"AUTH_KEY_FILE": _written(tmp_path, content)}).auth_key == Secret(value)


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file(tmp_path: Path, content: bytes, reason: str) -> None:
    """What is wrong with a file is one mistake under the variable's name, which shows nothing of the content."""
    (mistake,) = _mistakes({"AWS_SECRET_FILE": _written(tmp_path, content)}, key="id")
    assert mistake.startswith("AWS_SECRET_FILE ")
    assert reason in mistake
    assert BAIT not in mistake


@pytest.mark.parametrize("path", ["/no/such/file", "/", "a\0b"])
def test_a_file_that_cannot_be_read(path: str) -> None:
    """Neither is a file that is missing, a folder, or what cannot be a path."""
    (mistake,) = _mistakes({"AUTH_KEY_FILE": path})
    assert mistake.startswith(f"AUTH_KEY_FILE cannot be read: {path!r}: ")


def test_both_variables(tmp_path: Path) -> None:
    """A secret that is given twice is a mistake, reported with all others."""
    environ = {"AUTH_KEY": BAIT, "AUTH_KEY_FILE": _written(tmp_path, b"abc"), "AWS_KEY_FILE": "/no", "PORT": "http"}
    mistakes = _mistakes(environ, secret="abc")
    assert len(mistakes) == 3
    assert "AUTH_KEY and AUTH_KEY_FILE exclude each other; give one of them" in mistakes
    assert BAIT not in "".join(mistakes)


@pytest.mark.parametrize(
    ("flags", "environ"),
    [
        ({"auth_key": "flag"}, {"AUTH_KEY_FILE": "/no/such/file"}),
        ({}, {"AUTH_KEY": "flag", "AUTH_KEY_FILE": ""}),
    ],
    ids=["a-flag-wins", "empty-is-not-given"],
)
def test_a_file_that_does_not_count(flags: dict[str, Any], environ: dict[str, str]) -> None:
    """A file that nobody needs is not opened."""
    assert load({"bucket": "site"} | flags, environ).auth_key == Secret("flag")


def test_an_empty_variable_beside_the_file(tmp_path: Path) -> None:
    """Empty text is not given: the file is read."""
    environ = {"AUTH_KEY": "", "AUTH_KEY_FILE": _written(tmp_path, b"abc")}
    assert load({"bucket": "site"}, environ).auth_key == Secret("abc")


def test_the_operators_tool_reads_it(tmp_path: Path) -> None:
    """`s3ops` within the container finds the token where the server does."""
    assert read_some(("auth_key",), {"AUTH_KEY_FILE": _written(tmp_path, b"abc\n")}) == {"auth_key": Secret("abc")}
    with pytest.raises(SettingsError, match="AUTH_KEY_FILE cannot be read"):
        read_some(("auth_key",), {"AUTH_KEY_FILE": "/no/such/file"})
