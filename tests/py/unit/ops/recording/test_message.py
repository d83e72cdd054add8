"""Messages of many records, between processes."""

from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ops.recording.requests import NOW_NS, REQUESTS, a_request, as_record, packed

from ops.recording.message import addresses_in, message_of, records_of, rows_of
from sidecar.observe import RequestRecord


@given(requests=st.lists(REQUESTS, min_size=1, max_size=20))
def test_there_and_back(requests: list[RequestRecord]) -> None:
    """What is unpacked is what was told, whatever clients have sent, with the client's address worked out."""
    message = message_of(packed(requests), NOW_NS)
    expected = [as_record(request) for request in requests]
    assert (message.length, message.arrived_ns) == (len(requests), NOW_NS)
    assert records_of(rows_of(message), lambda _: None) == expected
    assert addresses_in(message) == {record.address for record in expected}


def test_locations() -> None:
    """Each record has what is known of its own address."""
    near = a_request()._replace(request=None)
    records = records_of(rows_of(message_of(packed([a_request(), near]), NOW_NS)), {"203.1.113.9": {"city": "M"}}.get)
    assert [record.location for record in records] == [{"city": "M"}, None]


def test_a_status_of_the_standard_library() -> None:
    """A number with a name is a number."""
    (record,) = records_of(rows_of(message_of(packed([a_request()._replace(status=HTTPStatus.OK)]), 0)), lambda _: None)
    assert type(record.status) is int


@pytest.mark.parametrize("changes", [{"method": object()}, {"status": "200"}], ids=["no-text", "no-number"])
def test_what_cannot_be_packed(changes: dict[str, Any]) -> None:
    """It is refused before anything is sent."""
    with pytest.raises((TypeError, ValueError)):
        packed([a_request()._replace(**changes)])
