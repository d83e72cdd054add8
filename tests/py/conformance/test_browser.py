"""A browser plays a video, seeks in it, and loads a page with everything that pages have."""

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chromium import Chromium, PageError
from support.request_log import logged_requests
from support.seaweedfs import SeaweedFS
from support.sidecar import Sidecar
from support.until import until as wait_until
from support.video import FRAMES_PER_SECOND, WIDTH, brightness, write_video

PAGES = Path(__file__).parent / "pages"
SEEN = {"color": "rgb(1, 2, 3)", "answer": 42, "image": 7}
DATA = (PAGES / "data.json").read_text()

SECONDS = 20
INSTANTS = (17.0, 7.5, 14.5, 3.5, 12.0, 19.5)
BYTES_PER_SECOND = 2_000_000
"""So slow that not all of the video is read before the first seek."""

TOLERANCE = 0.03
"""Of the brightness, which grows by 0.036 in a second."""

LEFT_BEFORE_THE_ANSWER = 0


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Run a browser."""
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a video."""
    path = tmp_path_factory.mktemp("film") / "film.webm"
    write_video(path, SECONDS)
    return path.read_bytes()


@pytest.fixture
def pages(seaweedfs: SeaweedFS, key_prefix: str) -> str:
    """Put the pages and what belongs to them into a folder of the bucket; its path, with slashes around it."""
    for path in PAGES.rglob("*.*"):
        media_type, _ = mimetypes.guess_type(path.name)
        key = key_prefix + path.relative_to(PAGES).as_posix()
        seaweedfs.put(key, path.read_bytes(), content_type=f"{media_type}; charset=utf-8")
    return f"/{key_prefix}"


@pytest.fixture
def player(seaweedfs: SeaweedFS, pages: str, key_prefix: str, film: bytes) -> str:
    """Put the video beside the page that plays it; that page's path."""
    seaweedfs.put(f"{key_prefix}film.webm", film, content_type="video/webm")
    return f"{pages}player.html"


def of_another_origin(url: str) -> str:
    """Return a URL of the same server that is of another origin to a browser."""
    return url.replace("127.0.0.1", "localhost")


def reading(url: str, headers: dict[str, str]) -> str:
    """Write the script that reads a URL."""
    return f"read({json.dumps(url)}, {json.dumps(headers)})"


def test_a_video_can_be_sought_in(website: Sidecar, chromium: Chromium, player: str) -> None:
    """Each instant shows its picture, for which parts of the file were asked, and not all that lies before it."""
    film_path = player.replace("player.html", "film.webm")
    with chromium.page() as tab:
        tab.slow_down(BYTES_PER_SECOND)
        tab.open(website.url + player)
        report = tab.evaluate(f"seek({list(INSTANTS)})")
        assert set(tab.statuses(website.url + film_path)) == {206}
        assert tab.complaints() == []
    assert (round(report["duration"]), report["width"]) == (SECONDS, WIDTH)
    assert [seen["currentTime"] for seen in report["seen"]] == pytest.approx(INSTANTS, abs=0.01)
    expected = [brightness(at, SECONDS) for at in INSTANTS]
    assert [seen["brightness"] for seen in report["seen"]] == pytest.approx(expected, abs=TOLERANCE)
    logged = [request for request in logged_requests(website, film_path) if request.status != LEFT_BEFORE_THE_ANSWER]
    assert {(request.method, request.status) for request in logged} == {("GET", 206)}
    assert len(logged) >= len(INSTANTS) - 2  # one or the other instant was read already


def test_a_video_plays(website: Sidecar, chromium: Chromium, player: str) -> None:
    """From its beginning, out of a cold cache, without a picture of another time."""
    until = 1.5
    with chromium.page() as tab:
        tab.open(website.url + player)
        report = tab.evaluate(f"play({until})")
    assert until <= report["currentTime"] < SECONDS / 2
    assert report["brightness"] == pytest.approx(brightness(report["currentTime"], SECONDS), abs=TOLERANCE)
    assert report["frames"] > until * FRAMES_PER_SECOND / 2


def test_a_missing_video_is_an_error_that_the_page_sees(website: Sidecar, chromium: Chromium, pages: str) -> None:
    """And not a player that waits for ever."""
    with chromium.page() as tab:
        tab.open(f"{website.url}{pages}player.html")
        with pytest.raises(PageError, match="MEDIA_ELEMENT_ERROR"):
            tab.evaluate("seek([1])")


def test_a_page_gets_what_it_names(website: Sidecar, chromium: Chromium, pages: str) -> None:
    """Stylesheet, modules and image have the types without which a browser does not take them."""
    with chromium.page() as tab:
        tab.open(f"{website.url}{pages}page.html")
        assert tab.evaluate("sight()") == SEEN
        assert tab.complaints() == []


def test_a_page_is_revalidated(website: Sidecar, chromium: Chromium, pages: str) -> None:
    """A reload asks with the validators, and the browser shows what it has."""
    with chromium.page() as tab:
        tab.open(f"{website.url}{pages}page.html")
        tab.reload()
        assert tab.evaluate("sight()") == SEEN
    wait_until(lambda: len(logged_requests(website, f"{pages}page.html")) >= 2)
    logged = logged_requests(website, f"{pages}page.html")
    assert [request.status for request in logged] == [200, 304]
    assert logged[1].body_bytes == 0


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": '"x"'}], ids=["simple", "with-preflight"])
def test_pages_of_an_allowed_origin_may_read(
    seaweedfs: SeaweedFS, website: Sidecar, chromium: Chromium, pages: str, headers: dict[str, str]
) -> None:
    """With a list of origins, the browser gives the answer to a page of that list, and to no other."""
    with Sidecar(seaweedfs, "--allowed-origins", website.url) as other, chromium.page() as tab:
        script = reading(f"{other.url}{pages}data.json", headers)
        tab.open(f"{website.url}{pages}page.html")
        assert tab.evaluate(script) == {"status": 200, "type": "cors", "text": DATA}
        tab.open(of_another_origin(f"{website.url}{pages}page.html"))
        assert tab.evaluate(script) == {"error": "TypeError"}


def test_pages_of_any_origin_may_read_by_default(website: Sidecar, chromium: Chromium, pages: str) -> None:
    """A part of an object too."""
    with chromium.page() as tab:
        tab.open(of_another_origin(f"{website.url}{pages}page.html"))
        part = tab.evaluate(reading(f"{website.url}{pages}data.json", {"Range": "bytes=1-3"}))
    assert part == {"status": 206, "type": "cors", "text": DATA[1:4]}
