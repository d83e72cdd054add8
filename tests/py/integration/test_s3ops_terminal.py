"""s3ops in a terminal: what a person sees."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.http_client import Connection
from support.operator import S3OPS, Operator
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.terminal import Terminal

FOLDER = "terminal/"
OBJECTS = 40


@pytest.fixture(scope="module")
def relay(seaweedfs: SeaweedFS) -> Iterator[Relay]:
    """Put a relay in front of the store."""
    for number in range(OBJECTS):
        seaweedfs.put(f"{FOLDER}{number:02}.txt", b"text")
    with Relay(seaweedfs) as relay:
        yield relay


@pytest.fixture(scope="module")
def server(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Two workers."""
    with Sidecar(relay, "--ops-port", "0", workers=2, folder=tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def operator(server: Sidecar, tmp_path: Path) -> Operator:
    """Somebody within the container."""
    return Operator(tmp_path, {"PORT": str(server.port), "AUTH_KEY": AUTH_KEY})


def open_terminal(
    operator: Operator, *words: str, columns: int = 100, env: Mapping[str, str] | None = None
) -> Terminal:
    """Type a command into a new terminal."""
    variables = operator.environment() | dict(env or {})
    return Terminal([*S3OPS, *words], folder=operator.folder, env=variables, columns=columns)


def test_top(operator: Operator, server: Sidecar) -> None:
    """It shows what is happening, follows the size of the window, and Ctrl-C gives the screen back."""
    with open_terminal(operator, "top", "--interval", "0.3") as terminal, Connection(server.port) as client:

        def is_busy(screen: str) -> bool:
            for _ in range(30):
                client.request("GET", f"/{FOLDER}00.txt")
            # A screen may be caught half drawn: the last row of it has to be there.
            is_whole = all(str(pid) in screen for pid in server.worker_pids())
            return is_whole and bool(re.search(r"hit +[1-9][\d,.]*/s +█+", screen))

        screen = terminal.wait_for(is_busy)
        assert re.search(r"requests/s +[1-9]", screen)
        assert re.search(r"latency +p50 \d", screen)
        assert re.search(r"worker +pid +requests/s", screen)
        assert "\x1b[" in terminal.screen(has_colours=True)
        terminal.resize(60, 24)
        terminal.wait_for(lambda screen: is_busy(screen) and max(map(len, screen.splitlines())) <= 60)
        terminal.press("C-c")
        ended = terminal.wait_for(lambda screen: "ended with 0" in screen)
        assert "s3ops top" not in ended
        assert "Traceback" not in ended


def test_top_when_the_server_dies(relay: Relay, tmp_path: Path) -> None:
    """The picture stays and says so; when the server is back, the numbers are too."""
    with Sidecar(relay, "--ops-port", "0", folder=tmp_path) as server:
        operator = Operator(tmp_path, {"PORT": str(server.port), "AUTH_KEY": AUTH_KEY})
        with open_terminal(operator, "top", "--interval", "0.3") as terminal:
            terminal.wait_for(lambda screen: "hit ratio" in screen)
            server.kill()
            terminal.wait_for(lambda screen: "nobody listens there" in screen)
            terminal.press("C-c")
            terminal.wait_for(lambda screen: "ended with 0" in screen)


def test_top_without_a_server(operator: Operator) -> None:
    """There is nothing to watch: it ends at once, with the reason on the screen."""
    with open_terminal(operator, "top", "--url", "http://127.0.0.1:1") as terminal:
        assert "nobody listens there" in terminal.wait_for(lambda screen: "ended with 3" in screen)


def test_warm_draws_a_bar(operator: Operator, server: Sidecar, relay: Relay) -> None:
    """While the bucket takes its time the bar stands where the warm does; then it makes room for the result."""
    operator.run("cache", "clear", "--quiet")
    keys = "".join(f"{FOLDER}{number:02}.txt\n" for number in range(OBJECTS))
    (operator.folder / "keys").write_text(keys)
    with (
        relay.hold(f"{FOLDER}{OBJECTS - 1:02}.txt") as barrier,
        open_terminal(operator, "cache", "warm", "--from", "keys") as terminal,
    ):
        screen = terminal.wait_for(lambda screen: f"{OBJECTS - 1}/{OBJECTS}" in screen)
        assert f"127.0.0.1:{server.port}" in screen
        assert "━" in screen
        barrier.release()
        ended = terminal.wait_for(lambda screen: "ended with 0" in screen)
    assert re.search(rf"fetched +{OBJECTS}", ended)
    assert "━" not in ended


@pytest.mark.parametrize(("env", "has_colours"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["terminal", "no-color"])
def test_colours(operator: Operator, env: Mapping[str, str], has_colours: bool) -> None:
    """A terminal has colours unless its user wants none."""
    with open_terminal(operator, "status", env=env) as terminal:
        terminal.wait_for(lambda screen: "ended with 0" in screen)
        shown = terminal.screen(has_colours=True)
    assert bool(re.search(r"\x1b\[(3[0-7]|9[0-7])m", shown)) is has_colours


def test_narrow_help(operator: Operator) -> None:
    """No flag is cut short in a terminal of 80 columns."""
    with open_terminal(operator, "cache", "purge", "--help", columns=80) as terminal:
        screen = terminal.wait_for(lambda screen: "ended with 0" in screen)
    assert "…" not in screen


def test_logs_follow(operator: Operator) -> None:
    """What is written while one looks on appears; Ctrl-C ends it with 0."""
    log = operator.folder / "s3proxy.log"
    log.write_text("2026-11-22T10:00:00.123Z INFO     pid=12 sidecar: first\n")
    with open_terminal(operator, "logs", "--follow", "--file", str(log)) as terminal:
        terminal.wait_for(lambda screen: "first" in screen)
        with log.open("a") as writer:
            writer.write("2026-11-22T10:00:01.123Z ERROR    pid=12 sidecar: second\n")
        terminal.wait_for(lambda screen: "second" in screen)
        terminal.press("C-c")
        terminal.wait_for(lambda screen: "ended with 0" in screen)
