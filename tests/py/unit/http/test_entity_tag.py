"""Entity-tags, from RFC 9110 8.8.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.entity_tag import EntityTag

STRONG_1 = EntityTag("1", is_weak=False)
STRONG_2 = EntityTag("2", is_weak=False)
WEAK_1 = EntityTag("1", is_weak=True)
WEAK_2 = EntityTag("2", is_weak=True)

PARSED = {
    "rfc9110-8.8.3-example-strong": ('"xyzzy"', EntityTag("xyzzy", is_weak=False)),
    "rfc9110-8.8.3-example-weak": ('W/"xyzzy"', EntityTag("xyzzy", is_weak=True)),
    "rfc9110-8.8.3-example-empty": ('""', EntityTag("", is_weak=False)),
    "rfc9110-8.8.3-s3-multipart": ('"d41d8cd98f00b204-5"', EntityTag("d41d8cd98f00b204-5", is_weak=False)),
    "rfc9110-8.8.3-comma": ('"a,b"', EntityTag("a,b", is_weak=False)),
    "rfc9110-8.8.3-backslash": ('"a\\"', EntityTag("a\\", is_weak=False)),
    "rfc9110-8.8.3-obs-text": ('"é"', EntityTag("é", is_weak=False)),
    "rfc9110-8.8.3-quote-like-weak-prefix": ('"W/"', EntityTag("W/", is_weak=False)),
    "rfc9110-5.5-outer-whitespace": (' "a"\t', EntityTag("a", is_weak=False)),
    "rfc9110-8.8.3-no-quotes": ("xyzzy", None),
    "rfc9110-8.8.3-weak-no-quotes": ("W/xyzzy", None),
    "rfc9110-8.8.3-weak-is-case-sensitive": ('w/"xyzzy"', None),
    "rfc9110-8.8.3-space-after-weak": ('W/ "xyzzy"', None),
    "rfc9110-8.8.3-space-inside": ('"a b"', None),
    "rfc9110-8.8.3-quote-inside": ('"a"b"', None),
    "rfc9110-8.8.3-control-inside": ('"a\x7f"', None),
    "rfc9110-8.8.3-not-closed": ('"a', None),
    "rfc9110-8.8.3-two": ('"a", "b"', None),
    "rfc9110-8.8.3-star": ("*", None),
    "rfc9110-8.8.3-nothing": ("", None),
}

LISTS = {
    "rfc9110-13.1.1-one": ('"1"', (STRONG_1,)),
    "rfc9110-13.1.1-several": ('"1", "2"', (STRONG_1, STRONG_2)),
    "rfc9110-13.1.2-mixed": ('W/"1", "2"', (WEAK_1, STRONG_2)),
    "rfc9110-5.6.1-no-spaces": ('"1",W/"2"', (STRONG_1, WEAK_2)),
    "rfc9110-5.6.1-empty-members": (' ,, "1" ,\t, "2",', (STRONG_1, STRONG_2)),
    "rfc9110-8.8.3-commas-inside": ('"a,b", "1"', (EntityTag("a,b", is_weak=False), STRONG_1)),
    "rfc9110-8.8.3-backslash-escapes-nothing": ('"a\\", "1"', (EntityTag("a\\", is_weak=False), STRONG_1)),
    "rfc9110-13.1.1-empty": ("", ()),
    "rfc9110-13.1.1-commas": (", ,", ()),
    "rfc9110-13.1.1-not-separated": ('"1" "2"', ()),
    "rfc9110-13.1.1-malformed-member": ('"1", 2', ()),
    "rfc9110-13.1.1-star-in-a-list": ('"1", *', ()),
    "rfc9110-13.1.1-not-closed": ('"1", "2', ()),
}

COMPARED = {
    "rfc9110-8.8.3.2-weak-weak-same": (WEAK_1, WEAK_1, False, True),
    "rfc9110-8.8.3.2-weak-weak-other": (WEAK_1, WEAK_2, False, False),
    "rfc9110-8.8.3.2-weak-strong-same": (WEAK_1, STRONG_1, False, True),
    "rfc9110-8.8.3.2-strong-weak-same": (STRONG_1, WEAK_1, False, True),
    "rfc9110-8.8.3.2-strong-strong-same": (STRONG_1, STRONG_1, True, True),
    "rfc9110-8.8.3.2-strong-strong-other": (STRONG_1, STRONG_2, False, False),
}

_opaque = st.text(st.characters(min_codepoint=0x21, exclude_characters='"\x7f'))
_tags = st.builds(EntityTag, _opaque, st.booleans())
_separators = st.sampled_from([",", ", ", " ,\t", ", ,"])


def _render(tag: EntityTag) -> str:
    return f'{"W/" if tag.is_weak else ""}"{tag.opaque}"'


@pytest.mark.parametrize(("value", "expected"), PARSED.values(), ids=PARSED)
def test_parse(value: str, expected: EntityTag | None) -> None:
    """One entity-tag is read; what is none, or more than one, is None."""
    assert EntityTag.parse(value) == expected


@pytest.mark.parametrize(("value", "expected"), LISTS.values(), ids=LISTS)
def test_parse_list(value: str, expected: tuple[EntityTag, ...]) -> None:
    """A list is read whole, or, when any member is malformed, not at all."""
    assert EntityTag.parse_list(value) == expected


@pytest.mark.parametrize(("one", "other", "strongly", "weakly"), COMPARED.values(), ids=COMPARED)
def test_compare(one: EntityTag, other: EntityTag, strongly: bool, weakly: bool) -> None:
    """The two comparisons are those of the RFC's table."""
    assert one.matches_strongly(other) is strongly
    assert one.matches_weakly(other) is weakly


@given(_tags)
def test_round_trip(tag: EntityTag) -> None:
    """Any entity-tag is read back as it was written."""
    assert EntityTag.parse(_render(tag)) == tag


@given(st.lists(_tags), _separators)
def test_list_round_trip(tags: list[EntityTag], separator: str) -> None:
    """Any list of entity-tags is read back as it was written."""
    assert EntityTag.parse_list(separator.join(map(_render, tags))) == tuple(tags)


@given(st.text('W/", a') | st.text())
def test_parse_never_raises(value: str) -> None:
    """Any text that is one entity-tag is a list of it, too; no text raises."""
    tag = EntityTag.parse(value)
    tags = EntityTag.parse_list(value)
    assert tag is None or tags == (tag,)


@pytest.mark.parametrize(
    ("unit", "tags_per_unit"), [('"', 0), ('"a"', 0), ('"a",', 1), (",", 0), (' "a" ,', 1), ("W/", 0)]
)
def test_parse_list_is_linear(unit: str, tags_per_unit: int) -> None:
    """A megabyte of any shape ends: a scan that goes back would not."""
    count = 1_000_000 // len(unit)
    assert len(EntityTag.parse_list(unit * count)) == count * tags_per_unit


@given(_tags, st.sampled_from(["br", "gzip-1a2b3c4d"]))
def test_a_suffix_makes_another_tag(tag: EntityTag, suffix: str) -> None:
    """It is an entity-tag, as weak as the first, and equal to it in neither way."""
    other = EntityTag.parse(tag.with_suffix(suffix))
    assert other is not None
    assert other.is_weak is tag.is_weak
    assert not other.matches_weakly(tag)
