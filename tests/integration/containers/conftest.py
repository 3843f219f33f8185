from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.container_engine import ContainerEngine, missing, shared_engine
from tests.integration.runs.world import World

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def engine() -> ContainerEngine:
    """The container engine of these tests, skipped by name where none can be started."""
    if reason := missing():
        pytest.skip(reason)
    return shared_engine()


@pytest.fixture
def box(engine: ContainerEngine) -> Iterator[Callable[..., str]]:
    """Make a container that sleeps, and return its name; all are removed afterwards."""
    made: list[str] = []

    def make(*words: str) -> str:
        made.append(f"box-{next(_NUMBERS)}")
        engine.run(made[-1], *words)
        return made[-1]

    yield make
    for name in made:
        engine.remove(name)


@pytest.fixture
def world(engine: ContainerEngine, tmp_path: Path) -> Iterator[World]:
    """A folder of its own in which commands run."""
    made = World(tmp_path / "world")
    yield made
    made.close()
