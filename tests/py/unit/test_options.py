"""The command line of s3proxy."""

from collections.abc import Mapping

import pytest
from click import unstyle
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from sidecar.options import command, unknown_words
from sidecar.settings import OPTIONS, Given
from sidecar.settings.option import Option

BAIT = "correct-horse-battery-staple"
EVERY_VARIABLE = {name: BAIT for option in OPTIONS.values() for name in option.env}
BOOLEANS = [name for name, option in OPTIONS.items() if option.is_boolean]

GIVEN = {
    "nothing": ([], {}),
    "long": (["--bucket", "site"], {"bucket": "site"}),
    "long-with-equals-sign": (["--bucket=site"], {"bucket": "site"}),
    "short": (["-b", "site"], {"bucket": "site"}),
    "short-joined": (["-bsite"], {"bucket": "site"}),
    "both-names-of-the-workers": (["--threads", "2", "--workers", "3"], {"threads": "3"}),
    "value-is-not-read-yet": (["--port", "http"], {"port": "http"}),
    "value-begins-with-a-dash": (["--secret", "-abc"], {"secret": "-abc"}),
    "empty-value": (["--bucket", ""], {"bucket": ""}),
    "last-one-counts": (["-p", "1", "--port", "2"], {"port": "2"}),
    "boolean-alone": (["--console"], {"console": "true"}),
    "boolean-alone-and-short": (["-c"], {"console": "true"}),
    "boolean-before-an-option": (["--console", "--port", "1"], {"console": "true", "port": "1"}),
    "two-booleans": (["-c", "-j"], {"console": "true", "reject_query_strings": "true"}),
}

STRANGERS = {
    "misspelt": (["--bukket", "site"], ("--bukket is no option; did you mean --bucket?",)),
    "misspelt-secret-with-equals-sign": ([f"--secrt={BAIT}"], ("--secrt is no option; did you mean --secret?",)),
    "misspelt-secret-with-space": (["--secrt", BAIT], ("--secrt is no option; did you mean --secret?",)),
    "like-nothing": (["--zzzzzz"], ("--zzzzzz is no option",)),
    "short": (["-q"], ("-q is no option",)),
    "short-with-value": ([f"-Q{BAIT}"], ("-Q is no option",)),
    "two": (
        ["--prot", "1", "--hots", "2"],
        ("--prot is no option; did you mean --port?", "--hots is no option; did you mean --host?"),
    ),
    "word-of-no-option": ([BAIT], ("every argument is the value of an option; there is a word that belongs to none",)),
    "among-known-ones": (["-p", "1", "--bukket", "site", "-c"], ("--bukket is no option; did you mean --bucket?",)),
}


class _Call:
    """What the action was called with."""

    def __init__(self) -> None:
        self.flags: Given = {}
        self.mistakes: tuple[str, ...] = ()

    def __call__(self, flags: Given, mistakes: tuple[str, ...]) -> None:
        self.flags, self.mistakes = flags, mistakes


def _call(*words: str) -> _Call:
    call = _Call()
    result = CliRunner().invoke(command(call), words, catch_exceptions=False)
    assert result.exit_code == 0
    return call


def _result(*words: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "80", **(env or {})}).invoke(command(_Call()), words, catch_exceptions=False)


def _unwrapped(text: str) -> str:
    """The text of a help page without colours, which some CI forces, frames and line breaks."""
    return " ".join(unstyle(text).translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


@pytest.mark.parametrize(("words", "expected"), GIVEN.values(), ids=GIVEN)
def test_flags(words: list[str], expected: dict[str, str]) -> None:
    """What is given arrives as text under the setting's name; what is not given does not arrive."""
    call = _call(*words)
    assert call.flags == expected
    assert call.mistakes == ()


@pytest.mark.parametrize("word", ["true", "false", "1", "0", "yes", "no", "TRUE", "maybe"])
@pytest.mark.parametrize("name", BOOLEANS)
def test_booleans_take_a_word(name: str, word: str) -> None:
    """A boolean flag may be followed by its value, which is read with the other settings."""
    flag = OPTIONS[name].long_flag
    assert _call(flag, word).flags == {name: word}
    assert _call(f"{flag}={word}").flags == {name: word}


@pytest.mark.parametrize(("name", "option"), OPTIONS.items(), ids=OPTIONS)
def test_every_flag_works(name: str, option: Option) -> None:
    """Each flag of the table gives its setting."""
    for flag in option.flags:
        assert _call(flag, "text").flags == {name: ("text",) if option.is_repeatable else "text"}


@pytest.mark.parametrize(("words", "expected"), STRANGERS.values(), ids=STRANGERS)
def test_strangers(words: list[str], expected: tuple[str, ...]) -> None:
    """What is unknown is a mistake with a suggestion, and its value is not shown: it may be a secret."""
    mistakes = _call(*words).mistakes
    assert mistakes == expected
    assert BAIT not in str(mistakes)


def test_a_flag_without_its_value() -> None:
    """A flag at the end of the line that lacks its value is a usage error."""
    result = _result("--port")
    assert result.exit_code == 2
    assert "--port" in result.output


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_help_tells_all_of_an_option(option: Option) -> None:
    """Help names flags, environment, default and meaning of each setting, also in a terminal of 80 columns."""
    page = _unwrapped(_result("--help").output)
    words = page.replace(",", " ").split()
    assert all(flag in words for flag in option.flags)
    default = "required" if option.required else option.default_text
    assert f"env: {', '.join(option.env + option.file_env)}; default: {default}]" in page
    assert option.help in page


def test_help_has_a_short_flag() -> None:
    """-h and --help show the same page."""
    assert _result("-h").output == _result("--help").output


def test_help_shows_nothing_of_the_environment() -> None:
    """Help is safe to paste, whatever is set."""
    result = _result("--help", env=EVERY_VARIABLE)
    assert result.exit_code == 0
    assert BAIT not in result.output


def test_the_environment_is_not_read_here() -> None:
    """Flags are only what was on the command line."""
    call = _Call()
    CliRunner(env=EVERY_VARIABLE).invoke(command(call), [], catch_exceptions=False)
    assert call.flags == {}


def test_version() -> None:
    """--version names program and version."""
    result = _result("--version")
    assert result.exit_code == 0
    assert result.output.startswith("s3proxy, version ")


@given(st.lists(st.text()))
def test_unknown_words_never_raise(words: list[str]) -> None:
    """Whatever is left over is a mistake, and no mistake means that nothing was."""
    assert bool(unknown_words(tuple(words))) is bool(words)
