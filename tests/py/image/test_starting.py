"""How a container starts, or does not."""

import os
from pathlib import Path

import pytest
from support.http_client import request
from support.podman import LIMITS, LOCKED_DOWN, SOMEBODY, Podman
from support.ports import free_ports
from support.seaweedfs import SeaweedFS

pytestmark = pytest.mark.image

AUTH_KEY = "abc123"
USAGE_ERROR = 2
NOBODY = "http://127.0.0.1:1"
"""A bucket that cannot be reached."""


@pytest.fixture
def proxy(tmp_path: Path) -> Path:
    """Make the two folders that the documented `docker run` mounts, for a user of the host; the folder of both."""
    for name in ("data", "logs"):
        folder = tmp_path / "proxy" / name
        folder.mkdir(parents=True)
        os.chown(folder, 1000, 1000)
    tmp_path.chmod(0o755)
    return tmp_path / "proxy"


def refused(podman: Podman, image: str, *options: str, **env: str) -> str:
    """What a container says that does not start."""
    given = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    ran = podman.run("run", "--rm", *LIMITS, *LOCKED_DOWN, *options, *given, image)
    assert ran.returncode == USAGE_ERROR, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    return "\n".join(line for line in ran.stderr.splitlines() if "level=error" not in line)


def test_nothing_given(podman: Podman, image: str) -> None:
    """Without a bucket it says so in a line, and ends with 2."""
    assert refused(podman, image).splitlines() == [
        "s3proxy: one mistake in the configuration",
        "  --bucket (or S3_BUCKET) is required. The bucket to serve.",
        "s3proxy --help lists every option.",
    ]


def test_bad_credentials(podman: Podman, image: str, site: SeaweedFS) -> None:
    """A key that the bucket does not know ends it with 2 and a line."""
    port, ops_port = free_ports(2)
    env = {"S3_BUCKET": site.bucket, "S3_ENDPOINT_URL": site.endpoint_url, "PORT": str(port), "OPS_PORT": str(ops_port)}
    said = refused(podman, image, "--network", "host", **env, AWS_KEY="nobody", AWS_SECRET="bait-bait")
    assert "does not accept --key and --secret (AWS_KEY, AWS_SECRET): GetObject: InvalidAccessKeyId (403)" in said
    assert "bait-bait" not in said


@pytest.mark.parametrize("is_owner", [True, False], ids=["of-the-owner", "unchanged"])
def test_the_documented_line(podman: Podman, image: str, proxy: Path, *, is_owner: bool) -> None:
    """The known `docker run`, volumes included, for the user who owns the folders, and without a word on users.

    Docker makes folders that are not there for root. Then they stay empty, and the log says what to do.
    """
    (port,) = free_ports(1)
    volumes = ("-v", f"{proxy}/data:/opt/spt/data", "-v", f"{proxy}/logs:/opt/spt/logs")
    env = {
        "AWS_REGION": "eu-central-1",
        "S3_BUCKET": "my-site",
        "AWS_KEY": "key-of-mine",
        "AWS_SECRET": "secret-of-mine",
        "AUTH_KEY": AUTH_KEY,
        "S3_ENDPOINT_URL": NOBODY,
    }
    options = (*volumes, "-p", f"127.0.0.1:{port}:8000", *(("--user", "1000:1000") if is_owner else ()))
    with podman.start(image, *options, env=env) as container:
        while "worker ready" not in container.log():
            assert container.inspect("{{.State.Status}}") == "running", container.log()
        clear = request(port, "GET", "/_proxy/_private/_cache/clear", {"authorization": f"Bearer {AUTH_KEY}"})
        assert clear.status == 304
        assert request(port, "GET", "/").status == 503
        said = container.log()
        assert container.stop() == 0
    if is_owner:
        assert "worker ready" in (proxy / "logs" / "s3proxy.log").read_text()
        assert {path.stat().st_uid for path in proxy.rglob("*")} == {1000}
        assert "cannot be used" not in said
    else:
        assert not list(proxy.glob("*/*"))
        words = "it belongs to user 1000, and this process is user 65532; give it to that user (chown 65532)"
        assert said.count(words) == 2
        assert "until then the cache is in /tmp/s3-sidecar, and lost with the container" in said


def test_folders_of_somebody_else(podman: Podman, image: str, proxy: Path) -> None:
    """Without a spare folder they are named, with what to do, all at once."""
    volumes = ("-v", f"{proxy}/data:/opt/spt/data", "-v", f"{proxy}/logs:/opt/spt/logs")
    said = refused(podman, image, *volumes, S3_BUCKET="site", SPARE_DIR="")
    assert said.startswith("s3proxy: 2 mistakes in the configuration\n")
    assert (
        said.count("it belongs to user 1000, and this process is user 65532; give it to that user (chown 65532)") == 2
    )
    assert said.count("or run the container as its owner (--user 1000)") == 2


def test_secrets_as_files(podman: Podman, image: str, site: SeaweedFS, tmp_path: Path) -> None:
    """Mounted secrets serve, for s3ops too, and are in nobody's environment."""
    values = {"AWS_KEY": site.access_key, "AWS_SECRET": site.secret_key, "AUTH_KEY": AUTH_KEY}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
        (tmp_path / name).chmod(0o444)
    tmp_path.chmod(0o755)
    port, ops_port = free_ports(2)
    env = {f"{name}_FILE": f"/run/secrets/{name}" for name in values}
    env |= {"S3_BUCKET": site.bucket, "S3_ENDPOINT_URL": site.endpoint_url}
    env |= {"PORT": str(port), "OPS_PORT": str(ops_port)}
    options = (*LOCKED_DOWN, "--network", "host", "--user", SOMEBODY, "-v", f"{tmp_path}:/run/secrets:ro")
    with podman.start(image, *options, env=env) as container:
        while "worker ready" not in container.log():
            assert container.inspect("{{.State.Status}}") == "running", container.log()
        assert request(port, "GET", "/robots.txt").status == 200
        assert container.exec("s3ops", "cache", "clear").returncode == 0
        assert site.secret_key not in container.inspect("{{.Config.Env}}")
