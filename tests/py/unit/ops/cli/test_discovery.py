"""Which servers a command is meant for, and with what token."""

from pathlib import Path

import pytest

from ops.cli.discovery import own_ops_listener, own_token, targets_of
from ops.cli.exit_code import ExitCode
from ops.cli.failure import CommandError
from ops.cli.target import OPS_PORT, Target
from sidecar.server import listener

CERTIFICATE = Path(__file__)

OWN = {
    "nothing-set": ({}, Target()),
    "port": ({"PORT": "8080"}, Target(port=8080)),
    "every-address": ({"HOST": "0.0.0.0"}, Target()),  # noqa: S104 - what a container's server listens on
    "every-address-of-six": ({"HOST": "::"}, Target(host="::1")),
    "one-address": ({"HOST": "10.0.0.7"}, Target(host="10.0.0.7")),
    "socket": ({"HOST": "unix:/run/s.sock", "OPS_PATH": "/m"}, Target(unix_path="/run/s.sock", ops_path="/m")),
    "ops-path": ({"OPS_PATH": "/_manage"}, Target(ops_path="/_manage")),
    "tls": ({"TLS_CERT": str(CERTIFICATE)}, Target("https", certificate=CERTIFICATE)),
    "what-is-wrong-elsewhere-does-not-matter": ({"TTL": "soon", "PORT": "1"}, Target(port=1)),
}


OPS_LISTENERS = {
    "nothing-set": ({}, Target(port=9180)),
    "port": ({"OPS_PORT": "9181"}, Target(port=9181)),
    "one-address": ({"OPS_HOST": "10.0.0.7"}, Target(host="10.0.0.7", port=9180)),
    "every-address-of-six": ({"OPS_HOST": "::"}, Target(host="::1", port=9180)),
    "turned-off": ({"OPS_PORT": "0"}, None),
}


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Start from an environment that says nothing."""
    for name in ("HOST", "PORT", "OPS_PATH", "OPS_HOST", "OPS_PORT", "TLS_CERT", "AUTH_KEY", "CONFIG", "TTL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("env", "expected"), OWN.values(), ids=OWN)
def test_own(container: pytest.MonkeyPatch, env: dict[str, str], expected: Target) -> None:
    """The server that reads the same environment."""
    for name, value in env.items():
        container.setenv(name, value)
    assert targets_of([], []) == [expected]


@pytest.mark.parametrize(("env", "expected"), OPS_LISTENERS.values(), ids=OPS_LISTENERS)
def test_own_ops_listener(container: pytest.MonkeyPatch, env: dict[str, str], expected: Target | None) -> None:
    """Where the server that reads the same environment tells of its health; the default is the server's own."""
    for name, value in env.items():
        container.setenv(name, value)
    assert own_ops_listener() == expected
    assert listener.OPS_PORT == OPS_PORT


def test_own_of_a_file(container: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The configuration file counts too, below the environment."""
    file = tmp_path / "s3proxy.toml"
    file.write_text('port = 8081\nhost = "127.0.0.9"\nauth-key = "of the file"\n[[mount]]\npath = "/no-bucket"\n')
    container.setenv("CONFIG", str(file))
    container.setenv("PORT", "8082")
    assert targets_of([], []) == [Target(host="127.0.0.9", port=8082)]
    assert own_token() == "of the file"


def test_own_token(container: pytest.MonkeyPatch) -> None:
    """The server's key is the token; without one there is none."""
    assert own_token() == ""
    container.setenv("AUTH_KEY", " abc ")
    assert own_token() == "abc"


@pytest.mark.parametrize("env", [{"PORT": "0"}, {"PORT": "http"}, {"CONFIG": "/nowhere.toml"}], ids=str)
def test_own_that_cannot_be_known(container: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    """What is in the way is said, and that a URL helps."""
    for name, value in env.items():
        container.setenv(name, value)
    with pytest.raises(CommandError) as refusal:
        targets_of([], [])
    assert refusal.value.code is ExitCode.USAGE
    assert "--url" in refusal.value.advice


def test_given() -> None:
    """Every URL and every address behind a name, each once, in their order; the environment is left alone."""
    targets = targets_of(["http://b:1", "a:2", "http://b:1"], ["127.0.0.1:3"])
    assert [target.pod for target in targets] == ["b:1", "a:2", "127.0.0.1:3"]


@pytest.mark.parametrize(
    ("urls", "names", "code"),
    [
        (["http://me:pw@a:1"], [], ExitCode.USAGE),
        ([], ["unix:/s"], ExitCode.USAGE),
        ([], ["no-such-name.invalid:1"], ExitCode.UNREACHABLE),
        ([f"http://a:{port}" for port in range(1, 1002)], [], ExitCode.USAGE),
    ],
    ids=["url", "socket-behind-a-name", "rfc6761-6.4-invalid", "too-many"],
)
def test_refused(urls: list[str], names: list[str], code: ExitCode) -> None:
    """A mistake of the command line, or a name that leads nowhere."""
    with pytest.raises(CommandError) as refusal:
        targets_of(urls, names)
    assert refusal.value.code is code
    assert "pw" not in str(refusal.value)
