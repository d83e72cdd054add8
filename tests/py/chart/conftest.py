"""The example of an application that depends on the chart."""

from pathlib import Path

import pytest
from chart.examples import made_ready


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the example's chart ready as its reader would; the folder of the chart."""
    return made_ready(tmp_path_factory.mktemp("helm"))
