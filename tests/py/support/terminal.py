"""A terminal with a person's eyes: tmux runs a command, and shows the screen."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import join
from typing import Self

from support.programs import clean_environment
from support.until import PATIENCE_SECONDS

_POLL_SECONDS = 0.05


class Terminal:
    """Runs a command in a terminal of its own; a context manager that ends it. `folder` is where it runs."""

    def __init__(
        self, words: Sequence[str], *, folder: Path, env: Mapping[str, str], columns: int = 100, rows: int = 30
    ) -> None:
        self._socket = folder / "tmux"
        self._env = clean_environment(folder) | {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        variables = [text for name, value in env.items() for text in ("-e", f"{name}={value}")]
        # The shell outlives Ctrl-C, says how the command ended, and the terminal stays.
        script = f'trap : INT; {join(words)}; echo "ended with $?"; cat'
        size = ("-x", str(columns), "-y", str(rows), "-c", str(folder))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, *variables, "sh", "-c", script)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def screen(self, *, has_colours: bool = False) -> str:
        """What is to be seen now."""
        return self._tmux("capture-pane", "-p", *(["-e"] if has_colours else []))

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them: `C-c`, `q`."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Pull the window's edge."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for(self, is_there: Callable[[str], bool], timeout: float = PATIENCE_SECONDS) -> str:
        """The screen as soon as it shows what is waited for. Raises TimeoutError with the screen it has instead."""
        deadline = time.monotonic() + timeout
        while not is_there(screen := self.screen()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the screen never showed it; it shows:\n{screen}")
            time.sleep(_POLL_SECONDS)
        return screen

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], env=self._env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"tmux {words[0]}: {done.stderr}")
        return done.stdout
