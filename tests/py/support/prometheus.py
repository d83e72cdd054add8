"""A real Prometheus that scrapes a server under test."""

import json
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from support.http_client import request
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program

_RULES = Path(__file__).parents[3] / "ops" / "prometheus" / "recording.yaml"
_READY_SECONDS = 60.0


class Prometheus:
    """Scrapes the ops listener on a port of the loopback every half second, with our recording rules."""

    def __init__(self, folder: Path, ops_port: int) -> None:
        (self._port,) = free_ports(1)
        config = {
            "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
            "rule_files": [str(_RULES)],
            "scrape_configs": [
                {"job_name": "s3-sidecar", "static_configs": [{"targets": [f"127.0.0.1:{ops_port}"]}]},
            ],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        argv = [
            find_program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]
        self.process = Process(argv, log=folder / "prometheus.log", env=clean_environment(folder), cwd=folder)

    def __enter__(self) -> Self:
        try:
            self.process.wait_until(self._is_ready, _READY_SECONDS)
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()

    def value(self, expression: str) -> float | None:
        """What an expression of one series comes to now; None while it comes to nothing."""
        reply = request(self._port, "GET", f"/api/v1/query?query={quote(expression)}")
        found: list[dict[str, Any]] = json.loads(reply.body)["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def _is_ready(self) -> bool:
        try:
            return request(self._port, "GET", "/-/ready", timeout=1).status == 200
        except OSError:
            return False
