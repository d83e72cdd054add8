"""Names in the cache directory, and the directory itself."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cache.key import CacheKey, Slice
from sidecar.cache.ports import Turn
from sidecar.errors import SettingsError
from sidecar.store.paths import body_name, is_body, is_unfinished, part_name, prepare_directory

DIGEST = "0123456789abcdef" * 4
KEY = CacheKey("https://store.example", "site", "key")

NEITHER = [
    "",
    "lost+found",
    ".nfs0123456789abcdef",
    DIGEST[1:],
    f"{DIGEST}0",
    DIGEST.upper(),
    f"{DIGEST}\n",
    f"{DIGEST}.part",
    f"{DIGEST}.0123456789abcdef",
    f"{DIGEST}.0123456789abcdef.part",
    f"{DIGEST}.1.part",
    f"{DIGEST}..0.part",
    f"{DIGEST}.1.0.part.bak",
    f"x{DIGEST}.1.0.part",
    f"{DIGEST}.A.0.part",
    f"{DIGEST}x1.0.part",
]


def test_a_body_has_one_name() -> None:
    """The digest of its key, whichever worker stores it."""
    assert body_name(KEY) == KEY.digest
    assert is_body(body_name(KEY))
    assert not is_unfinished(body_name(KEY))


def test_a_fill_has_one_name() -> None:
    """All who want the key in this turn meet there; those of another turn, or another slice, do not."""
    keys = [
        KEY,
        KEY.of_slice(Slice('"a"', 0, 10)),
        KEY.of_slice(Slice('"a"', 10, 20)),
        KEY.of_slice(Slice('"b"', 0, 10)),
    ]
    turns = [Turn(epoch, generation) for epoch in (0, 7, 2**63 - 1) for generation in (0, 1, 2**64 - 1)]
    names = [part_name(key, turn) for key in keys for turn in turns]
    assert len(set(names)) == len(names)
    assert names == [part_name(key, turn) for key in keys for turn in turns]
    assert all(is_unfinished(name) and not is_body(name) for name in names)


@pytest.mark.parametrize("name", NEITHER)
def test_other_names_are_not_ours(name: str) -> None:
    """Nothing else in the directory is ever removed."""
    assert not is_body(name)
    assert not is_unfinished(name)


@given(st.text(max_size=100))
def test_no_name_is_both(name: str) -> None:
    """A file is a body, or on its way to be one, or not ours."""
    assert not (is_body(name) and is_unfinished(name))


@pytest.mark.parametrize("name", ["cache", "a/b/c", "a b", "ü"])
def test_a_directory_is_made(tmp_path: Path, name: str) -> None:
    """With those above it, for nobody else to look into, and empty."""
    prepare_directory(tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700
    assert list((tmp_path / name).iterdir()) == []


def test_a_directory_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Its mode is the operator's business, and its files are kept."""
    tmp_path.chmod(0o755)
    (tmp_path / DIGEST).write_bytes(b"body")
    prepare_directory(tmp_path)
    prepare_directory(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"body"]


def test_a_link_to_a_directory_is_one(tmp_path: Path) -> None:
    """Operators link to where there is room."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    prepare_directory(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").resolve() == tmp_path / "real"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "File exists"),
        ("file/below", "Not a directory"),
        ("dangling", "File exists"),
        ("x" * 300, "File name too long"),
        ("/proc/none", "No such file or directory"),
        ("/proc", "No such file or directory"),
    ],
)
def test_what_is_in_the_way_is_told(tmp_path: Path, name: str, reason: str) -> None:
    """One line, with the option, the directory and the reason."""
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(SettingsError) as caught:
        prepare_directory(tmp_path / name)
    assert caught.value.mistakes == (f"--cache-dir cannot be used: {tmp_path / name}: {reason}",)
