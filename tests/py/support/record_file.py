"""The records that a server has written to a file."""

import json
import re
from pathlib import Path
from typing import Any

from support.sidecar import Sidecar
from support.until import until

Document = dict[str, Any]
_WRITTEN_BY = re.compile(r"records are written by pid=(\d+)")


class RecordFile:
    """`--record-file`, with what was rotated."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def flags(self) -> tuple[str, ...]:
        """What a server is started with."""
        return ("--record-file", str(self.path))

    def documents(self) -> list[Document]:
        """All of them, in the order in which they were written; what has no end yet is left out."""
        files = [*sorted(self.path.parent.glob(f"{self.path.name}.*"), reverse=True), self.path]
        texts = (file.read_bytes() for file in files if file.exists())
        return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith(b"\n")]

    def of(self, resource_prefix: str) -> list[Document]:
        """Those of the paths that begin like this."""
        return [document for document in self.documents() if document["resource"].startswith(resource_prefix)]

    def wait_for(self, count: int, resource_prefix: str) -> list[Document]:
        """Those of the paths that begin like this, once there are so many."""
        until(lambda: len(self.of(resource_prefix)) >= count)
        return self.of(resource_prefix)


def recorder_pids(server: Sidecar) -> list[int]:
    """The processes that have written records since the last start; the last is the one that does."""
    return [int(pid) for pid in _WRITTEN_BY.findall(server.log())]
