from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.processes.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A service outside the run, and what a verb needs to act on it."""
    with Stage(tmp_path) as stage:
        yield stage
