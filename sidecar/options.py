"""The command line of s3proxy, made from the table of settings."""

import difflib
from collections.abc import Callable
from typing import Any

import rich_click as click

from sidecar.settings import OPTIONS, Given
from sidecar.settings.option import Option
from sidecar.version import version

Action = Callable[[Given, tuple[str, ...]], None]

_EPILOG = (
    "Every option can be given in the environment under the name shown, and in the file of --config under its own name "
    "without the dashes; the flag wins, then the environment. A name with _FILE names a file that holds the value. "
    "Booleans read true, false, 1, 0, yes and no; a boolean flag alone means true."
)


def command(action: Action) -> click.RichCommand:
    """The command that hands the flags given, as text, and the mistakes among them to `action`."""

    def callback(unknown: tuple[str, ...], **flags: str | tuple[str, ...] | None) -> None:
        given = {name: text for name, text in flags.items() if text is not None and text != ()}
        action(given, unknown_words(unknown))

    made = click.RichCommand(
        name="s3proxy",
        callback=callback,
        params=[*map(_click_option, OPTIONS, OPTIONS.values()), _leftovers()],
        help="Serve a private S3 bucket as a website, out of a cache.",
        epilog=_EPILOG,
        # What click does not know is reported together with every other mistake.
        context_settings={
            "ignore_unknown_options": True,
            "help_option_names": ["-h", "--help"],
            # One column fewer than usual: no flag is cut short in a terminal of 80 columns.
            "rich_help_config": {"options_table_column_types": ["opt_long", "opt_short", "help"]},
        },
    )
    return click.version_option(version(), prog_name="s3proxy")(made)


def unknown_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """One mistake for each option that does not exist; values are never shown, one of them may be a secret."""
    strangers = tuple(word.partition("=")[0] for word in words if word.startswith("-"))
    if words and not strangers:
        return ("every argument is the value of an option; there is a word that belongs to none",)
    return tuple(_no_such_option(word if word.startswith("--") else word[:2]) for word in strangers)


def _no_such_option(word: str) -> str:
    known = [flag for option in OPTIONS.values() for flag in option.flags]
    near = difflib.get_close_matches(word, known, n=1)
    return f"{word} is no option" + (f"; did you mean {near[0]}?" if near else "")


def _click_option(name: str, option: Option) -> click.Option:
    variables = ", ".join(option.env + option.file_env)
    alone: dict[str, Any] = {"is_flag": False, "flag_value": "true"} if option.is_boolean else {}
    return click.RichOption(
        [name, *option.flags],
        metavar=option.metavar,
        help=f"{option.help} [{option.metavar}; env: {variables}; default: {_default(option)}]",
        panel=option.group,
        multiple=option.is_repeatable,
        **alone,
    )


def _default(option: Option) -> str:
    return "required" if option.required else option.default_text


def _leftovers() -> click.Argument:
    return click.Argument(["unknown"], nargs=-1, type=click.UNPROCESSED, required=False, metavar="")
