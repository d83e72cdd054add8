"""The programs and libraries that people fetch things with get them, whole, in parts, and not again."""

import mimetypes
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import requests
import urllib3
from support.endpoint import Endpoint
from support.programs import clean_environment, find_program
from support.relay import Relay
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.site_upload import SITE

BODY = bytes(range(256)) * 12_000
CUT_AFTER = 1_234_567
PAGE = b"<!doctype html><title>a page</title>" + b"<p>text, and more of it</p>" * 200
LIMIT_SECONDS = 60


Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Curl: TypeAlias = Callable[..., str]


@pytest.fixture
def folder(seaweedfs: SeaweedFS, website: Sidecar, key_prefix: str) -> str:
    """Put a page and a large object into a folder of the bucket; its URL, with a slash at the end."""
    seaweedfs.put(f"{key_prefix}page.html", PAGE, content_type="text/html; charset=utf-8")
    seaweedfs.put(f"{key_prefix}a.bin", BODY, content_type="application/octet-stream")
    return f"{website.url}/{key_prefix}"


@pytest.fixture
def broken_once(website: Sidecar) -> Iterator[Relay]:
    """Stand between client and server, and break the first large answer off."""
    with Relay(Endpoint(website.url, "", "", "")) as relay:
        relay.cut_after(None, CUT_AFTER, times=1)
        yield relay


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in `tmp_path`, and return what it said, whether or not it was content."""

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [find_program(argv[0]), *argv[1:]],
            cwd=tmp_path,
            env=clean_environment(tmp_path),
            capture_output=True,
            check=False,
            text=True,
            timeout=LIMIT_SECONDS,
        )

    return run


@pytest.fixture
def curl(run: Run) -> Curl:
    """Run curl, which has to succeed, and return its standard output."""

    def curl(*arguments: str) -> str:
        done = run("curl", "--silent", "--show-error", *arguments)
        assert done.returncode == 0, done
        return done.stdout

    return curl


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Make a session that asks nobody's proxy."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def through(relay: Relay, url: str) -> str:
    """Return the same URL by way of the relay."""
    return relay.endpoint_url + "/" + url.split("/", 3)[3]


def seen(relay: Relay) -> list[tuple[str | None, int | None]]:
    """List what was asked for, and the statuses of the answers."""
    return [(exchange.header("range"), exchange.status) for exchange in relay.exchanges]


def test_curl_resumes_a_broken_download(folder: str, run: Run, curl: Curl, broken_once: Relay, tmp_path: Path) -> None:
    """What is missing is fetched, and no more."""
    url = through(broken_once, f"{folder}a.bin")
    partial_file = 18
    assert run("curl", "--silent", "--output", "a.bin", url).returncode == partial_file
    assert (tmp_path / "a.bin").read_bytes() == BODY[:CUT_AFTER]
    curl("--continue-at", "-", "--output", "a.bin", url)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert seen(broken_once) == [(None, 200), (f"bytes={CUT_AFTER}-", 206)]


def test_curl_resumes_nothing_when_all_is_there(folder: str, curl: Curl, tmp_path: Path) -> None:
    """It asks for what follows the last byte, and takes the 416 for what it is."""
    (tmp_path / "a.bin").write_bytes(BODY)
    said = curl("--continue-at", "-", "--output", "a.bin", "--write-out", "%{http_code}", f"{folder}a.bin")
    assert (said, (tmp_path / "a.bin").read_bytes()) == ("416", BODY)


def test_curl_decodes_what_it_asked_to_be_compressed(folder: str, curl: Curl, tmp_path: Path) -> None:
    """Whichever coding is chosen, cold and warm, the page is the page."""
    for _ in range(2):
        curl("--compressed", "--output", "page.html", f"{folder}page.html")
        assert (tmp_path / "page.html").read_bytes() == PAGE


@pytest.mark.parametrize(
    ("span", "expected"), [("0-9", PAGE[:10]), ("-5", PAGE[-5:]), ("1000-", PAGE[1000:])], ids=["first", "last", "open"]
)
def test_curl_fetches_a_range(folder: str, curl: Curl, tmp_path: Path, span: str, expected: bytes) -> None:
    """`-r` gives the bytes."""
    code = curl("--range", span, "--output", "part", "--write-out", "%{http_code}", f"{folder}page.html")
    assert (code, (tmp_path / "part").read_bytes()) == ("206", expected)


def test_curl_does_not_fetch_what_it_has(folder: str, curl: Curl, tmp_path: Path) -> None:
    """By entity-tag, and by the date of the file."""
    url = f"{folder}page.html"
    curl("--remote-name", "--remote-time", "--etag-save", "etag", url)
    by_etag = curl("--etag-compare", "etag", "--output", "again", "--write-out", "%{http_code} %{size_download}", url)
    by_date = curl("--time-cond", "page.html", "--output", "again", "--write-out", "%{http_code} %{size_download}", url)
    assert [by_etag, by_date] == ["304 0", "304 0"]
    assert (tmp_path / "page.html").read_bytes() == PAGE


def test_curl_speaks_http_1_0(folder: str, curl: Curl, tmp_path: Path) -> None:
    """The answer has a length, and the connection ends."""
    headers = curl("--http1.0", "--dump-header", "-", "--output", "a.bin", f"{folder}a.bin").lower().splitlines()
    assert f"content-length: {len(BODY)}" in headers
    assert "connection: close" in headers
    assert not any(line.startswith("transfer-encoding") for line in headers)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_curl_offers_http_2_in_vain(folder: str, curl: Curl, tmp_path: Path) -> None:
    """An upgrade that is not known is passed over."""
    said = curl("--http2", "--output", "page.html", "--write-out", "%{http_code} %{http_version}", f"{folder}page.html")
    assert (said, (tmp_path / "page.html").read_bytes()) == ("200 1.1", PAGE)


def test_curl_is_not_kept_waiting_with_an_upload(folder: str, curl: Curl, tmp_path: Path) -> None:
    """A large PUT waits for a 100 (Continue) at most half a minute: it is refused before, and nothing has changed."""
    (tmp_path / "new.bin").write_bytes(BODY)
    told = ("--expect100-timeout", "30", "--max-time", "20", "--output", "answer", "--write-out", "%{http_code}")
    assert curl("--upload-file", "new.bin", *told, f"{folder}a.bin") == "405"
    curl("--output", "a.bin", f"{folder}a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_curl_asks_for_the_head(folder: str, curl: Curl) -> None:
    """`-I` tells the length, and does not wait for a body."""
    lines = curl("--head", f"{folder}a.bin").lower().splitlines()
    assert lines[0].startswith("http/1.1 200")
    assert f"content-length: {len(BODY)}" in lines


def test_curl_keeps_its_connection(folder: str, curl: Curl) -> None:
    """Several URLs, found and not found, whole and in part, on one connection."""
    urls = [f"{folder}{name}" for name in ("page.html", "a.bin", "missing", "page.html", "%", "a.bin")]
    one_each = [text for url in urls for text in ("--output", "/dev/null", url)]
    assert curl("--write-out", "%{http_code} %{num_connects}\n", *one_each).splitlines() == [
        "200 1",
        "200 0",
        "404 0",
        "200 0",
        "400 0",
        "200 0",
    ]


def test_curl_fetches_many_at_once(folder: str, curl: Curl, tmp_path: Path) -> None:
    """All come whole, while the first of them fills the cache."""
    names = [f"{number}.bin" for number in range(20)]
    curl(
        "--parallel", "--parallel-immediate", *[text for name in names for text in ("--output", name, f"{folder}a.bin")]
    )
    assert {(tmp_path / name).read_bytes() for name in names} == {BODY}


def test_curl_sends_a_path_as_it_is(folder: str, curl: Curl) -> None:
    """It resolves `..` by itself, unless it is told not to: then the server refuses."""
    told = ("--output", "/dev/null", "--write-out", "%{http_code}", f"{folder}docs/../page.html")
    assert [curl(*told), curl("--path-as-is", *told)] == ["200", "400"]


def test_curl_fails_when_told_to(folder: str, run: Run) -> None:
    """`--fail` sees the status of what is missing."""
    http_error = 22
    assert run("curl", "--silent", "--fail", f"{folder}missing").returncode == http_error


def test_wget_resumes_by_itself(folder: str, run: Run, broken_once: Relay, tmp_path: Path) -> None:
    """A download that breaks off goes on where it was, in one run."""
    done = run("wget", "--no-verbose", "--waitretry=0", "--tries=3", through(broken_once, f"{folder}a.bin"))
    assert done.returncode == 0, done
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert seen(broken_once) == [(None, 200), (f"bytes={CUT_AFTER}-", 206)]


def test_wget_continues_what_it_finds(folder: str, run: Run, tmp_path: Path) -> None:
    """`-c` fetches the rest; once more, it fetches nothing."""
    (tmp_path / "a.bin").write_bytes(BODY[:1000])
    for _ in range(2):
        done = run("wget", "--no-verbose", "--continue", f"{folder}a.bin")
        assert done.returncode == 0, done
        assert (tmp_path / "a.bin").read_bytes() == BODY


def test_wget_does_not_fetch_what_has_not_changed(folder: str, run: Run, tmp_path: Path) -> None:
    """`-N` takes a 304 for an answer."""
    said = [run("wget", "--server-response", "--timestamping", f"{folder}page.html").stderr for _ in range(2)]
    assert ["304 Not Modified" in text for text in said] == [False, True]
    assert (tmp_path / "page.html").read_bytes() == PAGE


def test_wget_mirrors_a_site(seaweedfs: SeaweedFS, website: Sidecar, run: Run, tmp_path: Path) -> None:
    """It follows the links of every page, and misses nothing."""
    for path in SITE.rglob("*.*"):
        media_type, _ = mimetypes.guess_type(path.name)
        seaweedfs.put(path.relative_to(SITE).as_posix(), path.read_bytes(), content_type=media_type or "")
    not_there = "/no-such-page|/media/big.bin"  # pages of the sample site speak of them
    told = ("--no-verbose", "--recursive", "--level=inf", "--no-host-directories", "--reject-regex", not_there)
    done = run("wget", *told, f"{website.url}/")
    assert done.returncode == 0, done
    mirrored = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if not path.name.startswith(".")]
    assert set(map(Path, ("index.html", "docs/größe & ordnung.html", "assets/pattern.png"))) <= set(mirrored)
    for path in mirrored:
        assert (tmp_path / path).read_bytes() == (SITE / path).read_bytes()


def test_requests_keeps_its_session(folder: str, session: requests.Session) -> None:
    """Every kind of answer in turn, each of them whole."""
    etag = session.get(f"{folder}a.bin").headers["ETag"]
    for _ in range(10):
        assert session.get(f"{folder}page.html").text == PAGE.decode()
        assert session.head(f"{folder}a.bin").headers["Content-Length"] == str(len(BODY))
        assert session.get(f"{folder}a.bin", headers={"Range": "bytes=10-19"}).content == BODY[10:20]
        assert session.get(f"{folder}a.bin", headers={"If-None-Match": etag}).status_code == 304
        assert session.get(f"{folder}missing").status_code == 404
        assert session.options(f"{folder}page.html").status_code == 204
        assert session.post(f"{folder}page.html", data=b"x" * 10_000).status_code == 405


def test_requests_goes_on_after_a_large_upload_was_refused(folder: str, session: requests.Session) -> None:
    """RFC 9112 9.6: who will not read all of a body says that the connection closes."""
    answer = session.post(f"{folder}page.html", data=b"x" * 1_000_000)
    assert (answer.status_code, answer.headers["Connection"]) == (405, "close")
    assert session.get(f"{folder}page.html").text == PAGE.decode()


def test_requests_streams(folder: str, session: requests.Session) -> None:
    """Block by block; and a body that is left in the middle harms nothing."""
    with session.get(f"{folder}a.bin", stream=True) as left:
        assert left.raw.read(10) == BODY[:10]
    with session.get(f"{folder}a.bin", stream=True) as answer:
        assert b"".join(answer.iter_content(10_000)) == BODY


def test_urllib3_uses_one_connection(folder: str) -> None:
    """A pool of one needs no second one, whatever is answered."""
    with urllib3.PoolManager(maxsize=1, block=True, retries=False) as pool:
        for name in ("page.html", "missing", "a.bin", "%", "page.html"):
            for method in ("GET", "HEAD", "DELETE"):
                pool.request(method, f"{folder}{name}")
        connections = pool.connection_from_url(folder)
        assert (connections.num_connections, connections.num_requests) == (1, 15)
