"""How the settings of a website's rules read their text, and how mistakes in a file are told."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from sidecar.errors import SettingsError
from sidecar.origin.routing import Destination, RoutingRule
from sidecar.origin.website import Website, website_of
from sidecar.origin.website_configuration import Configuration
from sidecar.settings import Settings, load
from sidecar.settings.website_readers import MAX_FILE_BYTES, document_key, document_name, website_configuration

RULES = [{"Redirect": {"HostName": "www.example.com"}}]
CONFIGURATION = {"IndexDocument": {"Suffix": "home.htm"}, "RoutingRules": RULES}
TO_WWW = (RoutingRule(Destination(host="www.example.com")),)

NAMES = {"usual": "index.html", "another": "home.htm", "not-ascii": "größe.html", "longest": "a" * 1024}
WRONG_NAMES = {"slash": "a/index.html", "line": "a\nb", "too-long": "a" * 1025, "too-many-bytes": "ü" * 513}

KEYS = {
    "usual": ("404.html", "404.html"),
    "folder": ("errors/404.html", "errors/404.html"),
    "slash-before-it": ("/404.html", "404.html"),
}
WRONG_KEYS = {"slash-alone": "/", "folder": "errors/", "line": "a\r\nb", "too-long": "a" * 1025}


def settings(environ: dict[str, str] | None = None, **flags: str) -> Settings:
    """The settings that these flags give."""
    return load({"bucket": "my-site"} | flags, environ or {})


def mistakes(environ: dict[str, str] | None = None, **flags: str) -> tuple[str, ...]:
    """What is wrong with these."""
    with pytest.raises(SettingsError) as caught:
        settings(environ, **flags)
    return caught.value.mistakes


def written(folder: Path, document: Any) -> str:
    """A file of JSON, and its path."""
    path = folder / "rules.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_document_name(text: str) -> None:
    """A file's name is taken as it is."""
    assert document_name(text) == text


@pytest.mark.parametrize("text", WRONG_NAMES.values(), ids=WRONG_NAMES)
def test_no_document_name(text: str) -> None:
    """What no folder could hold is refused."""
    with pytest.raises(ValueError, match="must be a file's name"):
        document_name(text)


@pytest.mark.parametrize(("text", "key"), KEYS.values(), ids=KEYS)
def test_document_key(text: str, key: str) -> None:
    """A key, as it is or as a path."""
    assert document_key(text) == key


@pytest.mark.parametrize("text", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_no_document_key(text: str) -> None:
    """What is no object is refused."""
    with pytest.raises(ValueError, match="must be an object's key"):
        document_key(text)


def test_a_file_is_read(tmp_path: Path) -> None:
    """Its rules come to the workers with the settings, which are sent to them pickled."""
    assert website_configuration(written(tmp_path, CONFIGURATION)) == Configuration("home.htm", None, TO_WWW)
    read = settings(routing_rules=written(tmp_path, CONFIGURATION))
    assert pickle.loads(pickle.dumps(read)) == read  # noqa: S301 - our own


def test_every_mistake_in_a_file_is_told(tmp_path: Path) -> None:
    """With its place, beside the other mistakes, by the name that the operator used."""
    path = written(tmp_path, [RULES[0], {"Redirect": {"HttpRedirectCode": "200", "Protocol": "ftp"}}])
    expected = (
        f"{path}: routing rule 2: Redirect: HttpRedirectCode must be 301, 302, 303, 307 or 308, not '200'",
        f"{path}: routing rule 2: Redirect: Protocol must be http or https, not 'ftp'",
    )
    assert mistakes(routing_rules=path, index="a/b")[1:] == tuple(f"--routing-rules: {line}" for line in expected)
    assert mistakes({"ROUTING_RULES": path}) == tuple(f"ROUTING_RULES: {line}" for line in expected)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, a folder, too large, or no JSON."""
    large = tmp_path / "large.json"
    large.write_bytes(b"[" + b" " * MAX_FILE_BYTES + b"]")
    broken = tmp_path / "broken.json"
    broken.write_text("<RoutingRules/>")
    told = [mistakes(routing_rules=str(path)) for path in (tmp_path / "none", tmp_path, large, broken)]
    assert [len(lines) for lines in told] == [1] * 4
    assert all(lines[0].startswith("--routing-rules must be a file that exists") for lines in told[:2])
    assert told[2][0].startswith(f"--routing-rules must be a file of at most {MAX_FILE_BYTES} bytes")
    assert told[3][0].startswith(f"--routing-rules: {broken}: it is no JSON (Expecting value: line 1 column 1")


def test_pages_need_queries() -> None:
    """A listing whose second page would be a 400 is a mistake."""
    (mistake,) = mistakes(autoindex="true", reject_query_strings="true")
    assert mistake.startswith("--autoindex and --reject-query-strings exclude each other")


def test_the_website_of_the_settings(tmp_path: Path) -> None:
    """Flags, and above them what the file says."""
    assert website_of(settings()) == Website()
    flags = {"index": "a.html", "error_document": "/b.html", "spa": "true", "autoindex": "true"}
    assert website_of(settings(None, **flags)) == Website("a.html", "b.html", is_single_page=True, lists_folders=True)
    with_file = website_of(settings(None, **flags, routing_rules=written(tmp_path, CONFIGURATION)))
    assert with_file == Website("home.htm", "b.html", is_single_page=True, lists_folders=True, rules=TO_WWW)
