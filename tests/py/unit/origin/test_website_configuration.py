"""The configuration of a website in S3's own format: the examples of its documentation, and every mistake."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.origin.routing import Destination, RoutingRule
from sidecar.origin.website_configuration import (
    MAX_RULES,
    Configuration,
    ConfigurationError,
    parse_configuration,
    read_json,
)

EC2 = "ec2-11-22-333-44.compute-1.amazonaws.com"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
EXAMPLE_1 = {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}
EXAMPLE_2 = {"Condition": {"KeyPrefixEquals": "images/"}, "Redirect": {"ReplaceKeyWith": "folderdeleted.html"}}
EXAMPLE_3 = {
    "Condition": {"HttpErrorCodeReturnedEquals": "404"},
    "Redirect": {"HostName": EC2, "ReplaceKeyPrefixWith": "report-404/"},
}
RULES = (
    RoutingRule(Destination(replace_prefix="documents/"), "docs/"),
    RoutingRule(Destination(replace_key="folderdeleted.html"), "images/"),
    RoutingRule(Destination(host=EC2, replace_prefix="report-404/"), "", 404),
)
# What `aws s3api put-bucket-website help` shows, and get-bucket-website prints.
OF_THE_CLI = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "error.html"},
    "RoutingRules": [EXAMPLE_1, EXAMPLE_2, EXAMPLE_3],
}

GOOD: dict[str, tuple[Any, Configuration]] = {
    "list-of-the-console": ([EXAMPLE_1, EXAMPLE_2, EXAMPLE_3], Configuration(rules=RULES)),
    "all-of-the-cli": (OF_THE_CLI, Configuration("index.html", "error.html", RULES)),
    "documents-only": ({"IndexDocument": {"Suffix": "home.htm"}}, Configuration("home.htm")),
    "redirect-all": (
        {"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}},
        Configuration(rules=(RoutingRule(Destination(protocol="https", host="www.example.com")),)),
    ),
    "redirect-all-without-protocol": (
        {"RedirectAllRequestsTo": {"HostName": "www.example.com"}},
        Configuration(rules=(RoutingRule(Destination(host="www.example.com")),)),
    ),
    "nothing": ({}, Configuration()),
    "no-rules": ([], Configuration()),
    "null-is-not-given": ({"ErrorDocument": None, "RoutingRules": None}, Configuration()),
    "metadata-of-botocore": ({"ResponseMetadata": {"HTTPStatusCode": 200}}, Configuration()),
    "no-condition": (
        [{"Redirect": {"ReplaceKeyWith": "a"}}],
        Configuration(rules=(RoutingRule(Destination(replace_key="a")),)),
    ),
    "empty-prefix": (
        [{"Condition": {"KeyPrefixEquals": ""}, "Redirect": {"ReplaceKeyPrefixWith": ""}}],
        Configuration(rules=(RoutingRule(Destination(replace_prefix="")),)),
    ),
    "everything": (
        [
            {
                "Condition": {"KeyPrefixEquals": "a", "HttpErrorCodeReturnedEquals": "503"},
                "Redirect": {
                    "HostName": "www.example.com:8443",
                    "HttpRedirectCode": "302",
                    "Protocol": "HTTPS",
                    "ReplaceKeyWith": "b",
                },
            }
        ],
        Configuration(
            rules=(RoutingRule(Destination(302, "https", "www.example.com:8443", replace_key="b"), "a", 503),)
        ),
    ),
    "codes-as-numbers": (
        [
            {
                "Condition": {"HttpErrorCodeReturnedEquals": 404},
                "Redirect": {"HttpRedirectCode": 307, "ReplaceKeyWith": "a"},
            }
        ],
        Configuration(rules=(RoutingRule(Destination(307, replace_key="a"), "", 404),)),
    ),
}


def rule(**redirect: Any) -> dict[str, Any]:
    """A rule with this Redirect."""
    return {"Redirect": redirect}


def condition(**condition: Any) -> dict[str, Any]:
    """A rule with this Condition."""
    return {"Condition": condition, "Redirect": {"ReplaceKeyWith": "a"}}


BAD: dict[str, tuple[Any, list[str]]] = {
    "text": ("docs/", ["it must be a list of routing rules, or an object as `aws s3api get-bucket-website` prints it"]),
    "null": (None, ["it must be a list of routing rules, or an object as `aws s3api get-bucket-website` prints it"]),
    "unknown-member": (
        {"Rules": []},
        ["'Rules' is not known here; IndexDocument, ErrorDocument, RedirectAllRequestsTo, RoutingRules are"],
    ),
    "index-with-slash": (
        {"IndexDocument": {"Suffix": "a/index.html"}},
        ["IndexDocument: Suffix must be a file's name such as index.html, without a slash"],
    ),
    "index-empty": (
        {"IndexDocument": {"Suffix": ""}},
        ["IndexDocument: Suffix must be a file's name such as index.html, without a slash"],
    ),
    "index-number": (
        {"IndexDocument": {"Suffix": 1}},
        ["IndexDocument: Suffix must be a file's name such as index.html, without a slash"],
    ),
    "index-text": (
        {"IndexDocument": "index.html"},
        [
            "IndexDocument: must be an object with Suffix",
            "IndexDocument: Suffix must be a file's name such as index.html, without a slash",
        ],
    ),
    "error-document-without-key": (
        {"ErrorDocument": {}},
        ["ErrorDocument: Key must be an object's key such as 404.html"],
    ),
    "redirect-all-beside-others": (
        {"RedirectAllRequestsTo": {"HostName": "a"}, "IndexDocument": {"Suffix": "b"}},
        ["RedirectAllRequestsTo must stand alone"],
    ),
    "redirect-all-without-host": (
        {"RedirectAllRequestsTo": {"Protocol": "https"}},
        ["RedirectAllRequestsTo: HostName is required"],
    ),
    "rules-no-list": ({"RoutingRules": {}}, [f"RoutingRules must be a list of at most {MAX_RULES}"]),
    "rules-too-many": (
        [rule(ReplaceKeyWith="a")] * (MAX_RULES + 1),
        [f"RoutingRules must be a list of at most {MAX_RULES}"],
    ),
    "rule-text": (["docs/"], ["routing rule 1: must be an object with Condition or Redirect"]),
    "rule-without-redirect": ([{"Condition": {"KeyPrefixEquals": "a"}}], ["routing rule 1: Redirect is required"]),
    "rule-unknown-member": (
        [{"Conditions": {}, "Redirect": {"ReplaceKeyWith": "a"}}],
        ["routing rule 1: 'Conditions' is not known here; Condition, Redirect are"],
    ),
    "condition-empty": (
        [condition()],
        ["routing rule 1: Condition: must have KeyPrefixEquals, HttpErrorCodeReturnedEquals or both"],
    ),
    "condition-prefix-number": (
        [condition(KeyPrefixEquals=1)],
        ["routing rule 1: Condition: KeyPrefixEquals must be text without control characters"],
    ),
    "condition-code-of-success": (
        [condition(HttpErrorCodeReturnedEquals="200")],
        ["routing rule 1: Condition: HttpErrorCodeReturnedEquals must be from 400 to 599, not '200'"],
    ),
    "condition-code-words": (
        [condition(HttpErrorCodeReturnedEquals="4xx")],
        ["routing rule 1: Condition: HttpErrorCodeReturnedEquals must be from 400 to 599, not '4xx'"],
    ),
    "condition-code-not-ascii": (
        [condition(HttpErrorCodeReturnedEquals="\u0664\u0660\u0664")],
        ["routing rule 1: Condition: HttpErrorCodeReturnedEquals must be from 400 to 599, not '\u0664\u0660\u0664'"],
    ),
    "redirect-nothing": (
        [rule()],
        ["routing rule 1: Redirect: must have HostName, Protocol, ReplaceKeyWith or ReplaceKeyPrefixWith"],
    ),
    "redirect-code-only": (
        [rule(HttpRedirectCode="302")],
        ["routing rule 1: Redirect: must have HostName, Protocol, ReplaceKeyWith or ReplaceKeyPrefixWith"],
    ),
    "redirect-code": (
        [rule(ReplaceKeyWith="a"), rule(HttpRedirectCode="304", ReplaceKeyWith="a")],
        ["routing rule 2: Redirect: HttpRedirectCode must be 301, 302, 303, 307 or 308, not '304'"],
    ),
    "redirect-code-boolean": (
        [rule(HttpRedirectCode=True, ReplaceKeyWith="a")],
        ["routing rule 1: Redirect: HttpRedirectCode must be 301, 302, 303, 307 or 308, not True"],
    ),
    "redirect-protocol": (
        [rule(Protocol="ftp")],
        ["routing rule 1: Redirect: Protocol must be http or https, not 'ftp'"],
    ),
    "redirect-host-is-a-url": (
        [rule(HostName="https://www.example.com")],
        [
            "routing rule 1: Redirect: HostName must be a host's name such as www.example.com, not 'https://www.example.com'"
        ],
    ),
    "redirect-host-with-crlf": (
        [rule(HostName="a\r\nb")],
        ["routing rule 1: Redirect: HostName must be a host's name such as www.example.com, not 'a\\r\\nb'"],
    ),
    "redirect-both-replacements": (
        [rule(ReplaceKeyWith="a", ReplaceKeyPrefixWith="b")],
        ["routing rule 1: Redirect: ReplaceKeyWith and ReplaceKeyPrefixWith exclude each other"],
    ),
    "redirect-replacement-with-crlf": (
        [rule(ReplaceKeyWith="a\r\nset-cookie: b")],
        ["routing rule 1: Redirect: ReplaceKeyWith must be text without control characters"],
    ),
    "redirect-replacement-with-half-a-character": (
        [rule(ReplaceKeyPrefixWith="\ud800")],
        ["routing rule 1: Redirect: ReplaceKeyPrefixWith must be text without control characters"],
    ),
    "several-at-once": (
        {
            "IndexDocument": {"Suffix": "/"},
            "RoutingRules": [rule(Protocol="ftp", HttpRedirectCode="200"), condition(HttpErrorCodeReturnedEquals=1), 7],
        },
        [
            "IndexDocument: Suffix must be a file's name such as index.html, without a slash",
            "routing rule 1: Redirect: HttpRedirectCode must be 301, 302, 303, 307 or 308, not '200'",
            "routing rule 1: Redirect: Protocol must be http or https, not 'ftp'",
            "routing rule 2: Condition: HttpErrorCodeReturnedEquals must be from 400 to 599, not 1",
            "routing rule 3: must be an object with Condition or Redirect",
        ],
    ),
}

NO_JSON = {
    "empty": b"",
    "xml": b"<RoutingRules/>",
    "half": b'[{"Redirect": ',
    "no-utf-8": b'["\xff"]',
    "deep": b"[" * 10**6,
}

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["RoutingRules", "Redirect", "Condition", "HostName", "KeyPrefixEquals", "Key", "IndexDocument"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(("document", "expected"), GOOD.values(), ids=GOOD)
def test_good(document: Any, expected: Configuration) -> None:
    """It reads as it is meant."""
    assert read_json(json.dumps(document).encode()) == expected


@pytest.mark.parametrize(("document", "expected"), BAD.values(), ids=BAD)
def test_bad(document: Any, expected: list[str]) -> None:
    """Every mistake is named, with its place."""
    with pytest.raises(ConfigurationError) as caught:
        read_json(json.dumps(document).encode())
    assert list(caught.value.mistakes) == expected


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_told_so(text: bytes) -> None:
    """There is one mistake, and it says where the JSON ends to be one."""
    with pytest.raises(ConfigurationError) as caught:
        read_json(text)
    assert [mistake.partition(" (")[0] for mistake in caught.value.mistakes] == ["it is no JSON"]


@given(_json)
def test_nothing_else_is_raised(document: Any) -> None:
    """Whatever the document, it is a configuration or has mistakes."""
    try:
        outcome: Configuration | tuple[str, ...] = parse_configuration(document)
    except ConfigurationError as error:
        outcome = error.mistakes
    assert outcome
