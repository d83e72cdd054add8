"""What is sent again and what is not, against what the server does with it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.akumuli_parser import Parser, RefusedError, Series
from support.points import requests
from support.records import BERLIN, records

from ops.records import Record
from ops.sinks.points import Encoder, Point
from ops.sinks.submission import LATE, MOST, Submission
from ops.sinks.timeline import Timeline

FUTURE_NS = 2**62


class Server:
    """Takes what is sent as the real one does; breaks connections after so many bytes, when told."""

    def __init__(self) -> None:
        self.series = Series()
        self.connections = 0

    def take(self, data: bytes, *, breaks_after: int | None = None) -> str | None:
        """One connection; what is said of it, None for nothing."""
        self.connections += 1
        try:
            Parser(self.series).feed(data[:breaks_after])
        except RefusedError as refusal:
            return str(refusal)
        return None


def points_of(batch: tuple[Record, ...]) -> list[Point]:
    """The points of a batch."""
    encoder, timeline = Encoder("request"), Timeline()
    return [
        point
        for place, record in enumerate(batch)
        for point in encoder.points(record, place, timeline.place(record.timestamp_ns))
    ]


def name_of(point: Point) -> str:
    """Its series as the server knows it."""
    name, *tags = point.series.decode().strip().removeprefix("+").split(" ")
    return " ".join([name, *sorted(tags)])


def drive(submission: Submission, server: Server, breaks: list[int] | None = None) -> None:
    """Send everything; `breaks` says, for one connection after the other, after how many bytes it breaks (-1: not)."""
    cuts = iter(breaks or [])
    while not submission.is_done:
        data = submission.take()
        cut = next(cuts, -1)
        answer = server.take(data, breaks_after=None if cut < 0 else cut)
        if answer is not None:
            submission.refused(LATE if "late" in answer else "parser")
        elif cut < 0:
            submission.accepted()


def test_nothing_goes_wrong() -> None:
    """A few connections, with twice as much in each."""
    server, points = Server(), points_of(records(1000))
    submission = Submission(points, 1000, 1)
    drive(submission, server)
    assert submission.delivery().written == len(requests(server.series)) == 1000
    assert (server.connections, submission.window) == (14, MOST)


def test_the_window_is_kept() -> None:
    """From one batch to the next."""
    server, points = Server(), points_of(records(100))
    drive(Submission(points, 100, MOST), server)
    assert server.connections == 1


@pytest.mark.parametrize("window", [1, 4, MOST])
@pytest.mark.parametrize("late", [{0}, {150}, {299}, {3, 200}, set(range(0, 300, 2))])
def test_late_points(late: set[int], window: int) -> None:
    """Those alone are not written, and no other is written twice or not at all."""
    server, batch = Server(), records(300, series=300)
    points = points_of(batch)
    for point in points:
        if point.record in late:
            server.series.write(name_of(point), FUTURE_NS, 1.0)
    submission = Submission(points, 300, window)
    drive(submission, server)
    stored = {found.tags["resource"] for found in requests(server.series) if found.timestamp_ns < FUTURE_NS}
    assert stored == {record.resource for place, record in enumerate(batch) if place not in late}
    assert submission.delivery().dropped == {LATE: len(late)}


def test_late_points_right_behind_one_another() -> None:
    """Those that an error left in doubt cannot be told from what was stored before: one is counted for all."""
    server, points = Server(), points_of(records(100, series=100))
    for point in points[3:]:
        server.series.write(name_of(point), FUTURE_NS, 1.0)
    submission = Submission(points, 100, 30)
    drive(submission, server)
    assert len([found for found in requests(server.series) if found.timestamp_ns < FUTURE_NS]) == 1
    assert submission.delivery().dropped == {LATE: 91}


def test_all_are_late() -> None:
    """As after a start with a clock that is behind: none is sent twice, all are counted."""
    server, points = Server(), points_of(records(50, series=50))
    for point in points:
        server.series.write(name_of(point), FUTURE_NS, 1.0)
    submission = Submission(points, 50, 1)
    drive(submission, server)
    assert submission.delivery().dropped == {LATE: 50}
    assert server.connections == len(points)


@pytest.mark.parametrize("place", [0, 7, 599])
def test_a_point_that_the_server_cannot_read(place: int) -> None:
    """It is found, and what was stored before it is not taken for late."""
    server, points = Server(), points_of(records(200))
    points[place] = Point(points[place].record, points[place].series, points[place].timestamp_ns, b":-1\r\n")
    submission = Submission(points, 200, MOST)
    drive(submission, server)
    assert submission.delivery().dropped == {"parser": 1}
    assert sum(map(len, server.series.points.values())) == len(points) - 1


def test_after_an_error_few_points_go_in_one_go() -> None:
    """Another is likely: what an error leaves in doubt is little then."""
    server, points = Server(), points_of(records(20, series=20))
    server.series.write(name_of(points[30]), FUTURE_NS, 1.0)
    submission = Submission(points, 20, 40)
    drive(submission, server)
    assert submission.window < 40


@given(
    late=st.sets(st.integers(0, 39)),
    window=st.integers(1, 64),
    breaks=st.lists(st.integers(-1, 3000), max_size=12),
    has_place=st.booleans(),
)
def test_whatever_happens(late: set[int], window: int, breaks: list[int], *, has_place: bool) -> None:
    """Errors and broken connections in any order: each point that is not late is stored exactly once."""
    server, batch = Server(), records(40, series=40, location=BERLIN if has_place else None)
    points = points_of(batch)
    for point in points:
        if point.record in late:
            value = "elsewhere" if name_of(point).startswith("!") else 1.0
            server.series.write(name_of(point), FUTURE_NS, value)
    submission = Submission(points, 40, window)
    drive(submission, server, breaks)
    good = [found for found in requests(server.series) if found.timestamp_ns < FUTURE_NS]
    expected = [record.resource for place, record in enumerate(batch) if place not in late]
    assert [found.tags["resource"] for found in good] == expected
    assert all((found.place is not None) == has_place for found in good)
    counted = Counter(submission.delivery().dropped)
    assert counted.keys() <= {LATE}
    assert counted[LATE] <= len(late)
    assert submission.delivery().written == 40 - counted[LATE]


@given(breaks=st.lists(st.integers(0, 3000), max_size=12), count=st.integers(1, 60))
def test_one_series_keeps_its_order(breaks: list[int], count: int) -> None:
    """Points that are sent again do not get in the way of their neighbours."""
    server, points = Server(), points_of(tuple(record._replace(timestamp_ns=1) for record in records(count, series=1)))
    submission = Submission(points, count, MOST)
    drive(submission, server, breaks)
    assert submission.delivery().written == len(requests(server.series)) == count
