"""Who may come in and what is let out; which Service leads where."""

from typing import Any

import pytest
from chart.manifests import Manifest, manifests, of_kind, pods, rendered

EVERYWHERE = ["0.0.0.0/0", "::/0"]


def policy_of(documents: list[Manifest]) -> dict[str, Any]:
    """The one policy's spec."""
    (policy,) = of_kind(documents, "NetworkPolicy")
    spec: dict[str, Any] = policy["spec"]
    return spec


def ways_in(documents: list[Manifest]) -> dict[Any, Any]:
    """Who may come to each port; None is everybody."""
    return {port["port"]: rule.get("from") for rule in policy_of(documents)["ingress"] for port in rule["ports"]}


def ways_out(documents: list[Manifest]) -> dict[Any, Any]:
    """Where each port may be reached; None is everywhere."""
    return {port["port"]: rule.get("to") for rule in policy_of(documents)["egress"] for port in rule["ports"]}


def cidrs(peers: list[Manifest]) -> list[str]:
    """Their address blocks."""
    return [peer["ipBlock"]["cidr"] for peer in peers]


def test_it_is_about_the_servers_pods() -> None:
    """It selects the pods of the Deployment, and is about both directions."""
    documents = rendered()
    (deployment,) = of_kind(documents, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    spec = policy_of(documents)
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_who_may_come_in() -> None:
    """Everybody to the public port; to the ops port none but the monitoring namespace."""
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert ways_in(rendered()) == {"http": None, "ops-9180": [monitoring]}


def test_the_public_port_for_a_few() -> None:
    """Where it is for a few, the siblings and the test's pod are among them."""
    ways = ways_in(manifests("network"))
    siblings = {"app.kubernetes.io/name": "s3-sidecar", "app.kubernetes.io/instance": "web"}
    assert ways["http"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}},
        {"podSelector": {"matchLabels": siblings}},
    ]
    assert ways["ops-9180"] == [{"namespaceSelector": {"matchLabels": {"team": "observability"}}}]
    tested = next(document for document in manifests("network") if document["kind"] == "Pod")
    assert siblings.items() <= tested["metadata"]["labels"].items()


def test_what_is_let_out() -> None:
    """DNS, the bucket, and the siblings' public port: no sink, no metadata service that nobody asked for."""
    ways = ways_out(rendered())
    assert ways.keys() == {53, 443, "http"}
    assert cidrs(ways[443]) == EVERYWHERE
    assert ways["http"] == [{"podSelector": policy_of(rendered())["podSelector"]}]


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://minio:9000", 9000),
        ("https://minio.example.com", 443),
        ("http://minio.example.com", 80),
        ("https://[2001:db8::1]:8443/path", 8443),
        ("https://[2001:db8::1]", 443),
    ],
)
def test_the_port_of_a_store(url: str, port: int) -> None:
    """The port of --endpoint-url is let out without being named again."""
    assert port in ways_out(rendered(f"settings.S3_ENDPOINT_URL={url}"))


def test_sinks() -> None:
    """Each sink that is set has its port let out, to where the sinks are."""
    ways = ways_out(manifests("network"))
    assert [cidrs(ways[port]) for port in (4318, 8010, 8282, 27018)] == [["10.0.0.0/8"]] * 4
    assert cidrs(ways[443]) == ["198.51.100.0/24"]
    assert ways[3128] is None
    assert 9999 in ways_out(rendered("settings.AKUMULI_HOST=a", "settings.AKUMULI_PORT=9999"))


OF_A_SECRET = ("secret.existing=s", "secret.keys[0].name=MONGO_URI")


def in_extra_env(name: str, value: str) -> tuple[str, str]:
    """What sets a variable beside the settings; commas are data."""
    return f"extraEnv[0].name={name}", "extraEnv[0].value=" + value.replace(",", "\\,")


@pytest.mark.parametrize(
    ("values", "ports"),
    [
        (OF_A_SECRET, {27017}),
        ((*OF_A_SECRET, "networkPolicy.mongoPorts={27018,27019}"), {27018, 27019}),
        (OF_A_SECRET[1:], set()),
        (in_extra_env("MONGO_URI", "mongodb://mongo"), {27017}),
        (in_extra_env("MONGO_URI", "mongodb://a:27018,b,[2001:db8::1]:27019/db?x=c:1"), {27017, 27018, 27019}),
        (in_extra_env("MONGO_URI", "mongodb://$(USER):$(PASSWORD)@a:27018/"), {27018}),
        (in_extra_env("MONGO_URI", "mongodb://a@b:1@a:27018/"), {27018}),
        ((*in_extra_env("MONGO_URI", "mongodb+srv://a.example.com/"), "networkPolicy.mongoPorts={1,2}"), {1, 2}),
        (("extraEnv[0].name=MONGO_URI", "extraEnv[0].valueFrom.secretKeyRef.name=s"), {27017}),
        (in_extra_env("MONGO_URI_FILE", "/vault/mongo"), {27017}),
        (in_extra_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), {4318}),
        (in_extra_env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector.example.com/v1/traces"), {443}),
    ],
)
def test_ports_out_of_addresses(values: tuple[str, ...], ports: set[int]) -> None:
    """MongoDB's are in its URI if the chart sees that, else as they are said; a collector's are in its URL."""
    assert ways_out(rendered(*values)).keys() - {53, "http"} == ports | {443}


def test_credentials_of_the_node() -> None:
    """The metadata service and the Pod Identity agent are let out where they are asked for."""
    assert cidrs(ways_out(manifests("pod-identity"))[80]) == ["169.254.170.23/32", "fd00:ec2::23/128"]
    assert cidrs(ways_out(manifests("instance-profile"))[80]) == ["169.254.169.254/32", "fd00:ec2::254/128"]


def test_every_selector_finds_the_server_alone() -> None:
    """Services, budget and spread select the server's pods, and never the pod of helm test."""
    documents = rendered()
    (deployment,) = of_kind(documents, "Deployment")
    server = deployment["spec"]["template"]["metadata"]["labels"]
    (tested,) = of_kind(documents, "Pod")
    (spread, *_) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    (budget,) = of_kind(documents, "PodDisruptionBudget")
    selectors = [
        *(service["spec"]["selector"] for service in of_kind(documents, "Service")),
        deployment["spec"]["selector"]["matchLabels"],
        spread["labelSelector"]["matchLabels"],
        budget["spec"]["selector"]["matchLabels"],
    ]
    assert len(selectors) == 6
    assert all(selector.items() <= server.items() for selector in selectors)
    assert not any(selector.items() <= tested["metadata"]["labels"].items() for selector in selectors)


def test_every_service_leads_to_a_port() -> None:
    """Each port of each Service is one of the container's, by name."""
    documents = rendered("ops.port=9999", "listen.port=8080")
    ports = {port["name"] for pod in pods(documents) for port in pod["containers"][0].get("ports", [])}
    targets = {port["targetPort"] for service in of_kind(documents, "Service") for port in service["spec"]["ports"]}
    assert targets == ports == {"http", "ops-9999"}


def test_the_ops_port_is_apart() -> None:
    """The public Service has no way to it; it has a headless one of its own, and so have the pods."""
    services = {service["metadata"]["name"]: service["spec"] for service in of_kind(rendered(), "Service")}
    assert [port["port"] for port in services["web-s3-sidecar"]["ports"]] == [80]
    assert [port["port"] for port in services["web-s3-sidecar-ops"]["ports"]] == [9180]
    assert [port["port"] for port in services["web-s3-sidecar-pods"]["ports"]] == [8000]
    assert {name for name, spec in services.items() if spec.get("clusterIP") == "None"} == {
        "web-s3-sidecar-ops",
        "web-s3-sidecar-pods",
    }


def test_replicas_are_left_to_the_autoscaler() -> None:
    """With an HPA the Deployment says no number, which an upgrade would go back to."""
    (deployment,) = of_kind(manifests("autoscaling"), "Deployment")
    (scaler,) = of_kind(manifests("autoscaling"), "HorizontalPodAutoscaler")
    assert "replicas" not in deployment["spec"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert [metric["type"] for metric in scaler["spec"]["metrics"]] == ["Resource", "Pods"]
