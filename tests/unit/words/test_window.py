"""Windows: what lies between asking for a fault and its acknowledgement belongs to neither side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.checks.always import Always
from hormesis.words.outcome import Outcome
from hormesis.words.window import Window
from tests.unit.record.histories import fault, look, run

MISS = "status is 503, expected 200"
ASKED, INJECTED, RELEASED = 19.5, 20.0, 30.0


@pytest.mark.parametrize(
    ("window", "stretches"),
    [
        (Window(before="pause"), [(1.0, ASKED)]),
        (Window(during="pause"), [(INJECTED, RELEASED)]),
        (Window(after="pause"), [(RELEASED, float("inf"))]),
        (Window(outside="pause"), [(1.0, ASKED), (RELEASED, float("inf"))]),
    ],
)
def test_the_time_of_asking_is_neither_before_nor_during(
    window: Window, stretches: list[tuple[float, float]]
) -> None:
    history = run(faults=[replace(fault(injected=INJECTED), asked=ASKED)])
    assert window.stretches(history) == stretches


def test_final_looks_count_as_after_a_fault() -> None:
    history = run(faults=[fault()], probes=[look(5.0), look(95.0, MISS)])
    verdict = Always.model_validate({"probe": "ready", "after": "pause"}).judge(history)
    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("window", ["before", "outside"])
def test_a_look_that_the_fault_overtook_is_not_from_before_it(window: str) -> None:
    overtaken = replace(look(ASKED - 0.1, MISS), took_s=0.3)
    between = look(ASKED + 0.1, MISS)
    history = run(
        faults=[replace(fault(injected=INJECTED), asked=ASKED)],
        probes=[look(5.0), overtaken, between, look(25.0, MISS)],
    )
    verdict = Always.model_validate({"probe": "ready", window: "pause"}).judge(history)
    assert verdict.outcome is Outcome.PASS
    early = replace(overtaken, took_s=0.05)
    verdict = Always.model_validate({"probe": "ready", window: "pause"}).judge(
        replace(history, probes=(early,))
    )
    assert verdict.outcome is Outcome.FAIL
