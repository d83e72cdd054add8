"""The folder that is served can be switched for all workers at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.release import MAX_PREFIX_BYTES, Release, SharedRelease

FOLDERS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=40)


def test_it_begins_with_the_setting() -> None:
    """Until there is a switch, the prefix is the one of the settings."""
    assert Release(SharedRelease(), "releases/41/").prefix == "releases/41/"


def test_a_switch_is_seen_by_every_worker() -> None:
    """What one worker switches to is what the others serve from their next request on."""
    shared = SharedRelease()
    one, other = Release(shared, "releases/41/"), Release(shared, "releases/41/")
    one.switch("releases/42/")
    assert (one.prefix, other.prefix) == ("releases/42/", "releases/42/")


def test_a_worker_that_starts_later_sees_it() -> None:
    """A worker begun after a switch serves what the others serve."""
    shared = SharedRelease()
    Release(shared, "releases/41/").switch("releases/42/")
    assert Release(shared, "releases/41/").prefix == "releases/42/"


@pytest.mark.parametrize(("given_as", "served"), [("a", "a/"), ("/a/", "a/"), ("a/b", "a/b/"), ("", ""), ("/", "")])
def test_a_prefix_is_a_folder(given_as: str, served: str) -> None:
    """A prefix ends in a slash and begins without one, unless it is empty."""
    release = Release(SharedRelease(), "x/")
    release.switch(given_as)
    assert release.prefix == served


@pytest.mark.parametrize("prefix", ["a" * MAX_PREFIX_BYTES, "ü" * 600, "a\nb", "a\0b"])
def test_what_no_key_begins_with_is_refused(prefix: str) -> None:
    """A prefix that is too long or not printable changes nothing."""
    release = Release(SharedRelease(), "x/")
    with pytest.raises(ValueError, match="a prefix is printable"):
        release.switch(prefix)
    assert release.prefix == "x/"


@given(st.lists(FOLDERS, min_size=1, max_size=60))
def test_the_last_switch_counts(folders: list[str]) -> None:
    """However often it is switched, a worker that looks now and then sees the last one."""
    shared = SharedRelease()
    writer, reader = Release(shared, ""), Release(shared, "")
    for number, folder in enumerate(folders):
        writer.switch(folder)
        assert number % 7 or reader.prefix == f"{folder}/"
    assert reader.prefix == f"{folders[-1]}/"
