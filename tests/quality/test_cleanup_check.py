"""J-CHAOS-4 judges the rows themselves, however fast, slow or absent the cleanup is."""

from __future__ import annotations

import pytest

from hormesis.checks.eventually import Eventually
from hormesis.words.outcome import Outcome
from tests.quality.canary_map import read_scenario_files
from tests.unit.record.histories import fault, look, run

INJECTED, UNDONE = 4.0, 16.0
EVERY_S = 0.2


def check_of_the_file() -> Eventually:
    """Return the check as it stands in the suite, with the variables that stand beside it."""
    scenario = read_scenario_files("jobs")["J-CHAOS-4.yaml"]
    (found,) = scenario["checks"]
    fields = {"probe" if key == "eventually" else key: value for key, value in found.items()}
    return Eventually.model_validate({**fields, "within": scenario["vars"]["repair"]})


def outcome_when(repaired_after_s: float) -> Outcome:
    """Return what the check says when no corrupt row is left so long after the injection."""
    times = [number * EVERY_S for number in range(130)]
    corrupt_until = min(INJECTED + repaired_after_s, UNDONE)
    looks = [
        look(time, "4 is not 0" if INJECTED <= time < corrupt_until else "", probe="corrupt-rows")
        for time in times
    ]
    corruption = fault("corruption", injected=INJECTED, released=UNDONE)
    return check_of_the_file().judge(run(faults=[corruption], probes=looks)).outcome


@pytest.mark.parametrize("repaired_after_s", [0.01, 0.5, 8.0])
def test_a_cleanup_in_time_passes_even_before_the_first_look(repaired_after_s: float) -> None:
    assert outcome_when(repaired_after_s) is Outcome.PASS


@pytest.mark.parametrize("repaired_after_s", [11.0, 1000.0])
def test_a_late_or_absent_cleanup_fails(repaired_after_s: float) -> None:
    assert outcome_when(repaired_after_s) is Outcome.FAIL
