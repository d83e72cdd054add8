"""Settings: where each comes from, and what is said when one cannot be used."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cpus import usable_cpus
from sidecar.errors import SettingsError
from sidecar.memory import entries_within, hot_bytes_within, memory_limit, workers_within
from sidecar.secret import Secret
from sidecar.settings import OPTIONS, Settings, load, read_some, wants_tracing, worker_number
from sidecar.settings.option import Option

Environ = Mapping[str, str]

NOTHING: Environ = {}
REQUIRED = {"bucket": "site"}
BAIT = "correct-horse-battery-staple"

PRECEDENCE = {
    "flag-beats-environment": ("1111", "2222", 1111),
    "environment-beats-default": (None, "2222", 2222),
    "default": (None, None, 8000),
    "flag-without-environment": ("1111", None, 1111),
    "empty-flag-is-not-given": ("", "2222", 2222),
    "empty-environment-is-not-given": (None, "", 8000),
    "both-empty": ("", "", 8000),
}

THREADS = {
    "first-name": ({"THREADS": "3"}, 3),
    "second-name": ({"WORKERS": "4"}, 4),
    "first-name-wins": ({"THREADS": "3", "WORKERS": "4"}, 3),
    "empty-first-name": ({"THREADS": "", "WORKERS": "4"}, 4),
}

DEFAULTS = {
    "prefix": "",
    "region": "us-east-1",
    "key": None,
    "secret": None,
    "endpoint_url": None,
    "addressing_style": "auto",
    "host": "0.0.0.0",  # noqa: S104 - a container's server is there to be reached
    "port": 8000,
    "auth_key": None,
    "index": "index.html",
    "error_document": None,
    "spa": False,
    "autoindex": False,
    "routing_rules": None,
    "website_from_bucket": False,
    "reject_query_strings": False,
    "allowed_origins": ("*",),
    "headers": (),
    "expose_metadata": False,
    "ttl": 300,
    "console": False,
    "log_dir": Path("logs"),
    "log_level": "info",
    "mongo_uri": None,
}

LONELY_KEYS = {
    "key-alone": ({"key": BAIT}, "--secret (or AWS_SECRET) is required when --key is given"),
    "secret-alone": ({"secret": BAIT}, "--key (or AWS_KEY) is required when --secret is given"),
    "key-and-empty-secret": ({"key": BAIT, "secret": ""}, "--secret (or AWS_SECRET) is required when --key is given"),
}

CODING_SIZES = {
    "rule-out-everything": ("2KiB", "1KiB", False),
    "are-one-size": ("1KiB", "1KiB", True),
    "default-above-what-is-given": ("", "1000", False),
}

LEAKS = {
    "key": f"{BAIT}\n{BAIT}",
    "secret": f"{BAIT}\n{BAIT}",
    "auth_key": f"{BAIT}\n{BAIT}",
    "mongo_uri": f"postgres://user:{BAIT}@db",
    "endpoint_url": f"https://user:{BAIT}@store.example",
    "akumuli_host": f"user:{BAIT}@db",
}


def _settings(environ: Environ = NOTHING, /, **flags: str) -> Settings:
    return load(REQUIRED | flags, environ)


def _mistakes(environ: Environ = NOTHING, /, **flags: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(flags, environ)
    return caught.value.mistakes


def _outcome(flags: dict[str, str]) -> Settings | SettingsError:
    try:
        return load(flags, NOTHING)
    except SettingsError as error:
        return error


@pytest.mark.parametrize(("flag", "environment", "expected"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_precedence(flag: str | None, environment: str | None, expected: int) -> None:
    """A flag beats the environment, which beats the default; empty text is not given."""
    flags = {} if flag is None else {"port": flag}
    environ = {} if environment is None else {"PORT": environment}
    assert _settings(environ, **flags).port == expected


@pytest.mark.parametrize(("environ", "expected"), THREADS.values(), ids=THREADS)
def test_aliases_in_the_environment(environ: dict[str, str], expected: int) -> None:
    """Both names of the number of workers are read, in the order of the row."""
    assert _settings(environ).threads == expected


@pytest.mark.parametrize(("name", "expected"), DEFAULTS.items(), ids=DEFAULTS)
def test_default(name: str, expected: Any) -> None:
    """A setting that nobody gave has its default."""
    assert getattr(_settings(), name) == expected


def test_default_workers_fill_the_cpus() -> None:
    """Without a number there is one worker for each CPU this process may use, as far as its memory lasts."""
    assert _settings().threads == workers_within(memory_limit(), usable_cpus())
    assert _settings().hot_size == hot_bytes_within(memory_limit())
    assert _settings().cache_max_entries == entries_within(memory_limit(), _settings().threads)


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_every_default_reads(option: Option) -> None:
    """A default is text that its own reader accepts."""
    assert option.required or option.default is None or option.default_value() is not None


def test_every_option_can_be_given_in_the_environment() -> None:
    """No two settings share a flag or a name in the environment, and each has one of both."""
    names = [name for option in OPTIONS.values() for name in (*option.flags, *option.env)]
    assert len(names) == len(set(names))
    assert all(option.long_flag and option.env for option in OPTIONS.values())


def test_every_mistake_at_once() -> None:
    """All that is wrong is said in one go, each line with the name that the operator used."""
    mistakes = _mistakes({"TTL": "soon", "LOG_LEVEL": "loud"}, port="http", key=BAIT)
    assert len(mistakes) == 5
    for name in ("--bucket (or S3_BUCKET)", "TTL", "LOG_LEVEL", "--port", "--secret (or AWS_SECRET)"):
        assert sum(mistake.startswith(f"{name} ") for mistake in mistakes) == 1


def test_a_mistake_says_what_would_be_right() -> None:
    """A mistake has the name, what would be right and what was given."""
    mistakes = _mistakes({"PORT": "99999"}, bucket="site")
    assert mistakes == ("PORT must be a whole number from 0 to 65535, not '99999'",)


@pytest.mark.parametrize(("flags", "expected"), LONELY_KEYS.values(), ids=LONELY_KEYS)
def test_key_and_secret_go_together(flags: dict[str, str], expected: str) -> None:
    """One half of a key pair is a mistake: the default chain would silently be asked instead."""
    (mistake,) = _mistakes(**REQUIRED, **flags)
    assert mistake.startswith(expected)


def test_headers_in_the_environment() -> None:
    """A line each; a flag, given once or more, takes the place of all of them."""
    environ = {"HEADERS": "X-A: 1\n\n /b*=X-B: 2 \n"}
    assert [rule.name for rule in _settings(environ).headers] == ["x-a", "x-b"]
    assert [rule.name for rule in load(REQUIRED | {"headers": ("X-C: 3", "X-D: 4")}, environ).headers] == ["x-c", "x-d"]


@pytest.mark.parametrize("text", ["X-A: b\r\nSet-Cookie: c", "X-A: b\rc", "X-A: \0", "Content-Length: 5", "X A: b"])
def test_a_header_that_cannot_be_set(text: str) -> None:
    """What would break an answer is a mistake at the start, shown so that no line of the log is broken by it."""
    (mistake,) = _mistakes(**REQUIRED, headers=text)
    assert mistake.startswith("--header must")
    assert mistake.isprintable()


@pytest.mark.parametrize(("smallest", "largest", "is_right"), CODING_SIZES.values(), ids=CODING_SIZES)
def test_sizes_that_leave_nothing_to_compress(smallest: str, largest: str, is_right: bool) -> None:
    """Whoever wants no compression says so; anything else is a slip."""
    outcome = _outcome({**REQUIRED, "compress_min_size": smallest, "compress_max_size": largest})
    assert is_right or "--compress none" in str(outcome)
    assert isinstance(outcome, Settings) is is_right


def test_a_wrong_secret_is_one_mistake() -> None:
    """A secret that cannot be read is not also reported as missing."""
    assert len(_mistakes(**REQUIRED, key="id", secret="two\nlines")) == 1


def test_secrets_are_listed() -> None:
    """Whoever keeps secrets out of logs gets each of them."""
    settings = _settings(key="a", secret="b", auth_key="c", mongo_uri="mongodb://d")
    assert set(settings.secrets()) == {"a", "b", "c", "mongodb://d"}


def test_repr_shows_no_secret() -> None:
    """Settings may be logged."""
    settings = _settings(key=BAIT, secret=BAIT, auth_key=BAIT, mongo_uri=f"mongodb://user:{BAIT}@db")
    assert BAIT not in f"{settings!r} {settings}"


@pytest.mark.parametrize(("name", "text"), LEAKS.items(), ids=LEAKS)
def test_mistakes_show_no_secret(name: str, text: str) -> None:
    """What was given is not repeated where it is a secret, or may hold a password."""
    with pytest.raises(SettingsError) as caught:
        _settings(**{name: text})
    assert BAIT not in f"{caught.value} {caught.value!r} {caught.value.mistakes}"
    assert all(mistake.endswith("not what was given") for mistake in caught.value.mistakes)


def test_pickling_keeps_every_value() -> None:
    """Workers get the settings of the main process, secrets too."""
    settings = _settings(key="id", secret=BAIT, prefix="a/b", allowed_origins="https://a.example", threads="2")
    received = pickle.loads(pickle.dumps(settings))  # noqa: S301 - our own bytes
    assert received == settings
    assert received.secret == Secret(BAIT)


def test_settings_cannot_be_changed() -> None:
    """What was checked stays as it was."""
    with pytest.raises(AttributeError):
        _settings().port = 1  # type: ignore[misc]


@given(st.dictionaries(st.sampled_from(sorted(OPTIONS)), st.text(max_size=20)))
def test_any_text_is_settings_or_mistakes(flags: dict[str, str]) -> None:
    """Whatever is given, reading ends in settings or in SettingsError."""
    outcome = _outcome(flags)
    assert isinstance(outcome, Settings) or outcome.mistakes


def test_some_of_the_settings(tmp_path: Path) -> None:
    """A few are read as all are, whatever is missing or wrong elsewhere; what is wrong with them is said."""
    file = tmp_path / "s3proxy.toml"
    file.write_text('port = 1\nttl = "soon"\nauth-key = "abc"\nno-such-setting = 1\n')
    environ = {"CONFIG": str(file), "HOST": "127.0.0.9", "THREADS": "many"}
    found = read_some(("host", "port", "auth_key", "ops_path"), environ)
    assert found == {"host": "127.0.0.9", "port": 1, "auth_key": Secret("abc"), "ops_path": "/_proxy"}
    with pytest.raises(SettingsError, match="THREADS"):
        read_some(("threads",), environ)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_some(("port",), {"CONFIG": str(tmp_path)})


@pytest.mark.parametrize(
    ("environ", "number"),
    [({}, 0), ({"SANIC_WORKER_NAME": "Sanic-Server-0-0"}, 1), ({"SANIC_WORKER_NAME": "Sanic-Server-11-0"}, 12)],
)
def test_worker_number(environ: dict[str, str], number: int) -> None:
    """The workers are told apart by the names that Sanic gives them; the main process has none."""
    assert worker_number(environ) == number


ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("environ", "is_wanted"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "false"}, True),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_wants_tracing(environ: dict[str, str], is_wanted: bool) -> None:
    """By the variables that OpenTelemetry has for it."""
    assert wants_tracing(environ) is is_wanted
