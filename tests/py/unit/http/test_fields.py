"""Field values, from RFC 9110 5.5 and 5.6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.http.fields import is_field_value, is_token, split_list, unquote_string

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

LISTS = {
    "rfc9110-5.6.1-one": ("foo", ("foo",)),
    "rfc9110-5.6.1-two": ("foo,bar", ("foo", "bar")),
    "rfc9110-5.6.1.2-example-spaces": ("foo ,bar,", ("foo", "bar")),
    "rfc9110-5.6.1.2-example-empty-members": ("foo , ,bar,charlie", ("foo", "bar", "charlie")),
    "rfc9110-5.6.1.2-example-nothing": ("", ()),
    "rfc9110-5.6.1.2-example-comma": (",", ()),
    "rfc9110-5.6.1.2-example-commas": (",   ,", ()),
    "rfc9110-5.6.3-tabs": ("\tfoo\t,\tbar\t", ("foo", "bar")),
    "rfc9110-5.6.3-inner-space-stays": ("foo bar, x", ("foo bar", "x")),
    "rfc9110-5.6.3-newline-is-no-whitespace": ("foo\n,bar", ("foo\n", "bar")),
    "rfc9110-5.6.4-comma-in-quotes": ('a="1,2", b', ('a="1,2"', "b")),
    "rfc9110-5.6.4-quoted-pair": (r'a="1\",2", b', (r'a="1\",2"', "b")),
    "rfc9110-5.6.4-quoted-backslash": (r'a="1\\", b', (r'a="1\\"', "b")),
    "rfc9110-5.6.4-empty-quoted-string": ('"", b', ('""', "b")),
    "rfc9110-5.6.4-two-quoted-strings": ('"a,b"c"d,e",f', ('"a,b"c"d,e"', "f")),
    "rfc9110-5.6.4-backslash-outside-quotes": ("a\\,b", ("a\\", "b")),
    "rfc9110-5.6.4-never-closed": ('a, "b, c', ("a", '"b, c')),
    "rfc9110-5.6.4-never-closed-backslash": ('a, "b, c\\', ("a", '"b, c\\')),
}

UNQUOTED = {
    "rfc9110-5.6.4-quoted": ('"foo"', "foo"),
    "rfc9110-5.6.4-empty": ('""', ""),
    "rfc9110-5.6.4-quoted-pair": (r'"a\"b\\c\d"', r'a"b\cd'),
    "rfc9110-5.6.4-token": ("foo", "foo"),
    "rfc9110-5.6.4-nothing": ("", ""),
    "rfc9110-5.6.4-lone-quote": ('"', '"'),
    "rfc9110-5.6.4-not-closed": ('"foo', '"foo'),
    "rfc9110-5.6.4-closing-quote-escaped": ('"foo\\"', '"foo\\"'),
    "rfc9110-5.6.4-quote-inside": ('"a"b"', '"a"b"'),
    "rfc9110-5.6.4-single-quotes": ("'foo'", "'foo'"),
}

NOT_TOKENS = {
    "rfc9110-5.6.2-empty": "",
    "rfc9110-5.6.2-space": "a b",
    "rfc9110-5.6.2-newline": "a\n",
    "rfc9110-5.6.2-not-ascii": "é",
    "rfc9110-5.6.2-digit-not-ascii": "\u0661",
    "rfc9110-5.6.2-control": "a\x7f",
} | {f"rfc9110-5.6.2-delimiter-{delimiter}": delimiter for delimiter in '(),/:;<=>?@[\\]{}"'}

FIELD_VALUES = {
    "rfc9110-5.5-text": ("text/html; charset=utf-8", True),
    "rfc9110-5.5-empty": ("", True),
    "rfc9110-5.5-tab": ("a\tb", True),
    "rfc9110-5.5-obs-text": ("é\x80\xff", True),
    "rfc9110-5.5-beyond-latin-1": ("日本語 🦕", True),
    "rfc9110-5.5-cr": ("a\rb", False),
    "rfc9110-5.5-lf": ("a\nSet-Cookie: b", False),
    "rfc9110-5.5-crlf-at-the-end": ("a\r\n", False),
    "rfc9110-5.5-nul": ("a\0", False),
    "rfc9110-5.5-escape": ("\x1b[31m", False),
    "rfc9110-5.5-vertical-tab": ("a\x0bb", False),
    "rfc9110-5.5-delete": ("a\x7f", False),
    "rfc9110-5.5-surrogate": ("\udc85", False),
}

_tokens = st.text(TOKEN_CHARACTERS, min_size=1)
_quoted = st.text().map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
_members = _tokens | _quoted | st.tuples(_tokens, _quoted).map("=".join)
_separators = st.sampled_from([",", ", ", " ,", "\t,\t", ",,", " , , "])


@pytest.mark.parametrize(("value", "expected"), LISTS.values(), ids=LISTS)
def test_split_list(value: str, expected: tuple[str, ...]) -> None:
    """A list is split at the commas that separate, and nowhere else."""
    assert split_list(value) == expected


@given(st.lists(_members), _separators)
def test_split_list_undoes_joining(members: list[str], separator: str) -> None:
    """Members that were joined come back, whatever stands between them."""
    assert split_list(separator.join(members)) == tuple(members)


@given(st.text(',"\\ \ta') | st.text())
def test_split_list_members_are_trimmed_and_stable(value: str) -> None:
    """Any text gives members without outer whitespace, that split the same again."""
    members = split_list(value)
    assert all(member and member == member.strip(" \t") for member in members)
    assert split_list(", ".join(members)) == members


@pytest.mark.parametrize("unit", ['"', '"\\', "\\", '",', '"a"', '"\\"', "a"])
def test_split_list_is_linear(unit: str) -> None:
    """A megabyte of any shape ends: a scan that goes back would not."""
    value = unit * (1_000_000 // len(unit))
    members = split_list(value)
    assert sum(map(len, members)) + value.count(",") >= len(value)


@pytest.mark.parametrize(("value", "expected"), UNQUOTED.values(), ids=UNQUOTED)
def test_unquote_string(value: str, expected: str) -> None:
    """A quoted-string gives its content, anything else itself."""
    assert unquote_string(value) == expected


@given(st.text())
def test_unquote_string_undoes_quoting(text: str) -> None:
    """What was quoted is unquoted."""
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert unquote_string(quoted) == text


@given(st.text('"\\a') | st.text())
def test_unquote_string_never_raises(value: str) -> None:
    """Any text is unquoted to something not longer."""
    assert len(unquote_string(value)) <= len(value)


@given(_tokens)
def test_is_token(value: str) -> None:
    """Any number of token characters is a token."""
    assert is_token(value)


@pytest.mark.parametrize("value", NOT_TOKENS.values(), ids=NOT_TOKENS)
def test_is_not_token(value: str) -> None:
    """Delimiters, whitespace, controls and other alphabets are not for tokens."""
    assert not is_token(value)


@pytest.mark.parametrize(("value", "expected"), FIELD_VALUES.values(), ids=FIELD_VALUES)
def test_is_field_value(value: str, expected: bool) -> None:
    """Text may go into a header, what could end or forge one may not."""
    assert is_field_value(value) is expected


@given(st.text())
def test_field_values_can_be_written(value: str) -> None:
    """What is accepted has an encoding without line ends or NUL."""
    if is_field_value(value):
        assert not set(value.encode()) & set(b"\r\n\0")
