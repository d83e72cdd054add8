"""s3ops against a real server, through pipes as scripts use it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.http_client import request
from support.operator import Operator
from support.ports import free_ports
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import AUTH_KEY, Sidecar
from support.until import until

OBJECTS = {
    "site/index.html": b"<h1>hello</h1>",
    "site/a.css": b"a{}",
    "site/b.css": b"b{}",
    "site/docs/index.html": b"docs",
    "site/odd/ö & co.txt": b"odd",
    "next/index.html": b"<h1>next</h1>",
}


@dataclass(frozen=True)
class Place:
    """A server with two workers, and who operates it."""

    server: Sidecar
    operator: Operator

    def get(self, path: str) -> str:
        """What the cache did with a GET."""
        return request(self.server.port, "GET", path).header("cache-status") or ""


@pytest.fixture(scope="module")
def relay(seaweedfs: SeaweedFS) -> Iterator[Relay]:
    """Put a relay in front of the store."""
    with Relay(seaweedfs) as relay:
        yield relay


@pytest.fixture(scope="module")
def running(seaweedfs: SeaweedFS, relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Serve the folder site/."""
    for key, body in OBJECTS.items():
        seaweedfs.put(key, body)
    folder = tmp_path_factory.mktemp("s3ops")
    (folder / "logs").mkdir()
    (ops_port,) = free_ports(1)
    options = (
        "--prefix",
        "site",
        "--dir",
        str(folder / "logs"),
        "--ops-host",
        "127.0.0.1",
        "--ops-port",
        str(ops_port),
    )
    with Sidecar(relay, *options, workers=2, folder=folder) as server:
        yield server


@pytest.fixture
def place(running: Sidecar, tmp_path: Path) -> Place:
    """The server with an empty cache, and an operator within its container."""
    env = {"PORT": str(running.port), "AUTH_KEY": AUTH_KEY, "LOG_DIR": str(running.folder / "logs")}
    operator = Operator(tmp_path, env)
    assert operator.run("cache", "clear", "--quiet").code == 0
    return Place(running, operator)


def test_clear(place: Place) -> None:
    """After it nothing is served out of the cache, and the command says so in a line."""
    place.get("/a.css")
    assert "; hit" in place.get("/a.css")
    ran = place.operator.run("cache", "clear")
    assert (ran.code, ran.stdout.split(), ran.stderr) == (0, ["cache", "cleared"], "")
    assert "fwd=" in place.get("/a.css")


def test_quiet(place: Place) -> None:
    """Nothing is printed but errors."""
    ran = place.operator.run("cache", "stats", "--quiet")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "gone", "rules"),
    [
        (["/a.css"], ["/a.css"], [("key", "site/a.css")]),
        (["site/a.css"], ["/a.css"], [("key", "site/a.css")]),
        (["/docs/"], ["/docs/"], [("prefix", "site/docs/")]),
        (["site/*"], ["/a.css", "/b.css", "/docs/"], [("prefix", "site/")]),
        (["/a.css", "/b.css"], ["/a.css", "/b.css"], [("key", "site/a.css"), ("key", "site/b.css")]),
    ],
    ids=["path", "key", "folder", "star", "two"],
)
def test_purge(place: Place, words: list[str], gone: list[str], rules: list[tuple[str, str]]) -> None:
    """What is named is fetched again, what is not stays."""
    paths = ["/a.css", "/b.css", "/docs/"]
    for path in paths:
        place.get(path)
    ran = place.operator.run("cache", "purge", *words, "--json")
    assert ran.code == 0
    assert [(rule["scope"], rule["value"]) for rule in ran.pod["data"]["rules"]] == rules
    assert {path for path in paths if "; hit" not in place.get(path)} == set(gone)


def test_soft_purge(place: Place) -> None:
    """A soft purge makes stale: the object is still there."""
    place.get("/a.css")
    ran = place.operator.run("cache", "purge", "/a.css", "--soft", "--json")
    assert (ran.code, ran.pod["data"]["removed"]) == (0, 0)
    entry = place.operator.run("cache", "explain", "/a.css", "--json").pod["data"]
    assert entry["standing"] == "softly-purged"


def test_purge_from_a_pipe(place: Place) -> None:
    """Names of another program's output."""
    place.get("/a.css")
    ran = place.operator.run("cache", "purge", "--from", "-", "--json", stdin="/a.css\nsite/b.css\n")
    assert (ran.code, len(ran.pod["data"]["rules"])) == (0, 2)


def test_purge_a_tag(place: Place) -> None:
    """A tag is its own kind of name."""
    ran = place.operator.run("cache", "purge", "--tag", "docs", "--json")
    assert ran.pod["data"]["rules"] == [{"scope": "tag", "value": "docs", "soft": False}]


def test_warm_a_prefix(place: Place) -> None:
    """All below it is fetched once, and a second time nothing is."""
    first = place.operator.run("cache", "warm", "/", "--json")
    again = place.operator.run("cache", "warm", "/", "--json")
    assert (first.code, again.code) == (0, 0)
    assert (first.pod["data"]["fetched"], first.pod["data"]["failed"]) == (5, 0)
    assert (again.pod["data"]["fetched"], again.pod["data"]["hits"]) == (0, 5)
    assert "; hit" in place.get("/a.css")


def test_warm_a_list(place: Place, tmp_path: Path) -> None:
    """More keys than fit into one request; a missing one is counted, and is no failure."""
    names = [f"site/no-such-object-{'x' * 200}-{number}" for number in range(400)]
    (tmp_path / "keys").write_text("\n".join(["site/a.css", "/odd/ö & co.txt", *names]))
    ran = place.operator.run("cache", "warm", "--from", str(tmp_path / "keys"), "--concurrency", "16", "--json")
    assert ran.code == 0
    counts = {name: ran.pod["data"][name] for name in ("done", "fetched", "missing", "failed")}
    assert counts == {"done": 402, "fetched": 2, "missing": 400, "failed": 0}


def test_warm_in_part(place: Place, relay: Relay) -> None:
    """What the bucket fails at is counted and named, the rest is there, and the code is 4; nothing at all is a 1."""
    (place.operator.folder / "keys").write_text("site/a.css\nsite/b.css\n")
    relay.answer("site/b.css", 500)
    ran = place.operator.run("cache", "warm", "--from", "keys", "--json")
    nothing = place.operator.run("cache", "warm", "--from", "-", stdin="site/b.css\n")
    relay.heal()
    assert (ran.code, ran.pod["data"]["fetched"], ran.pod["data"]["failed"]) == (4, 1, 1)
    assert "1 of 2 objects failed: site/b.css" in ran.pod["error"]
    assert nothing.code == 1


@pytest.mark.parametrize("prefix", ["/doc/s", "sitee/"], ids=["path", "keys"])
def test_warm_a_prefix_of_nothing(place: Place, prefix: str) -> None:
    """A mistyped prefix is a 1, and is named; JSON has the error beside the counts."""
    shown = place.operator.run("cache", "warm", prefix)
    assert (shown.code, f"the bucket has nothing below {prefix}" in shown.stderr) == (1, True)
    told = place.operator.run("cache", "warm", prefix, "--json")
    assert (told.code, told.pod["exit"], told.pod["result"], told.pod["data"]["done"]) == (1, 1, "failed", 0)
    assert told.pod["error"] == f"the bucket has nothing below {prefix}"
    assert told.pod["advice"]


def test_warm_wants_one_of_two(place: Place) -> None:
    """Neither or both is a mistake of the command line."""
    assert place.operator.run("cache", "warm").code == 2
    assert place.operator.run("cache", "warm", "/", "--from", "-").code == 2


def test_stats(place: Place) -> None:
    """Counts grow by what was served."""
    before = place.operator.run("cache", "stats", "--json").pod["data"]["requests"]["total"]
    for _ in range(20):
        place.get("/a.css")
    assert _until_counted(place, before + 20) >= before + 20
    shown = place.operator.run("cache", "stats").stdout
    assert re.search(r"hit ratio +\d+\.\d%", shown)
    assert re.search(r"entries +\d+ of 100,000", shown)


def _until_counted(place: Place, wanted: int) -> int:
    """Ask until workers have told what they counted: the numbers are up to half a second old."""

    def counted() -> int:
        return int(place.operator.run("cache", "stats", "--json").pod["data"]["requests"]["total"])

    until(lambda: counted() >= wanted)
    return counted()


@pytest.fixture
def unasked(seaweedfs: SeaweedFS) -> Iterator[str]:
    """An object that nobody has asked for yet: what was cleared may lie there for a while."""
    seaweedfs.put("site/odd/ä & co.txt", b"odd")
    yield "site/odd/ä & co.txt"
    seaweedfs.delete("site/odd/ä & co.txt")


def test_explain(place: Place, unasked: str) -> None:
    """Before and after an object is stored; a whole URL is as good as a path."""
    url = f"{place.server.url}/odd/%C3%A4%20&%20co.txt?utm=1"
    before = place.operator.run("cache", "explain", url, "--json").pod["data"]
    assert (before["object_key"], before["stored"]) == (unasked, None)
    for _ in range(8):
        request(place.server.port, "GET", "/odd/%C3%A4%20&%20co.txt")
    shown = place.operator.run("cache", "explain", "/odd/%C3%A4%20&%20co.txt").stdout
    assert f"{unasked} in bucket" in shown
    assert re.search(r"size +3 B", shown)


def test_status(place: Place) -> None:
    """Ready, and why one knows."""
    ran = place.operator.run("status", "--json")
    assert (ran.code, ran.pod["data"]["ready"]["status"]) == (0, "pass")
    shown = place.operator.run("status").stdout
    assert re.search(r"ready +yes", shown)
    assert "2 of 2 up" in shown


def test_release(place: Place) -> None:
    """Shown, switched, served, and switched back."""
    assert place.operator.run("release", "show", "--json").pod["data"] == {"prefix": "site/"}
    there = place.operator.run("release", "switch", "next", "--json")
    assert there.pod["data"] == {"prefix": "next/", "previous": "site/"}
    assert request(place.server.port, "GET", "/").body == b"<h1>next</h1>"
    assert "next/" in place.operator.run("release", "switch", "site").stdout
    assert request(place.server.port, "GET", "/").body == b"<h1>hello</h1>"


def test_release_of_nothing(place: Place) -> None:
    """A misspelt folder is a 1, the one that is served stays; --force switches all the same."""
    ran = place.operator.run("release", "switch", "nxt")
    assert (ran.code, "409: the bucket has nothing below 'nxt'" in ran.stderr) == (1, True)
    told = place.operator.run("release", "switch", "nxt", "--json")
    assert (told.code, told.pod["result"], "nothing below 'nxt'" in told.pod["error"]) == (1, "failed", True)
    assert place.operator.run("release", "show", "--json").pod["data"] == {"prefix": "site/"}
    assert place.operator.run("release", "switch", "nxt", "--force", "--json").pod["data"]["prefix"] == "nxt/"
    assert place.operator.run("release", "switch", "site").code == 0


def test_config_show(place: Place) -> None:
    """Effective settings; no secret is in any form of the answer."""
    shown, told = place.operator.run("config", "show"), place.operator.run("config", "show", "--json")
    assert told.pod["data"]["settings"]["prefix"] == "site/"
    assert re.search(r"auth_key +\*\*\*\*", shown.stdout)
    assert AUTH_KEY not in shown.stdout + told.stdout


def test_metrics(place: Place) -> None:
    """All, some, and none of that name."""
    every = place.operator.run("metrics", "--json").pod["data"]
    assert len(every) > 20
    assert all("_bucket" not in sample["name"] for sample in every)
    some = place.operator.run("metrics", "requests_total", "--json").pod["data"]
    assert {sample["name"] for sample in some} == {"s3_sidecar_requests_total"}
    assert "s3_sidecar_requests_total" in place.operator.run("metrics", "requests").stdout
    none = place.operator.run("metrics", "no_such_metric")
    assert (none.code, none.stdout) == (1, "")


def test_top_in_a_pipe(place: Place) -> None:
    """One look without a terminal; a line of JSON for each look that is asked for."""
    assert "hit ratio" in place.operator.run("top", "--interval", "0.2").stdout
    lines = place.operator.run("top", "--interval", "0.2", "--count", "3", "--json").stdout.splitlines()
    looks = [json.loads(line) for line in lines]
    assert [look["exit"] for look in looks] == [0, 0, 0]
    assert len(looks[0]["pods"][0]["data"]["workers"]) == 2


def test_bench(place: Place) -> None:
    """So many requests, all of them answered, with a picture; the token is not sent to the website."""
    ran = place.operator.run("bench", "/a.css", "--requests", "200", "--json")
    assert ran.code == 0
    data = ran.pod["data"]
    assert (data["requests"], data["statuses"], data["broken"]) == (200, {"200": 200}, 0)
    assert sum(number for *_, number in data["histogram"]) == 200
    assert data["cache_status"].get("hit", 0) >= 190
    shown = place.operator.run("bench", "/a.css", "--requests", "50")
    assert "█" in shown.stdout
    assert place.operator.run("bench", "/no-such-page", "--requests", "10").code == 1


def test_logs(place: Place) -> None:
    """The end of the file that this server writes, as text and as JSON."""
    until(lambda: "the cache was cleared" in place.operator.run("logs", "-n", "500").stdout)
    lines = [json.loads(line) for line in place.operator.run("logs", "--json").stdout.splitlines()]
    assert all(line["message"] for line in lines)
    missing = place.operator.run("logs", LOG_DIR="/nowhere")
    assert missing.code == 1
    assert "kubectl logs" in missing.stderr


def test_config_check(place: Place, tmp_path: Path) -> None:
    """Every mistake of a file at once, and none; no server is asked."""
    (tmp_path / "good.toml").write_text('bucket = "my-site"\n')
    (tmp_path / "bad.toml").write_text('bucket = "my-site"\nport = "http"\nttl = -1\n')
    operator = Operator(tmp_path, {})
    assert operator.run("config", "check", "good.toml").code == 0
    bad = operator.run("config", "check", "bad.toml", "--json")
    assert (bad.code, len(bad.data["mistakes"]), bad.stderr) == (1, 2, "")
    assert "port" in operator.run("config", "check", "bad.toml").stderr
    assert operator.run("config", "check", "bad.toml", "--quiet").stderr == ""


@pytest.mark.parametrize("words", [["cache", "clear"], ["cache", "stats"], ["release", "show"]], ids=" ".join)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_wrong_token(place: Place, words: list[str], form: list[str]) -> None:
    """It is refused, the next step is said, and neither token is shown."""
    ran = place.operator.run(*words, *form, "--token", "correct-horse")
    assert ran.code == 1
    told = ran.stdout if form else ran.stderr
    assert "the token is not accepted" in told
    assert "S3OPS_TOKEN" in told
    assert "correct-horse" not in ran.stdout + ran.stderr


def test_no_token(place: Place, tmp_path: Path) -> None:
    """Who has none is told that one is needed."""
    ran = Operator(tmp_path, {"PORT": str(place.server.port)}).run("cache", "stats")
    assert ran.code == 1
    assert "a token is needed" in ran.stderr


def test_token_file(place: Place, tmp_path: Path) -> None:
    """A mounted secret, and a server named by the environment."""
    (tmp_path / "token").write_text(f"{AUTH_KEY}\n")
    env = {"S3OPS_URL": place.server.url, "S3OPS_TOKEN_FILE": str(tmp_path / "token")}
    assert Operator(tmp_path, env).run("cache", "clear").code == 0


def test_no_colours_in_a_pipe(place: Place) -> None:
    """What is piped has no escape sequences, whatever the terminal may be."""
    for words in (["cache", "stats"], ["status"], ["metrics"], ["logs"]):
        assert "\x1b" not in place.operator.run(*words, TERM="xterm-256color").stdout
