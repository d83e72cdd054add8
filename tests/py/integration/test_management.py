"""The management endpoint that clears the cache: its statuses are a contract."""

import pytest
from support.site import Site

CLEAR = "/_proxy/_private/_cache/clear"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 403),
        ("Basic YWJjMTIz", 400),
        ("abc123", 400),
        ("Bearer wrong", 403),
        ("Bearer", 403),
        ("Bearer abc12", 403),
        ("Bearer abc123", 304),
        ("bearer abc123", 304),
    ],
)
def test_who_may_clear(site: Site, authorization: str | None, status: int) -> None:
    """No header 403, another scheme 400, a wrong token 403, the right one 304."""
    headers = {} if authorization is None else {"authorization": authorization}
    assert site.get(CLEAR, **headers).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_get_clears(site: Site, method: str) -> None:
    """Another method is a 405, also with the right token."""
    reply = site.get(CLEAR, method=method, authorization="Bearer abc123")
    assert (reply.status, reply.header("allow")) == (405, "GET")


def test_a_clear_reaches_every_worker_before_its_answer(site: Site, key_prefix: str) -> None:
    """After the 304 no worker serves what was stored before it."""
    key = f"{key_prefix}page"
    for version in (b"one", b"two", b"three"):
        site.store.put(key, version, content_type="text/plain")
        assert site.get(CLEAR, authorization="Bearer abc123").status == 304
        assert {site.get(f"/{key}").body for _ in range(20)} == {version}


def test_a_clear_forgets_what_is_missing(site: Site, key_prefix: str) -> None:
    """An object uploaded after its 404 was remembered is served after a clear."""
    assert {site.get(f"/{key_prefix}late").status for _ in range(10)} == {404}
    site.store.put(f"{key_prefix}late", b"here", content_type="text/plain")
    site.get(CLEAR, authorization="Bearer abc123")
    assert {site.get(f"/{key_prefix}late").body for _ in range(10)} == {b"here"}
