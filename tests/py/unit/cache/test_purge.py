"""Rules that say what may no longer be used, in a journal that all workers share."""

import multiprocessing
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.cache.key import CacheKey
from sidecar.cache.purge import MAX_VALUE_BYTES, RULES, PurgeJournal, PurgeRule, Scope, SharedJournal, Verdict

PATIENCE_SECONDS = 30.0
KEY = CacheKey("https://store.example", "site", "css/a.css")
STANDS, STALE, PURGED = Verdict.STANDS, Verdict.STALE, Verdict.PURGED

# Rule → what it makes of css/a.css with the tags x and y.
RULES_OF_ALL_KINDS = {
    "key": (PurgeRule(Scope.KEY, "css/a.css"), PURGED),
    "key-soft": (PurgeRule(Scope.KEY, "css/a.css", is_soft=True), STALE),
    "key-is-no-prefix": (PurgeRule(Scope.KEY, "css/"), STANDS),
    "key-of-another": (PurgeRule(Scope.KEY, "css/a.css2"), STANDS),
    "prefix": (PurgeRule(Scope.PREFIX, "css/"), PURGED),
    "prefix-soft": (PurgeRule(Scope.PREFIX, "css/", is_soft=True), STALE),
    "prefix-that-is-the-key": (PurgeRule(Scope.PREFIX, "css/a.css"), PURGED),
    "prefix-of-everything": (PurgeRule(Scope.PREFIX, ""), PURGED),
    "prefix-in-the-middle": (PurgeRule(Scope.PREFIX, "a.css"), STANDS),
    "tag": (PurgeRule(Scope.TAG, "y"), PURGED),
    "tag-soft": (PurgeRule(Scope.TAG, "y", is_soft=True), STALE),
    "tag-of-another": (PurgeRule(Scope.TAG, "z"), STANDS),
    "tag-is-no-key": (PurgeRule(Scope.TAG, "css/a.css"), STANDS),
}

_values = st.sampled_from(["a", "ab", "abc", "b", "ba"])
_rules = st.builds(PurgeRule, st.sampled_from(Scope), _values, st.booleans())


@pytest.fixture
def journal() -> PurgeJournal:
    """Make a worker's view of a journal."""
    return PurgeJournal(SharedJournal())


@pytest.mark.parametrize(("rule", "expected"), RULES_OF_ALL_KINDS.values(), ids=RULES_OF_ALL_KINDS)
def test_judge(journal: PurgeJournal, rule: PurgeRule, expected: Verdict) -> None:
    """A rule holds for what it names and what was stored before it, and for nothing else."""
    before = journal.count
    journal.append(rule)
    assert journal.judge(KEY, ("x", "y"), before) is expected
    assert journal.judge(KEY, ("x", "y"), journal.count) is STANDS
    assert rule.names(KEY.object_key, ("x", "y")) is (expected is not STANDS)


@pytest.mark.parametrize("is_soft", [False, True], ids=["hard-first", "soft-first"])
def test_a_soft_rule_does_not_bring_back_what_is_purged(journal: PurgeJournal, is_soft: bool) -> None:
    """In whichever order they come."""
    journal.append(PurgeRule(Scope.KEY, KEY.object_key, is_soft=is_soft))
    journal.append(PurgeRule(Scope.KEY, KEY.object_key, is_soft=not is_soft))
    assert journal.judge(KEY, (), 0) is PURGED


def test_a_rule_holds_in_every_worker_at_once() -> None:
    """None of them needs to be told."""
    shared = SharedJournal()
    workers = [PurgeJournal(shared) for _ in range(3)]
    for number, worker in enumerate(workers):
        before = worker.count
        worker.append(PurgeRule(Scope.KEY, KEY.object_key))
        assert [other.count for other in workers] == [number + 1] * 3
        assert [other.judge(KEY, (), before) for other in workers] == [PURGED] * 3


def test_a_generation_is_the_number_of_the_last_rule(journal: PurgeJournal) -> None:
    """Of those that name the key, hard or soft; tags of what is not there yet are not known."""
    generations = [journal.generation(KEY)]
    for rule in (
        PurgeRule(Scope.KEY, "other"),
        PurgeRule(Scope.KEY, KEY.object_key),
        PurgeRule(Scope.TAG, "x"),
        PurgeRule(Scope.PREFIX, "css", is_soft=True),
    ):
        journal.append(rule)
        generations.append(journal.generation(KEY))
    assert generations == [0, 0, 2, 2, 4]


@pytest.mark.parametrize("value", ["", "x" * (MAX_VALUE_BYTES + 1), "ü" * (MAX_VALUE_BYTES // 2 + 1)])
@pytest.mark.parametrize("scope", [Scope.KEY, Scope.TAG])
def test_a_value_that_nothing_can_have_is_refused(scope: Scope, value: str) -> None:
    """Keys have at most 1,024 bytes in S3."""
    with pytest.raises(ValueError, match="1 to 1024 bytes"):
        PurgeRule(scope, value)


@pytest.mark.parametrize("value", ["x" * MAX_VALUE_BYTES, "ü" * (MAX_VALUE_BYTES // 2), "\0", "\n"])
def test_a_value_of_any_characters_is_kept(value: str) -> None:
    """The longest too, in memory that another worker reads."""
    shared = SharedJournal()
    PurgeJournal(shared).append(PurgeRule(Scope.KEY, value))
    late = PurgeJournal(shared)
    late.append(PurgeRule(Scope.KEY, value))
    assert late.judge(CacheKey("s", "b", value), (), 1) is PURGED


def test_what_is_older_than_all_remembered_rules_is_stale(journal: PurgeJournal) -> None:
    """It may have been purged; nobody knows any more. What is newer is judged exactly."""
    for _ in range(RULES + 10):
        journal.append(PurgeRule(Scope.KEY, "other"))
    verdicts = [journal.judge(KEY, (), count) for count in (0, 9, 10, 11, RULES + 9)]
    assert verdicts == [STALE, STALE, STANDS, STANDS, STANDS]
    assert journal.judge(CacheKey("s", "b", "other"), (), 20) is PURGED


def test_a_worker_that_looked_away_forgets_as_the_others_do() -> None:
    """The ring went round since its last look."""
    shared = SharedJournal()
    idle, busy = PurgeJournal(shared), PurgeJournal(shared)
    for _ in range(RULES + 10):
        busy.append(PurgeRule(Scope.KEY, "other"))
        busy.generation(KEY)
    for worker in (idle, busy):
        assert [worker.judge(KEY, (), count) for count in (0, 9, 10)] == [STALE, STALE, STANDS]


def test_a_worker_that_starts_late_trusts_nothing_of_before() -> None:
    """It has not read the rules, and what was stored before them may be purged."""
    shared = SharedJournal()
    PurgeJournal(shared).append(PurgeRule(Scope.KEY, "other"))
    late = PurgeJournal(shared)
    late.append(PurgeRule(Scope.KEY, "another"))
    assert [late.judge(KEY, (), count) for count in (0, 1, 2)] == [STALE, STANDS, STANDS]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(_rules, st.integers(0, 1), st.booleans()), max_size=30), _values, st.sets(_values, max_size=2)
)
def test_it_judges_as_a_plain_list_of_rules_does(
    appended: list[tuple[PurgeRule, int, bool]], object_key: str, tags: set[str]
) -> None:
    """Whoever appends, whoever reads, and however often in between."""
    shared = SharedJournal()
    workers = [PurgeJournal(shared), PurgeJournal(shared)]
    key, rules = CacheKey("s", "b", object_key), []
    for rule, worker, looks in appended:
        workers[worker].append(rule)
        rules.append(rule)
        if looks:
            workers[worker].generation(key)
    for stored_at in range(len(rules) + 1):
        since = [rule.verdict for rule in rules[stored_at:] if rule.names(object_key, tuple(tags))]
        expected = max(since, default=STANDS)
        assert [each.judge(key, tuple(tags), stored_at) for each in workers] == [expected, expected]


def work(shared: SharedJournal, parent: Connection) -> None:
    """Be a worker process: tell the verdict; whenever asked to go on, purge a tag and tell it again."""
    journal = PurgeJournal(shared)
    parent.send(journal.judge(KEY, ("x",), 0))
    while parent.recv():
        parent.send(journal.judge(KEY, ("x",), 0))
        journal.append(PurgeRule(Scope.TAG, "x"))
        parent.send(journal.count)


def test_spawned_processes_share_the_journal() -> None:
    """A rule appended in one holds in the other, at once, in both directions."""
    shared = SharedJournal()
    here = PurgeJournal(shared)
    spawn = multiprocessing.get_context("spawn")
    pipe, its_end = spawn.Pipe()
    process = spawn.Process(target=work, args=(shared, its_end), daemon=True)
    process.start()
    try:
        assert told(pipe) == STANDS
        here.append(PurgeRule(Scope.PREFIX, "css", is_soft=True))
        pipe.send(True)
        assert [told(pipe), told(pipe)] == [STALE, 2]
        assert here.judge(KEY, ("x",), 0) is PURGED
        pipe.send(False)
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
    finally:
        process.kill()
        process.join()
        process.close()


def told(pipe: Connection) -> object:
    """What the worker says next. Fails the test when it says nothing."""
    assert pipe.poll(PATIENCE_SECONDS), "the worker process says nothing"
    return pipe.recv()
