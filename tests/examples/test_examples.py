"""Each example is run for real, scaled, and ends as its head says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hormesis.host.means import survey
from tests.examples.example_file import Example, examples
from tests.examples.shop import Shop

SCALE = 0.5
LONGER = (
    "flood.yaml", "clock-jump.yaml", "slow-fsync.yaml", "descriptors.yaml", "oom-kill.yaml",
    "lost-lock-mended.yaml", "workers.yaml", "sql-invariant-careless.yaml",
    "barrier-race-mended.yaml", "bank-total-careless.yaml", "variables.yaml", "bank-total.yaml",
    "disk-full.yaml", "sql-invariant.yaml", "partition.yaml", "attach.yaml", "own-probe.yaml",
    "thresholds-by-window.yaml", "deadlock.yaml", "json-experiment.json", "lost-lock.yaml",
    "kill-and-restart.yaml", "link-fault.yaml", "first-three-fail.yaml", "load-script.yaml",
    "python_api.py", "barrier-race.yaml",
)  # fmt: skip
"""Examples that `make test` leaves to `make prove`, for the sake of its six minutes."""

# In one worker: each worker's shop would start them all.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("examples")]


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Run every example that the selected tests ask for."""
    shop = Shop.of(request, tmp_path_factory.mktemp("examples"), SCALE)
    yield shop
    shop.close()


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(one, marks=[pytest.mark.prove] * (one.name in LONGER), id=one.name)
        for one in examples()
    ],
)
def test_an_example_ends_as_its_head_says(example: Example, shop: Shop) -> None:
    lacking = {name: why for name, why in survey(example.needs).items() if why}
    if lacking:
        pytest.skip("; ".join(f"{name}: {why}" for name, why in lacking.items()))
    ended = shop.end_of(example)
    assert ended.code == example.expect, ended.output
