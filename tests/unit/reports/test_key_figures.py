"""Key figures: nothing in them can be read as something else."""

from __future__ import annotations

from dataclasses import replace

from hormesis.reports.page.key_figures import key_figures
from hormesis.reports.parts.totals import totals_of
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.sample import sample_run


def judged(*verdicts: Verdict, undecided: int = 0) -> Judged:
    ops = [Op(n, "l", "n", 1, 0.0, 0.0, 0.1, Ended.INFO if n < undecided else Ended.OK)
           for n in range(200)]  # fmt: skip
    history = History({}, ops=ops, end={"time": 1.0, "reason": "completed"})
    return Judged("run", history, RunVerdict(Outcome.PASS, "", verdicts))


def recovers(outcome: Outcome = Outcome.PASS, **figures: Scalar) -> Verdict:
    return Verdict("recovers", "recovers", outcome, "", figures=figures)


def test_the_slowest_recovery_is_the_worst_of_all_checks() -> None:
    run = judged(recovers(recover_s=2.0), recovers(recover_s=3.0, worst_s=5.0))
    assert totals_of([run]).recover_s_max == 5.0
    assert ">5 s<" in key_figures([run])


def test_the_toxics_removal_is_no_recovery() -> None:
    full = sample_run()
    assert full.history.faults[0].healed is not None
    told = key_figures([replace(full, verdict=RunVerdict(Outcome.PASS, "", ()))])
    assert "slowest" not in told


def test_a_recovery_that_nobody_measured_is_left_out_and_a_failed_one_is_not() -> None:
    assert "slowest recovery" not in key_figures([judged(recovers(Outcome.UNKNOWN))])
    late = key_figures([judged(recovers(recover_s=1.0), recovers(Outcome.FAIL))])
    assert "1 not in time" in late


def test_errors_say_how_many_are_undecided() -> None:
    assert "110\u00a0undecided, 0\u00a0failed" in key_figures([judged(undecided=110)])
    assert "undecided" not in key_figures([judged()])
