"""Each planted defect is caught by its own checks and no other, and a clean system passes.

The whole of it takes long: ``make prove``. A failure that comes from a busy machine is no excuse:
a check that is right only on an idle machine is a wrong check.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.quality.canary_map import Canary, read_canaries, read_scenario_files
from tests.quality.suite_runs import run_jobs

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

CANARIES = read_canaries()
SCENARIOS = [str(one["id"]) for one in read_scenario_files().values() if "id" in one]
SHORT = ("--time-scale", "0.2", "--set", "recovery=6s")
"""A shortened run watches for a shorter time, so recovery has to be shorter to be judged."""
CLEAN_RUNS = int(os.environ.get("HORMESIS_PROVE_RUNS", "20"))
SAMPLED = int(os.environ.get("HORMESIS_PROVE_SAMPLE", "1"))
"""How many scenarios that need not notice it each canary is run on as well; 14 means all."""


def caught() -> Iterator[tuple[str, str]]:
    """Yield each canary with each scenario that must catch it."""
    for canary in CANARIES.values():
        yield from ((canary.name, scenario) for scenario in canary.fails)


def sampled() -> Iterator[tuple[str, str]]:
    """Yield each canary with some scenarios that need not notice it, always the same ones."""
    for canary in CANARIES.values():
        others = [one for one in SCENARIOS if one not in canary.fails]
        Random(canary.name).shuffle(others)
        yield from ((canary.name, scenario) for scenario in others[:SAMPLED])


def run_canary(canary: Canary, scenario: str, out: Path) -> None:
    """Run one scenario with the defect and compare what fails with the map."""
    run = run_jobs(out, "--scenario", scenario, *SHORT, "--json", canary=canary.switched_on)
    failed = run.checks(scenario, "fail")
    expected = canary.expected(scenario)
    assert expected <= set(failed), f"not noticed: {expected - set(failed)}\n{run}"
    unrelated = {one: why for one, why in failed.items() if one not in expected | set(canary.may)}
    assert unrelated == {}, run
    assert run.code == (1 if failed else 0), run


@pytest.mark.parametrize(("canary", "scenario"), list(caught()))
def test_a_canary_is_caught(canary: str, scenario: str, tmp_path: Path) -> None:
    run_canary(CANARIES[canary], scenario, tmp_path)


@pytest.mark.parametrize(("canary", "scenario"), list(sampled()))
def test_a_canary_fails_nothing_unrelated(canary: str, scenario: str, tmp_path: Path) -> None:
    run_canary(CANARIES[canary], scenario, tmp_path)


@pytest.mark.parametrize("number", range(1, CLEAN_RUNS + 1))
def test_a_clean_system_passes(number: int, tmp_path: Path) -> None:
    run = run_jobs(tmp_path, "--time-scale", "0.1", "--json", within_s=800)
    assert run.code == 0, run
    assert sorted(run.runs) == sorted(SCENARIOS)
