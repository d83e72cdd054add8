"""Why a command did not do what it was asked for."""

from ops.cli.exit_code import ExitCode
from sidecar.errors import SidecarError


class CommandError(SidecarError):
    """What went wrong, what to do next (may be empty), and what the command ends with. Holds no token."""

    def __init__(self, message: str, advice: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.code = code
