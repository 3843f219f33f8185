"""What a scenario takes besides its own durations: start, steady state, closing, reports.

``make bench-suites`` runs each scenario of the suites once, on a machine
that has nothing else to do, and prints what each took, with the speed of the
machine before and after it and what other machines on its host took away:
starting and stopping are work, and a machine that is half as fast takes twice
as long for it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import psutil
import pytest

from tests.quality.canary_map import read_map, scenario_names
from tests.quality.suite_runs import run_suite

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SUITES = ("services", "leader", "tasks")
MORE_S = 5.0
"""What a run may take beyond its tracks."""


def million_ms() -> float:
    """Return how long this machine takes to count to a million, in milliseconds."""
    began = perf_counter()
    for _ in range(1_000_000):
        pass
    return (perf_counter() - began) * 1e3


def scenarios() -> Iterator[object]:
    for suite in SUITES:
        for name in scenario_names(suite):
            yield pytest.param(suite, name, id=f"{suite}-{name}")


@pytest.mark.parametrize(("suite", "scenario"), list(scenarios()))
def test_a_run_takes_its_own_durations_and_little_more(
    suite: str, scenario: str, tmp_path: Path
) -> None:
    options = read_map(suite).clean
    before_ms, stolen_s = million_ms(), psutil.cpu_times().steal
    began = perf_counter()
    run = run_suite(
        suite, tmp_path, "--scenario", scenario, *options, "--json", within_s=MORE_S + 600
    )
    took_s = perf_counter() - began
    stolen_s = psutil.cpu_times().steal - stolen_s
    if run.runs[scenario].get("skipped"):
        pytest.skip("this machine cannot do it")
    assert run.code == 0, str(run)
    # `latest` leads to the same one.
    (manifest,) = {one.resolve() for one in tmp_path.glob("*/*/manifest.json")}
    own_s = float(json.loads(manifest.read_text())["duration_s"])
    sys.stdout.write(
        f"\n{suite} {scenario}: {own_s:.1f} s of its own, {took_s - own_s:+.1f} s"
        f" (a million in {before_ms:.0f} ms before, {million_ms():.0f} ms after;"
        f" {stolen_s:.1f} s stolen)\n"
    )
    assert took_s <= own_s + MORE_S
