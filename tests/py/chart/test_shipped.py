"""Rules and dashboard: the chart's are those of ops/, and Prometheus reads them."""

import json
import subprocess
from pathlib import Path

import yaml
from chart.manifests import ROOT, manifests, of_kind
from support.programs import find_program


def test_rules_are_those_of_ops(tmp_path: Path) -> None:
    """The PrometheusRule holds both files, group by group, and promtool has no objection to it."""
    (rule,) = of_kind(manifests("monitoring"), "PrometheusRule")
    files = [
        yaml.safe_load((ROOT / "ops" / "prometheus" / f"{name}.yaml").read_text()) for name in ("recording", "alerts")
    ]
    assert rule["spec"]["groups"] == [group for file in files for group in file["groups"]]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    check = [find_program("promtool"), "check", "rules", str(tmp_path / "rules.yaml")]
    result = subprocess.run(check, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_dashboard_is_that_of_ops() -> None:
    """The ConfigMap holds the dashboard, and the label by which Grafana's sidecar finds it."""
    (found,) = (document for document in of_kind(manifests("monitoring"), "ConfigMap"))
    dashboard = json.loads((ROOT / "ops" / "grafana" / "s3-sidecar.json").read_text())
    assert json.loads(found["data"]["s3-sidecar.json"]) == dashboard
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "Web"}


def test_monitors_find_the_ops_port() -> None:
    """The ServiceMonitor selects one Service and names a port of it; the PodMonitor names one of the container."""
    documents = manifests("monitoring")
    (monitor,) = of_kind(documents, "ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (service,) = (found for found in of_kind(documents, "Service") if wanted <= found["metadata"]["labels"].items())
    assert [port["name"] for port in service["spec"]["ports"]] == [monitor["spec"]["endpoints"][0]["port"]]
    (pods,) = of_kind(manifests("pod-monitor"), "PodMonitor")
    (deployment,) = of_kind(manifests("pod-monitor"), "Deployment")
    template = deployment["spec"]["template"]
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert pods["spec"]["podMetricsEndpoints"][0]["port"] in ports
    assert pods["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
