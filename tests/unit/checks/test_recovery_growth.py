"""Recoveries that take longer each time are told from those that only differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.parts.growth import Growth, growth_of
from hormesis.checks.recovers import Recovers
from hormesis.words.check import Verdict
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, look, run

EVERY_S = 12.0


def judged(recoveries: Sequence[float], **more: object) -> Verdict:
    """Judge a kill every twelve seconds after which nothing answers for so many seconds."""
    faults = [
        replace(fault("kill", at := 10.0 + EVERY_S * n, at + 1.0), id=f"kill-{n + 1}")
        for n in range(len(recoveries))
    ]
    probes = []
    for tenth in range(10, 10 * int(10.0 + EVERY_S * len(recoveries))):
        time = tenth / 10
        since = (time - 10.0) % EVERY_S
        number = int((time - 10.0) // EVERY_S)
        bad = time >= 10.0 and since < 1.0 + recoveries[number] - 0.05
        probes.append(look(time, "refused" if bad else ""))
    check = {"fault": "kill", "of": "ready", "within": "8s", "growth": 1.5, **more}
    return Recovers.model_validate(check).judge(run(faults=faults, probes=probes))


def test_what_takes_longer_each_time_fails_with_every_time() -> None:
    verdict = judged([2.0, 3.0, 4.0, 5.0])
    assert (verdict.outcome, verdict.figures["growth"]) == (Outcome.FAIL, 2.0)
    assert verdict.summary.startswith(
        "2.0 s, 3.0 s, 4.0 s, 5.0 s: the quickest of the later half took 2.0 times as long as the "
        "quickest of the earlier half; 1.5 times were allowed; "
    )


@pytest.mark.parametrize("recoveries", [
    [2.0, 2.4, 2.2, 2.6], [4.0, 2.0, 3.0, 2.0], [3.0, 3.0, 3.0, 3.0, 5.0, 3.0],
    [2.0, 2.0, 6.0, 2.0],
])  # fmt: skip
def test_what_only_differs_passes(recoveries: list[float]) -> None:
    verdict = judged(recoveries)
    assert verdict.outcome is Outcome.PASS
    assert float(str(verdict.figures["growth"])) <= 1.5


def test_three_are_too_few() -> None:
    verdict = judged([2.0, 3.0, 4.0])
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.summary.startswith("3 recoveries are too few to see growth, 4 are needed")


def test_a_recovery_that_is_too_late_is_told_first() -> None:
    verdict = judged([2.0, 3.0, 4.0, 9.5])
    assert verdict.outcome is Outcome.FAIL
    assert "8s were allowed" in verdict.summary
    assert "growth" not in verdict.figures


def test_without_it_nothing_is_compared() -> None:
    verdict = judged([1.0, 2.0, 4.0, 6.0], growth=None)
    assert verdict.outcome is Outcome.PASS
    assert "growth" not in verdict.figures


def test_a_time_shorter_than_anybody_could_see_is_no_base() -> None:
    assert Growth([0.0, 0.0, 0.2, 0.2], 0.2).ratio == 1.0
    assert Growth([0.0, 0.0, 3.0, 3.0], 0.2).ratio == 3.0
    assert Growth([0.0] * 4, 0.0).ratio == 1.0


TIMES = st.lists(st.floats(0.1, 100.0), min_size=4, max_size=20)


@given(TIMES, st.floats(0.5, 10.0))
def test_growth_has_no_unit(times: list[float], factor: float) -> None:
    one, other = growth_of(times, 0.0), growth_of([factor * each for each in times], 0.0)
    assert one is not None and other is not None
    assert one.ratio == pytest.approx(other.ratio)


@given(TIMES)
def test_turned_round_it_shrinks(times: list[float]) -> None:
    one, other = growth_of(times, 0.0), growth_of(times[::-1], 0.0)
    assert one is not None and other is not None
    assert one.ratio * other.ratio == pytest.approx(1.0)
