"""The experiments on Celery: one of them scaled, and all of them in full for proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.example_file import FOLDER, Example, read
from tests.examples.shop import run_example

PARTS = ("system", "evidence", "chaos", "late", "once")
ALL = [read(path) for path in sorted((FOLDER / "celery").glob("*.yaml")) if path.stem not in PARTS]
SCALE = 0.2

pytest.importorskip("celery")
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("examples")]


@pytest.mark.prove
def test_the_race_ends_as_its_head_says(tmp_path: Path) -> None:
    race = read(FOLDER / "celery" / "race.yaml")
    ended = run_example(race, tmp_path / "run", SCALE)
    assert ended.code == race.expect, ended.output


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("unscaled", ALL, ids=lambda one: one.path.stem)
def test_it_ends_so_in_full_length_too(unscaled: Example, tmp_path: Path) -> None:
    ended = run_example(unscaled.as_shown(), tmp_path / "run", 1.0)
    assert ended.code == unscaled.expect, ended.output
