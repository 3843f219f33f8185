"""``results.txt`` of the suite tasks: what a run without an end, or with a band, says."""

from __future__ import annotations

from hormesis.suites.tasks.results import TasksResults
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.record.histories import look, run


def line(history: History, *verdicts: Verdict) -> str:
    judged = Judged("flood", history, RunVerdict(Outcome.UNKNOWN, "", verdicts))
    return TasksResults().render("t", [judged]).decode().splitlines()[-1]


def test_a_run_whose_record_is_cut_off_is_unfinished() -> None:
    assert line(run(end=None)).endswith("UNKNOWN (unfinished)")
    seen = run(end=None, probes=[look(5.0, probe="retries", fields={"value": 2})])
    assert line(seen).endswith("UNKNOWN (unfinished, 2 retries)")
    assert line(run()).endswith("UNKNOWN (89s, unknown retries)")


def recovery(**figures: float) -> Verdict:
    return Verdict("back", "recovers", Outcome.PASS, "", figures=figures)


def test_the_slowest_recovery_is_told_and_of_several_the_mean() -> None:
    first = recovery(episodes=1, recover_s=2.0, worst_s=2.0)
    assert line(run(), first).endswith("recovered within 2.0s)")
    later = recovery(episodes=3, recover_s=4.0, worst_s=5.0)
    assert line(run(), first, later).endswith("recovered within 5.0s, 3.5s in the mean)")
    never = recovery(episodes=3)
    assert "recovered" not in line(run(), never)


def test_a_band_is_told_beside_the_share() -> None:
    figures = {"created": 40, "done": 12, "took_s": 50.0, "share_min": 0.2, "share_max": 0.5}
    done = Verdict("done", "completes", Outcome.PASS, "", figures=figures)
    assert "(30.0% of 20-50% expected, 50s" in line(run(), done)
