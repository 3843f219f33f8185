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

from tests.quality.canary_map import Canary, read_map, scenario_names, suites_with_maps
from tests.quality.suite_runs import run_suite

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1200)]

SUITES = suites_with_maps()
CLEAN_RUNS = int(os.environ.get("HORMESIS_PROVE_RUNS", "20"))
SAMPLED = int(os.environ.get("HORMESIS_PROVE_SAMPLE", "1"))
"""How many scenarios that need not notice it each canary is run on as well; 100 means all."""
SKIPPED = 2
"""The exit code of a run of which all was skipped, for want of a GPU for example."""


def caught() -> Iterator[tuple[str, str, str]]:
    """Yield each suite and canary with each scenario that must catch it."""
    for suite in SUITES:
        for canary in read_map(suite).canaries.values():
            yield from ((suite, canary.name, scenario) for scenario in canary.fails)


def sampled() -> Iterator[tuple[str, str, str]]:
    """Yield each canary with some scenarios that need not notice it, always the same ones."""
    for suite in SUITES:
        for canary in read_map(suite).canaries.values():
            others = [one for one in scenario_names(suite) if one not in canary.fails]
            Random(canary.name).shuffle(others)
            yield from ((suite, canary.name, scenario) for scenario in others[:SAMPLED])


def run_canary(suite: str, canary: Canary, scenario: str, out: Path) -> None:
    """Run one scenario with the defect and compare what fails with the map."""
    options = [*read_map(suite).short, *canary.options]
    run = run_suite(
        suite, out, "--scenario", scenario, *options, "--json", canary=canary.switched_on
    )
    failed = run.checks(scenario, "fail")
    expected = canary.expected(scenario)
    assert expected <= set(failed), f"not noticed: {expected - set(failed)}\n{run}"
    unrelated = {one: why for one, why in failed.items() if one not in expected | set(canary.may)}
    assert unrelated == {}, run
    skipped = bool(run.runs[scenario].get("skipped"))
    assert run.code == (1 if failed else SKIPPED if skipped else 0), run


@pytest.mark.parametrize(("suite", "canary", "scenario"), list(caught()))
def test_a_canary_is_caught(suite: str, canary: str, scenario: str, tmp_path: Path) -> None:
    run_canary(suite, read_map(suite).canaries[canary], scenario, tmp_path)


@pytest.mark.parametrize(("suite", "canary", "scenario"), list(sampled()))
def test_a_canary_fails_nothing_unrelated(
    suite: str, canary: str, scenario: str, tmp_path: Path
) -> None:
    run_canary(suite, read_map(suite).canaries[canary], scenario, tmp_path)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("number", range(1, CLEAN_RUNS + 1))
def test_a_clean_system_passes(number: int, suite: str, tmp_path: Path) -> None:
    run = run_suite(suite, tmp_path, *read_map(suite).clean, "--json", within_s=1100)
    skipped = {name for name, one in run.runs.items() if one.get("skipped")}
    assert run.code == (SKIPPED if len(skipped) == len(run.runs) else 0), run
    assert sorted(run.runs) == scenario_names(suite)
