"""The rules and the dashboard that are shipped: promtool has no objection, and they know only what there is."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.programs import find_program

from ops.metrics.catalogue import METRICS
from ops.metrics.metric import Kind

OPS = Path(__file__).parents[4] / "ops"
DASHBOARD = OPS / "grafana" / "s3-sidecar.json"
SHIPPED = (*sorted((OPS / "prometheus").glob("*.yaml")), DASHBOARD)
RULES = [str(OPS / "prometheus" / name) for name in ("recording.yaml", "alerts.yaml")]


def exposed_names() -> set[str]:
    """Every name that a scrape may have."""
    names = {metric.full_name for metric in METRICS.values()}
    histograms = (metric.full_name for metric in METRICS.values() if metric.kind is Kind.HISTOGRAM)
    return names | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


@pytest.mark.parametrize("command", [["check", "rules", *RULES], ["test", "rules", str(OPS / "prometheus/tests.yaml")]])
def test_promtool(command: list[str]) -> None:
    """The rules can be read, and make of series what they should."""
    result = subprocess.run([find_program("promtool"), *command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_metrics_that_exist(path: Path) -> None:
    """No rule and no panel asks for a metric that nobody exposes, or a rule that nobody records."""
    text = path.read_text()
    recorded = set(re.findall(r"record: (\S+)", (OPS / "prometheus/recording.yaml").read_text()))
    assert set(re.findall(r"\bs3_sidecar_[a-z0-9_]+", text)) <= exposed_names()
    assert set(re.findall(r"\bs3_sidecar:[a-z0-9_:]+", text)) <= recorded


def test_every_alert_has_a_runbook_and_a_test() -> None:
    """Who is woken by it reads what it means and what to do; and it was seen to fire."""
    alerts = re.findall(r"- alert: (\w+)(.*?)(?=- alert:|\Z)", (OPS / "prometheus/alerts.yaml").read_text(), re.DOTALL)
    tests = (OPS / "prometheus/tests.yaml").read_text()
    assert alerts
    assert [name for name, body in alerts if "runbook: |" not in body or f'alertname="{name}"' not in tests] == []


def test_panels_lie_beside_each_other() -> None:
    """Every panel has a title, a query and a place of its own."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = [
        (place["x"] + dx, place["y"] + dy)
        for place in (panel["gridPos"] for panel in panels)
        for dx in range(place["w"])
        for dy in range(place["h"])
    ]
    assert len(places) == len(set(places))
    assert all(panel["title"] and panel["targets"] for panel in panels)
    assert max(x for x, _ in places) < 24
