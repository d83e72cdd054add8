"""Sizes and spans that the chart works out: the cache below its volume, the end of a pod above its drain."""

import pytest
from chart.manifests import (
    CASES,
    Manifest,
    bytes_of,
    environment,
    manifests,
    of_kind,
    pods,
    rendered,
    server_of,
    volumes,
)
from chart.programs import ProgramError

from sidecar.server.lifecycle import DRAIN_SECONDS
from sidecar.settings import OPTIONS

SERVERS = [case for case in CASES if case != "sidecar"]

# cache.size → CACHE_MAX_SIZE, nine tenths of it in whole bytes.
BOUNDS = {
    "2Gi": 1_932_735_283,
    "500M": 450_000_000,
    "16Mi": 15_099_494,
    "1.5Gi": 1_449_551_462,
    "100Gi": 96_636_764_160,
    "1Ti": 989_560_464_998,
    "1073741824": 966_367_641,
}
NONSENSE = {
    "no-unit": ("cache.size=plenty", 'cache.size: "plenty" is no size such as 2Gi'),
    "other-unit": ("cache.size=2GiB", 'cache.size: "2GiB" is no size such as 2Gi'),
    "negative": ("cache.size=-1Gi", "is no size"),
    "too-little": ("cache.size=1Mi", "16Mi is the least"),
    "zero": ("cache.size=0", "16Mi is the least"),
    "tmp": ("tmp.size=some", 'tmp.size: "some" is no size'),
}


def bound_of(documents: list[Manifest]) -> int:
    """How many bytes the cache may take."""
    return int(environment(server_of(documents))["CACHE_MAX_SIZE"])


@pytest.mark.parametrize(("size", "bound"), BOUNDS.items())
def test_the_bound_follows_from_the_size(size: str, bound: int) -> None:
    """Nine tenths of the volume, which has the very size that was given."""
    documents = rendered(f"cache.size={size}")
    assert bound_of(documents) == bound
    assert bytes_of(volumes(documents)["s3-sidecar-data"]["emptyDir"]["sizeLimit"]) > bound


@pytest.mark.parametrize("case", SERVERS)
def test_every_bound_is_below_its_volume(case: str) -> None:
    """In no case may the cache outgrow its volume, nor is a volume without a bound."""
    documents = manifests(case)
    volume = volumes(documents)["s3-sidecar-data"]
    claim = volume.get("ephemeral", {}).get("volumeClaimTemplate", {}).get("spec", {}).get("resources", {})
    size = claim.get("requests", {}).get("storage") or volume["emptyDir"]["sizeLimit"]
    assert OPTIONS["cache_max_size"].read(str(bound_of(documents))) <= bytes_of(size) * 0.9
    assert bytes_of(volumes(documents)["s3-sidecar-tmp"]["emptyDir"]["sizeLimit"]) > 0


@pytest.mark.parametrize(("assignment", "message"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused(assignment: str, message: str) -> None:
    """A size that is none is told by its value's name."""
    with pytest.raises(ProgramError, match=message.replace("(", r"\(")):
        rendered(assignment)


def test_a_cache_in_memory_fits_into_it() -> None:
    """A tmpfs is the container's memory, so the limit has to be above it; the message says what to raise."""
    with pytest.raises(ProgramError, match=r"raise that"):
        rendered("cache.medium=Memory", "cache.size=1Gi", "resources.limits.memory=1Gi")
    documents = rendered("cache.medium=Memory", "cache.size=1Gi", "resources.limits.memory=2Gi")
    assert volumes(documents)["s3-sidecar-data"]["emptyDir"]["medium"] == "Memory"
    with pytest.raises(ProgramError, match="give one of them"):
        rendered("cache.medium=Memory", "cache.storageClassName=gp3", "cache.size=64Mi")


def test_the_disk_is_asked_for() -> None:
    """The scheduler hears of what the emptyDirs may take of the node's disk, unless somebody says otherwise."""
    asked = {
        "both": rendered("cache.size=1Gi", "tmp.size=24Mi"),
        "tmp": rendered("cache.storageClassName=gp3", "tmp.size=24Mi"),
        "given": rendered("resources.requests.ephemeral-storage=5Gi"),
    }
    requests = {name: server_of(documents)["resources"]["requests"] for name, documents in asked.items()}
    assert {name: request["ephemeral-storage"] for name, request in requests.items()} == {
        "both": "1048Mi",
        "tmp": "24Mi",
        "given": "5Gi",
    }
    assert all(request["cpu"] == "100m" and request["memory"] == "256Mi" for request in requests.values())


@pytest.mark.parametrize("case", SERVERS)
def test_a_pod_has_time_to_drain(case: str) -> None:
    """SIGKILL comes after the server has waited and drained."""
    (document,) = (found for found in manifests(case) if found["kind"] in {"Deployment", "DaemonSet"})
    (pod,) = pods([document])
    environment = {entry["name"]: entry.get("value") for entry in server_of([document])["env"]}
    waited = int(environment["DRAIN_DELAY"] or 0)
    assert waited >= 1
    assert pod["terminationGracePeriodSeconds"] > waited + DRAIN_SECONDS + 2


def test_a_grace_that_is_too_short_is_refused() -> None:
    """What is given must be above the delay and the drain; a longer one is taken."""
    with pytest.raises(
        ProgramError, match=r"20 is not above drainDelaySeconds and the ten seconds of the drain, 20 in all"
    ):
        rendered("shutdown.drainDelaySeconds=10", "shutdown.terminationGracePeriodSeconds=20")
    (deployment,) = of_kind(rendered("shutdown.terminationGracePeriodSeconds=90"), "Deployment")
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 90
