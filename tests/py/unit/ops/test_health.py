"""When the server is healthy, and when it is ready."""

from dataclasses import replace

from unit.ops.board import HOLDINGS, NO_PROCESS, STARTED_AT, Board

from ops.health import Report, health_of, readiness_of

LATER = STARTED_AT + 3600


def failing(report: Report) -> set[str]:
    """The checks that are not passed."""
    assert report.is_passed is (report.document()["status"] == "pass")
    return {name for name, check in report.checks.items() if not check.is_passed}


def ready_board(workers: int = 2) -> Board:
    """A server whose first worker is up and has had an answer of the bucket."""
    board = Board(workers)
    counts = board.begin(1)
    counts.set("origin_last_answer_timestamp_seconds", to=LATER)
    counts.publish()
    return board


def test_healthy_while_every_worker_answers() -> None:
    """A worker that was never started, or is gone and will be started again, does not make the whole ill."""
    board = ready_board()
    assert failing(health_of(board.overview(), LATER)) == set()
    board.begin(2, NO_PROCESS)
    assert failing(health_of(board.overview(), LATER)) == set()


def test_a_worker_that_hangs_makes_ill() -> None:
    """It runs, and was not heard of for more than ten seconds."""
    board = ready_board()
    board.begin(2)
    board.silence(2)
    report = health_of(board.overview(), LATER)
    assert failing(report) == {"loops"}
    assert "worker 2 does not answer" in report.checks["loops"].detail


def test_no_worker_makes_ill_but_not_at_the_start() -> None:
    """Workers have half a minute to begin."""
    board = Board()
    assert failing(health_of(board.overview(), STARTED_AT + 29)) == set()
    assert failing(health_of(board.overview(), STARTED_AT + 31)) == {"loops"}


def test_ready() -> None:
    """One worker is enough."""
    assert failing(readiness_of(ready_board().overview(), is_draining=False, serves_stale=True)) == set()


def test_not_ready_while_draining() -> None:
    """A server that ends wants no more traffic."""
    assert failing(readiness_of(ready_board().overview(), is_draining=True, serves_stale=True)) == {"draining"}


def test_not_ready_before_the_bucket_was_asked() -> None:
    """Nothing is known of it, and no worker is up."""
    report = readiness_of(Board().overview(), is_draining=False, serves_stale=True)
    assert failing(report) == {"workers", "bucket"}


def test_a_bucket_that_fails() -> None:
    """What is stored may stand in for it; with nothing stored, or where stale is not served, nothing does."""
    for entries, serves_stale, expected in ((2, True, set()), (2, False, {"bucket"}), (0, True, {"bucket"})):
        board = Board(1, replace(HOLDINGS, entries=entries))
        counts = board.begin(1)
        counts.set("origin_last_answer_timestamp_seconds", to=LATER)
        counts.set("origin_last_failure_timestamp_seconds", to=LATER + 1)
        counts.publish()
        assert failing(readiness_of(board.overview(), is_draining=False, serves_stale=serves_stale)) == expected


def test_without_credentials() -> None:
    """No object can be fetched until an operator acts."""
    board = ready_board(1)
    counts = board.begin(1)
    counts.set("origin_last_answer_timestamp_seconds", to=LATER)
    counts.set("origin_without_credentials", to=1)
    counts.publish()
    assert failing(readiness_of(board.overview(), is_draining=False, serves_stale=True)) == {"credentials"}
