"""Mounts: parts of the path space that are served out of other buckets, or other folders."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sidecar.settings import readers
from sidecar.settings.bucket import BucketSettings
from sidecar.settings.entry import first_given, noting
from sidecar.settings.file import Table, entries_of
from sidecar.settings.option import Option, setting

ROOT = "/"

Draft = Mapping[str, Any]
"""The settings that a mount was given, read, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A part of the path space, and the bucket that is served there.

    `path` is decoded and has no slash at its end, unless it is the root's, which is a slash.
    """

    path: str
    origin: BucketSettings


@dataclass(frozen=True, kw_only=True)
class MountSettings:
    """Which parts of the path space are served out of other buckets."""

    mounts: tuple[Mount, ...] = setting(
        "--mount", "MOUNTS", readers.mount, "/PATH=BUCKET/FOLDER",
        group="Bucket",
        is_repeatable=True,
        help="Serve another bucket, or another folder, below a path; the longest path wins. A mount at / takes the "
        "place of --bucket and --prefix. Repeatable; in the environment, one a line. With settings of its own: "
        "[[mount]] in the file of --config.",
    )  # fmt: skip


MOUNT_OPTIONS: Mapping[str, Option] = {
    "path": Option(
        flags=("--path",),
        env=(),
        read=readers.mount_path,
        metavar="/PATH",
        help="Where it is served.",
        group="Mount",
        required=True,
    ),
    **{row.name: row.metadata["option"] for row in fields(BucketSettings)},
}
"""What the table of a mount may hold."""

_CREDENTIALS = ("key", "secret")
_OF_ITS_OWN = frozenset({"bucket", "prefix"})
"""What a mount does not take over from the top level."""


def draft_of_flag(given: tuple[str, str, str]) -> Draft:
    """The mount that `readers.mount` has read."""
    return dict(zip(("path", "bucket", "prefix"), given, strict=True))


def draft_of_table(table: Table, place: str, elsewhere: Mapping[str, str], mistakes: list[str]) -> Draft:
    """The mount that a table gives, as far as it can be read; what is wrong is added to `mistakes`."""
    entries = entries_of(table, MOUNT_OPTIONS, place, elsewhere)
    mistakes += entries.mistakes
    draft: dict[str, Any] = {}
    for name, entry in entries.given.items():
        if (meant := first_given([entry])) is not None:
            with noting(mistakes):
                draft[name] = meant.read(MOUNT_OPTIONS[name])
    mistakes += _lacking(table, place)
    return draft


def _lacking(table: Table, place: str) -> Iterator[str]:
    """What a table has to have, or has half of."""
    for name in ("path", "bucket"):
        if not _is_given(table, name):
            yield f"{place}: {name} is required"
    for name, other in (_CREDENTIALS, reversed(_CREDENTIALS)):
        if _is_given(table, other) and not _is_given(table, name):
            yield f"{place}: {name} is required when {other} is given; give both, or neither for those of the top level"


def _is_given(table: Table, name: str) -> bool:
    return bool(table.get(name, "") != "")


def contradictions(drafts: Sequence[Draft], values: Mapping[str, Any]) -> Iterator[str]:
    """What mounts that are right by themselves do to each other, and to the settings of the top level."""
    for path, count in Counter(draft["path"] for draft in drafts if "path" in draft).items():
        if count > 1:
            yield f"a mount at {path} is given {count} times"
    reserved = f"{values.get('ops_path', '')}/"
    for path in (draft["path"] for draft in drafts if "path" in draft):
        if reserved != "/" and f"{path}/".startswith(reserved):
            yield f"a mount at {path} would be hidden by --ops-path {reserved[:-1]}; move one of them"
    if any(draft.get("path") == ROOT for draft in drafts) and (values.get("bucket") or values.get("prefix")):
        yield "a mount at / takes the place of --bucket and --prefix; give one or the other"


def may_have_root(drafts: Sequence[Draft]) -> bool:
    """Whether one of the mounts is the whole site, or could not be read and might be."""
    return any(draft.get("path", ROOT) == ROOT for draft in drafts)


def mount_of(draft: Draft, values: Mapping[str, Any]) -> Mount:
    """The mount, with what it does not say taken over from the top level; a key never comes without its secret."""
    own = {name: value for name, value in draft.items() if name != "path"}
    inherited = {row.name: values[row.name] for row in fields(BucketSettings) if row.name not in _OF_ITS_OWN}
    return Mount(path=draft["path"], origin=BucketSettings(**{"prefix": "", **inherited, **own}))


def with_root(values: Mapping[str, Any], mounts: Sequence[Mount]) -> dict[str, Any]:
    """All settings, those of a mount at / in place of the top level's."""
    others = tuple(mount for mount in mounts if mount.path != ROOT)
    roots = (vars(mount.origin) for mount in mounts if mount.path == ROOT)
    return {**values, **next(roots, {}), "mounts": others}
