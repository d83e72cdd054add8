"""What MongoDB's answer to a bulk says of each document."""

from typing import Any

import pytest

from ops.sinks.mongo import Outcome, outcome_of

OWN_KEY = {"code": 11000, "keyPattern": {"_id": 1}, "errmsg": "E11000 duplicate key error"}
OLD_KEY = {"code": 11000, "errmsg": "E11000 duplicate key error collection: m.r index: _id_ dup key: { : 1 }"}
OLDER_KEY = {"code": 11000, "errmsg": "E11000 duplicate key error index: m.r.$_id_ dup key: { : 1 }"}
OTHER_KEY = {"code": 11000, "keyPattern": {"my_id_": 1}, "errmsg": "… index: my_id_ dup key: { my_id_: 1 }"}
INVALID = {"code": 121, "errmsg": "Document failed validation"}
STALE = {"code": 189, "errmsg": "primary stepped down"}
TIMED_OUT = {"code": 64, "errmsg": "waiting for replication timed out"}

# What was said of the documents by their places, of the write concern, and what it means for four documents.
OUTCOMES = {
    "written": ({}, (), Outcome({}, [], set())),
    "written-before": ({0: OWN_KEY, 3: OWN_KEY}, (), Outcome({}, [], set())),
    "written-before-says-an-old-server": ({0: OLD_KEY, 1: OLDER_KEY}, (), Outcome({}, [], set())),
    "another-unique-index": ({1: OTHER_KEY}, (), Outcome({1: 11000}, [], set())),
    "validation": ({1: INVALID, 2: OWN_KEY}, (), Outcome({1: 121}, [], set())),
    "passes": ({1: STALE, 2: INVALID}, (), Outcome({2: 121}, [1], set())),
    "concern-not-met": ({1: INVALID}, (TIMED_OUT,), Outcome({1: 121}, [], {64})),
    "may-be-rolled-back": ({1: INVALID}, (STALE, TIMED_OUT), Outcome({1: 121}, [0, 2, 3], set())),
}


@pytest.mark.parametrize(("said", "concerns", "expected"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(said: dict[int, dict[str, Any]], concerns: tuple[dict[str, Any], ...], expected: Outcome) -> None:
    """Each is written, refused, or sent again."""
    errors = [{"index": index, **error} for index, error in said.items()]
    assert outcome_of({"writeErrors": errors, "writeConcernErrors": list(concerns)}, 4) == expected
