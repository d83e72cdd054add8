"""`python -m bench`: measure, print one table, write one file."""

import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

import rich_click as click
from rich.console import Console

from bench import report, results
from bench.case import Case
from bench.cases.catalogue import CASES
from bench.counts import FULL, SMOKE, USUAL, Counts
from bench.cpus import Cpus
from bench.facts import facts
from bench.outcome import Outcome
from bench.remarks import errors_of_ours, remarks
from bench.servers import OURS, SERVERS
from bench.stage import Stage

_NAMES = [case.name for case in CASES]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--case", "cases", multiple=True, type=click.Choice(_NAMES), help="Only this case; may be repeated.")
@click.option("--peer", "peers", multiple=True, help="Only peers whose names begin so, for example nginx or caddy.")
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of each case.")
@click.option("--seconds", type=click.IntRange(min=1), help="Seconds of one round of wrk.")
@click.option("--full", is_flag=True, help="More and longer rounds, and ab and httperf in full: takes hours.")
@click.option("--smoke", is_flag=True, help="Everything once, as little as can be: shows that it works.")
@click.option("--folder", type=click.Path(path_type=Path), default=results.FOLDER, help="Where the JSON file goes.")
def main(  # noqa: PLR0913 - one argument for each option
    cases: tuple[str, ...],
    peers: tuple[str, ...],
    rounds: int | None,
    seconds: int | None,
    folder: Path,
    *,
    full: bool,
    smoke: bool,
) -> None:
    """Compare s3proxy with its peers on this machine, in one run; prints ratios and writes every round to a file."""
    check_peers(peers)
    counts = SMOKE if smoke else FULL if full else USUAL
    counts = replace(counts, rounds=rounds or counts.rounds, seconds=seconds or counts.seconds)
    chosen = [case for case in CASES if not cases or case.name in cases]
    allow_open_files()
    # As an exception, so that what was started is ended, and what was written removed.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(measure(chosen, counts, peers, folder))


def measure(cases: list[Case], counts: Counts, peers: tuple[str, ...], folder: Path) -> int:
    """Run the cases; 1 when an answer of ours was wrong, else 0: to miss a target is no failure of the bench."""
    console, cpus = report.console(), Cpus.choose()
    with Stage(counts, cpus, peers) as stage:
        about = facts(cpus, taking_part(cases, stage))
        done = [(case, run(case, stage, console)) for case in cases]
    console.print(report.table(done))
    for case, outcome in done:
        for remark in (*outcome.mistakes, *outcome.notes):
            console.print(f"{case.name}: {remark}", markup=False, highlight=False)
    console.print(f"Every round: {results.save(about, done, folder)}", soft_wrap=True, highlight=False)
    return int(any(outcome.mistakes for _, outcome in done))


def run(case: Case, stage: Stage, console: Console) -> Outcome:
    """Measure one case, with a word about it on the way."""
    console.print(f"[bold]{case.name}[/]: {case.about} …", highlight=False)
    outcome = Outcome(case.name)
    stage.origin.hold(case.objects(stage.counts))
    case.run(stage, outcome)
    outcome.notes += remarks(outcome, others_take_part=case.asks_the_origin)
    if errors_of_ours(outcome):
        outcome.mistakes.append(f"{errors_of_ours(outcome):.0f} answers of {OURS} were wrong or missing")
    return outcome


def taking_part(cases: list[Case], stage: Stage) -> list[str]:
    """The servers that will run."""
    wanted = {peer for case in cases for peer in stage.peers_of(case.peers, case.optional_peers)}
    return [name for name in SERVERS if name == OURS or name in wanted]


def check_peers(peers: tuple[str, ...]) -> None:
    """Stop when a peer was named that does not exist."""
    known = {name for case in CASES for name in (*case.peers, *case.optional_peers)}
    for peer in peers:
        if not any(name.startswith(peer) for name in known):
            raise click.BadParameter(f"{peer!r} begins none of {', '.join(sorted(known))}", param_hint="--peer")


def allow_open_files() -> None:
    """Allow as many open files as the system allows: the servers inherit it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
