"""What is known of the credentials that a bucket is asked with."""

from datetime import UTC, datetime

from botocore.credentials import Credentials, RefreshableCredentials

from sidecar.origin.reach import Reach


def of_role(expires_at: float) -> RefreshableCredentials:
    """Credentials of the kind that runs out, as botocore makes them for IRSA and instance profiles."""
    return RefreshableCredentials("ID", "secret", "token", datetime.fromtimestamp(expires_at, UTC), dict, "test")


def test_keys_of_the_settings() -> None:
    """They are there, and never run out, whatever the default chain says."""
    reach = Reach(has_keys=True)
    reach.note(None)
    assert (reach.are_credentials_missing, reach.credentials_expire_at) == (False, 0.0)


def test_none_are_found() -> None:
    """Missing until there are some."""
    reach = Reach(has_keys=False)
    reach.note(None)
    assert reach.are_credentials_missing
    reach.note(Credentials("ID", "secret"))
    assert (reach.are_credentials_missing, reach.credentials_expire_at) == (False, 0.0)


def test_renewals_are_counted() -> None:
    """Each time they run out later than before: botocore's own field is read, and this fails when it moves."""
    reach = Reach(has_keys=False)
    for expires_at in (2_000.0, 2_000.0, 5_000.0):
        reach.note(of_role(expires_at))
    assert (reach.credentials_expire_at, reach.renewals) == (5_000.0, 1)
