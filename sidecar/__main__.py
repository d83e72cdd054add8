"""Options and environment → Settings → serve; nothing else.

Every worker imports this module again (multiprocessing's spawn), so what only the main process needs is imported late.
"""

import os
import sys
import tempfile
from functools import partial

from sidecar.errors import SettingsError
from sidecar.settings import Given, Settings, load

USAGE_ERROR = 2

LONGEST_TEMPORARY_DIRECTORY = 75
"""In bytes: a socket's name has 107 at most, of which multiprocessing takes 32 (unix(7))."""


def main() -> None:
    """Run s3proxy; the process ends with 0 after SIGTERM or SIGINT, 2 when the configuration cannot be used."""
    from sidecar.options import command  # noqa: PLC0415 - workers do not parse a command line

    command(run).main(prog_name="s3proxy")


def run(flags: Given, mistakes: tuple[str, ...] = ()) -> None:
    """Serve with these flags, or say everything that is wrong with the configuration and exit with 2."""
    try:
        settings = read(flags, mistakes)
        check_temporary_directory()
        from sidecar.app import create_app, prepare  # noqa: PLC0415 - a mistake is told before Sanic is imported
        from sidecar.server.lifecycle import serve  # noqa: PLC0415 - likewise

        prepared = prepare(settings)
        create = partial(create_app, prepared.settings, prepared.shared)
        serve(prepared.settings, prepared.listener, create, prepared.bystanders)
    except SettingsError as error:
        complain(error.mistakes)
        sys.exit(USAGE_ERROR)


def read(flags: Given, mistakes: tuple[str, ...]) -> Settings:
    """The settings; raises SettingsError with `mistakes`, found on the command line, and every other one."""
    try:
        settings = load(flags)
    except SettingsError as error:
        raise SettingsError(mistakes + error.mistakes) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def check_temporary_directory() -> None:
    """Shared memory and locks need one; raises SettingsError, where a library would fail at its import."""
    try:
        found = tempfile.gettempdir()
    except FileNotFoundError as error:
        missing = "there is no writable temporary directory: mount one at /tmp, or name one in TMPDIR"
        raise SettingsError((missing,)) from error
    if len(os.fsencode(found)) > LONGEST_TEMPORARY_DIRECTORY:
        raise SettingsError((f"the temporary directory's name is too long for a socket in it: {found}; see TMPDIR",))


def complain(mistakes: tuple[str, ...]) -> None:
    """Print every mistake to stderr."""
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = [f"s3proxy: {count} in the configuration", *(f"  {mistake}" for mistake in mistakes)]
    print("\n".join([*lines, "s3proxy --help lists every option."]), file=sys.stderr)  # noqa: T201 - no log exists yet


if __name__ == "__main__":
    main()
