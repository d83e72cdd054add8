"""What the chart makes in its main cases, kept beside the tests: `make golden` writes it anew."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chart.examples import WAYS, made_ready, shop_text
from chart.manifests import KUSTOMIZE, OLDEST, text_of
from chart.programs import kustomize

GOLDEN = Path(__file__).parent / "golden"
CASES = (
    "minimal",
    "autoscaling",
    "daemonset",
    "external-secret",
    "files",
    "http-route",
    "ingress",
    "irsa",
    "monitoring",
    "network",
    "secret-environment",
    "secret-files",
    "sidecar",
)


def golden_texts(shop: Path) -> dict[str, str]:
    """The manifests by the names of their files; `shop` is the example's chart, made ready."""
    texts = {case: text_of(case) for case in CASES}
    texts["minimal-on-1.29"] = text_of("minimal", kube=OLDEST)
    texts |= {f"shop-{way}": shop_text(shop, *assignments) for way, assignments in WAYS.items()}
    texts["kustomize"] = kustomize(KUSTOMIZE / "example")
    return {f"{name}.yaml": text for name, text in texts.items()}


def main() -> None:
    """Write all of them, and remove what is none of them."""
    with TemporaryDirectory() as folder:
        texts = golden_texts(made_ready(Path(folder)))
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (GOLDEN / name).write_text(text)


if __name__ == "__main__":
    main()
