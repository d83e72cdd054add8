"""What the pages say of the chart is so."""

import re
from pathlib import Path

import pytest
import yaml
from chart.manifests import CHART, ROOT, manifests_of, template
from chart.programs import helm

from helm.values_file import read_values

PAGES = [ROOT / "README.md", CHART / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
NAMES = {leaf.name for value in read_values(CHART / "values.yaml") for leaf in value.leaves()}
_VALUES = re.compile(r"```yaml\n# values\.yaml\n(.*?)```", re.DOTALL)
BLOCKS = {
    f"{page.name}-{number}": block
    for page in PAGES
    for number, block in enumerate(_VALUES.findall(page.read_text()), start=1)
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_values_can_be_installed(block: str, tmp_path: Path) -> None:
    """A block of values is one that the chart takes."""
    path = tmp_path / "values.yaml"
    path.write_text(block)
    assert manifests_of(template("helm-4", CHART, "--values", str(path)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_assignments_are_of_values(page: Path) -> None:
    """Whatever is given with --set is a value that there is."""
    given = re.findall(r"--set ([\w.]+)=", page.read_text())
    assert {name for name in given if name not in NAMES and not name.startswith("settings.")} == set()


def test_install_command(tmp_path: Path) -> None:
    """The README's command has a manifest, with the role and the Secret that it names."""
    text = (ROOT / "README.md").read_text()
    (line,) = re.findall(r"^helm install my-site (.*?[^\\])$", text, re.MULTILINE | re.DOTALL)
    words = [word.replace("helm/s3-sidecar", str(CHART), 1) for word in line.replace("\\\n", " ").split()]
    made = helm("helm-4", "template", "my-site", words[0], *words[1:])
    assert "eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/my-site" in made
    assert "secretName: my-site\n" in made


def test_names_of_templates() -> None:
    """The templates that the page names are those that a chart may include."""
    page = (ROOT / "docs" / "how-to" / "sidecar.md").read_text()
    named = set(re.findall(r"^\| `(s3-sidecar\.\w+)` \|", page, re.MULTILINE))
    defined = {
        name for path in (CHART / "templates").glob("*.tpl") for name in re.findall(r'define "(.*?)"', path.read_text())
    }
    assert len(named) == 5
    assert named <= defined


def test_the_kustomization_is_the_example() -> None:
    """The page's Kustomization says what the example's does."""
    page = (ROOT / "docs" / "how-to" / "sidecar.md").read_text()
    (block,) = re.findall(r"```yaml\n(apiVersion: kustomize.*?)```", page, re.DOTALL)
    example = yaml.safe_load((ROOT / "helm" / "kustomize" / "example" / "kustomization.yaml").read_text())
    del example["namespace"]
    assert yaml.safe_load(block) == example
