"""The experiments on procrastinate: two of them scaled, and all of them in full for proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.example_file import FOLDER, Example, read
from tests.examples.shop import Shop, run_example

ALL = [
    read(path)
    for path in sorted((FOLDER / "procrastinate").glob("*.yaml"))
    if path.stem not in ("system", "evidence", "chaos")
]
SHORT = [one for one in ALL if one.path.stem in ("race",)]
SCALE = 0.3

pytest.importorskip("procrastinate")
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("examples")]


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Run the short ones, together."""
    shop = Shop.of(request, tmp_path_factory.mktemp("procrastinate"), SCALE)
    yield shop
    shop.close()


@pytest.mark.parametrize("example", SHORT, ids=lambda one: one.path.stem)
def test_it_ends_as_its_head_says(example: Example, shop: Shop) -> None:
    ended = shop.end_of(example)
    assert ended.code == example.expect, ended.output


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("unscaled", ALL, ids=lambda one: one.path.stem)
def test_it_ends_so_in_full_length_too(unscaled: Example, tmp_path: Path) -> None:
    ended = run_example(unscaled.as_shown(), tmp_path / "run", 1.0)
    assert ended.code == unscaled.expect, ended.output
