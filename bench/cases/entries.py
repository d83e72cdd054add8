"""What a stored response costs in memory, and whether their number is bounded."""

import json
import subprocess
import sys
from dataclasses import dataclass, field

from bench import ROOT
from bench.case import Case
from bench.counts import Counts
from bench.metric import ENTRIES, ENTRY, Metric
from bench.outcome import Outcome
from bench.servers import OURS
from bench.site import Object
from bench.stage import Stage
from bench.target import Target


@dataclass
class Entries(Case):
    """A process of its own fills the metadata cache above its bound."""

    name: str
    about: str
    targets: tuple[Target, ...]
    metrics: tuple[Metric, ...] = field(default=(ENTRY, ENTRIES))

    def objects(self, counts: Counts) -> tuple[Object, ...]:
        """None: nothing is asked for."""
        return ()

    def run(self, stage: Stage, outcome: Outcome) -> None:
        """Once: it does not vary."""
        argv = [sys.executable, "-m", "bench.micro.entries", str(stage.counts.entries)]
        ran = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT)
        found = json.loads(ran.stdout)
        outcome.add(OURS, {ENTRY.name: found["bytes_per_entry"], ENTRIES.name: found["entries"] / found["bound"]})
        outcome.notes.append(f"{found['bound']:,} entries: {found['rss_mib']:,.0f} MiB in each worker")
