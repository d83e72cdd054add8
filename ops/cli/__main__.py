"""The program s3ops."""

import sys

from ops.cli.exit_code import ExitCode
from ops.cli.probe import WORDS, is_healthy


def main() -> None:
    """Run s3ops; the process ends with one of `ExitCode`."""
    try:
        if sys.argv[1:] == WORDS and is_healthy():
            return
        from ops.cli.program import program  # noqa: PLC0415 - most of what s3ops takes of memory

        program.main(prog_name="s3ops")
    except Exception as error:  # noqa: BLE001 - an operator gets no traceback, and no token that may be in it
        name = type(error).__name__
        print(f"s3ops: this is a mistake in s3ops ({name}), not yours: please report it", file=sys.stderr)  # noqa: T201
        sys.exit(ExitCode.FAILED)


if __name__ == "__main__":
    main()
