"""What every command that asks servers can be told: which ones, with what token, and how to show the answers."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.core import ParameterSource

from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError

if TYPE_CHECKING:
    from ops.cli.client import Client

MAX_TOKEN_BYTES = 8192
PANEL = "Servers and output"

Command = Callable[..., ExitCode]
Callback = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Options:
    """What was given; without a URL and without a token the environment of the server is read."""

    urls: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    token: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    timeout: float = 10.0
    is_json: bool = False
    is_quiet: bool = False

    def clients(self) -> "list[Client]":
        """One for each server. Raises CommandError when what was given cannot be used."""
        from ops.cli.client import Client  # noqa: PLC0415 - help does not pay for it
        from ops.cli.discovery import targets_of  # noqa: PLC0415 - likewise

        token = self._token()
        return [Client(target, token, self.timeout, self.ca_file) for target in targets_of(self.urls, self.dns)]

    def _token(self) -> str:
        from ops.cli.discovery import own_token  # noqa: PLC0415 - likewise

        if self.token_file is not None:
            return _checked(_content(self.token_file), "--token-file")
        return own_token() if self.token is None else _checked(self.token, "the token")


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_TOKEN_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CommandError(
            f"--token-file {path}: {reason}", "name a file that holds the token", ExitCode.USAGE
        ) from None


def _checked(text: str, source: str) -> str:
    """A token that a header can hold; what is wrong with it is said without it."""
    token = text.strip()
    if not token or not token.isprintable():
        advice = "it is the value of the server's AUTH_KEY"
        raise CommandError(f"{source} must be one line of printable text", advice, ExitCode.USAGE)
    return token


def asks_servers(command: Command) -> Callback:
    """Give a command the options of this page; it is called with an `Options` and its own arguments."""

    @click.pass_context
    @functools.wraps(command)
    def called(context: click.Context, /, **given: Any) -> None:
        token, token_file = given.pop("token"), given.pop("token_file")
        if token_file is not None and context.get_parameter_source("token") is ParameterSource.ENVIRONMENT:
            token = None
        if token and token_file:
            raise click.UsageError("give --token or --token-file, not both")
        own = {name: given.pop(name) for name in ("urls", "dns", "ca_file", "timeout", "is_json", "is_quiet")}
        finish(command, Options(token=token, token_file=token_file, **own), given)

    callback: Callback = called
    for option in reversed(_OPTIONS):
        callback = option(callback)
    return callback


def finish(command: Command, options: Options, given: dict[str, Any]) -> None:
    """Run the command and end the program with its code; what stood in the way is shown, not raised."""
    from ops.cli.output import Output  # noqa: PLC0415 - help does not pay for it

    try:
        code = command(options, **given)
    except CommandError as error:
        Output(options).failed(error)
        code = error.code
    raise SystemExit(code)


def _option(*names: str, **row: Any) -> Callable[[Callback], Callback]:
    return click.option(*names, panel=PANEL, **row)


_FILE = click.Path(path_type=Path, dir_okay=False)
_OPTIONS = (
    _option(
        "--url", "urls", multiple=True, envvar="S3OPS_URL", show_envvar=True, metavar="URL",
        help="A server: http://host:port, https://host:port or unix:/path. May be given several times; in the "
        "environment, separated by spaces. Default: the server of this container.",
    ),
    _option(
        "--dns", multiple=True, envvar="S3OPS_DNS", show_envvar=True, metavar="NAME:PORT",
        help="Every address behind a name, as of a headless service. May be given several times.",
    ),
    _option(
        "--token", envvar="S3OPS_TOKEN", show_envvar=True, metavar="TOKEN",
        help="The server's AUTH_KEY. Prefer the environment or a file: others can read command lines. Default: "
        "that of this container.",
    ),
    _option(
        "--token-file", type=_FILE, envvar="S3OPS_TOKEN_FILE", show_envvar=True, metavar="FILE",
        help="A file that holds the token.",
    ),
    _option(
        "--ca-file", type=_FILE, envvar="S3OPS_CA_FILE", show_envvar=True, metavar="FILE",
        help="Certificates (PEM) that a server's own must lead to. Default: the system's.",
    ),
    _option(
        "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, metavar="SECONDS",
        help="Longest wait for an answer.",
    ),
    _option("--json", "is_json", is_flag=True, help="Print the same data as JSON, and nothing else, to stdout."),
    _option("-q", "--quiet", "is_quiet", is_flag=True, help="Print nothing but errors."),
)  # fmt: skip
