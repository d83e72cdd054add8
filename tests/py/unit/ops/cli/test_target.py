"""Where a server is, and how a URL says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cli.target import Target, parse

BAIT = "correct-horse"

READ = {
    "http": ("http://10.0.0.7:8000", Target(host="10.0.0.7")),
    "rfc9110-4.2.1-default-port": ("http://web", Target(host="web", port=80)),
    "rfc9110-4.2.2-default-port": ("https://web", Target("https", "web", 443)),
    "without-a-scheme": ("web:9000", Target(host="web", port=9000)),
    "slash-at-the-end": ("http://web:1/", Target(host="web", port=1)),
    "rfc3986-3.2.2-address-of-six": ("http://[::1]:8000", Target(host="::1")),
    "rfc3986-3.1-scheme-in-any-case": ("HTTP://web:1", Target(host="web", port=1)),
    "ops-path": ("http://web:1/_manage/", Target(host="web", port=1, ops_path="/_manage")),
    "socket": ("unix:/run/s3proxy.sock", Target(unix_path="/run/s3proxy.sock")),
}

REFUSED = {
    "scheme": f"ftp://{BAIT}",
    "user": f"http://me:{BAIT}@web:1",
    "query": f"http://web:1/?token={BAIT}",
    "fragment": f"http://web:1/#{BAIT}",
    "no-host": "http://:1",
    "nothing": "",
    "port-is-a-word": f"http://web:{BAIT}",
    "port-zero": "http://web:0",
    "port-too-large": "http://web:65536",
    "line-feed-in-host": f"http://web%0a{BAIT}\n.x:1 y",
    "relative-socket": f"unix:{BAIT}",
}

FIELDS = {
    "rfc9110-7.2-port": (Target(host="web"), "web:8000"),
    "rfc9110-7.2-default-port-is-left-out": (Target(host="web", port=80), "web"),
    "rfc9110-7.2-default-port-of-tls": (Target("https", "web", 443), "web"),
    "rfc9110-7.2-other-port-of-tls": (Target("https", "web", 80), "web:80"),
    "rfc3986-3.2.2-address-of-six": (Target(host="::1"), "[::1]:8000"),
    "socket": (Target(unix_path="/s"), "localhost"),
    "name-and-not-address": (Target(host="web", address="10.0.0.7"), "web:8000"),
}

LOOPBACK = {
    "address": (Target(host="127.0.0.9"), True),
    "address-of-six": (Target(host="::1"), True),
    "name": (Target(host="localhost"), True),
    "socket": (Target(unix_path="/s"), True),
    "other-name": (Target(host="web"), False),
    "other-address": (Target(host="10.0.0.7"), False),
    "a-name-behind-which-it-is": (Target(host="web", address="127.0.0.2"), True),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_parse(text: str, expected: Target) -> None:
    """Each way to name a server."""
    assert parse(text) == expected


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text: str) -> None:
    """What cannot be used is said without showing it: it may hold a password."""
    with pytest.raises(ValueError, match="must") as refusal:
        parse(text)
    assert BAIT not in str(refusal.value)


@pytest.mark.parametrize(("target", "expected"), FIELDS.values(), ids=FIELDS)
def test_host_field(target: Target, expected: str) -> None:
    """The Host field has the name that was asked for, and its port unless it is the scheme's own."""
    assert target.host_field == expected


@pytest.mark.parametrize(("target", "expected"), LOOPBACK.values(), ids=LOOPBACK)
def test_is_loopback(target: Target, expected: bool) -> None:
    """Only what is surely on this machine counts as such."""
    assert target.is_loopback is expected


def test_pod() -> None:
    """A pod goes by the address that is connected to."""
    target = Target("https", "web", 443)
    assert (target.pod, replace(target, address="10.0.0.7").pod) == ("web:443", "10.0.0.7:443")
    assert replace(target, address="fd00::1").pod == "[fd00::1]:443"


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever is given is a target that a header can hold, or a ValueError."""
    try:
        target = parse(text)
    except ValueError:
        return
    assert target.host_field.isprintable()
    assert target.ops_path.isascii()
    assert not set("\r\n ") & set(target.host_field + target.ops_path)
