"""The example of an application that has the sidecar in its pods."""

import shutil
from pathlib import Path

from chart.manifests import ROOT, template
from chart.programs import helm

# Both ways to run beside the application, and both ways to be reached by it.
WAYS: dict[str, tuple[str, ...]] = {
    "native": (),
    "native-socket": ("s3-sidecar.listen.socket=true",),
    "plain": ("isNative=false",),
    "plain-socket": ("isNative=false", "s3-sidecar.listen.socket=true"),
}


def made_ready(folder: Path) -> Path:
    """Copy our charts into a folder and fetch the example's dependency, as its reader would; the example's chart."""
    shutil.copytree(ROOT / "helm", folder / "helm")
    shop = folder / "helm" / "examples" / "shop"
    helm("helm-4", "dependency", "update", str(shop))
    return shop


def shop_text(shop: Path, *assignments: str, version: str = "helm-4", kube: str = "1.30") -> str:
    """What Helm makes of the example with a few values, given as `--set` takes them."""
    given = [word for assignment in assignments for word in ("--set", assignment)]
    return template(version, shop, *given, "--kube-version", kube)
