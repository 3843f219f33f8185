from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runs.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A folder of its own in which commands run."""
    made = World(tmp_path / "world")
    yield made
    made.close()
