"""A run's figures as a file."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import ROOT
from bench.case import Case
from bench.outcome import Outcome
from bench.rows import Row, rows

FOLDER = ROOT / ".bench"
"""Ignored by git."""


def save(about: dict[str, object], results: Iterable[tuple[Case, Outcome]], folder: Path = FOLDER) -> Path:
    """Write machine facts, every row of the table, and every round; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    cases = {case.name: _described(case, outcome) for case, outcome in results}
    file.write_text(json.dumps({"facts": about, "cases": cases}, indent=1) + "\n")
    return file


def _described(case: Case, outcome: Outcome) -> dict[str, object]:
    return {"about": case.about, "rows": [_row(row) for row in rows(case, outcome)], **asdict(outcome)}


def _row(row: Row) -> dict[str, object]:
    return {
        "metric": row.metric.name,
        "against": row.peer,
        "ours": row.ours,
        "theirs": row.theirs,
        "ratio": None if row.ratio is None else asdict(row.ratio),
        "ratio_per_cpu_second": None if row.per_cpu_second is None else asdict(row.per_cpu_second),
        "target": None if row.target is None else str(row.target),
        "verdict": row.verdict,
    }
