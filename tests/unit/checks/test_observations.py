"""Checks over observations: always, sometimes, never, eventually, invariants, recovery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.always import Always
from hormesis.checks.eventually import Eventually
from hormesis.checks.invariant import Invariant
from hormesis.checks.never import Never
from hormesis.checks.recovers import Recovers
from hormesis.checks.sometimes import Sometimes
from hormesis.words.check import Verdict
from hormesis.words.history import ProbeRecord
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, look, op, run

MISS = "value is 0, expected 1"


def looks(*bad: range, until: int = 90) -> list[ProbeRecord]:
    return [look(float(t), MISS if any(t in each for each in bad) else "") for t in range(1, until)]


def test_misses_in_a_row_are_one_finding() -> None:
    verdict = Always(probe="ready").judge(run(probes=looks(range(12, 16), range(40, 41))))
    assert [one.sentence for one in verdict.findings] == [
        f"missed from 12.0 s to 15.0 s, 4 times: {MISS}",
        f"missed at 40.0 s: {MISS}",
    ]
    assert verdict.summary == "missed in 5 of 89 observations"


def test_an_observation_without_a_value_is_a_miss_unless_ignored() -> None:
    probes = [look(5.0), look(6.0, reason="refused")]
    assert Always(probe="ready").judge(run(probes=probes)).outcome is Outcome.FAIL
    ignoring = Always(probe="ready", absent="ignore")
    assert ignoring.judge(run(probes=probes)).outcome is Outcome.PASS
    verdict = ignoring.judge(run(probes=probes[1:]))
    assert (verdict.outcome, verdict.summary) == (
        Outcome.UNKNOWN, "no observation had a value: refused",
    )  # fmt: skip


def test_the_checks_own_expectation_goes_before_the_probes() -> None:
    probes = [look(5.0, MISS, fields={"status": 503})]
    assert Always(probe="ready", expect={"status": 503}).judge(run(probes=probes)).outcome is (
        Outcome.PASS
    )
    verdict = Always(probe="ready", expect={"status": 200}).judge(run(probes=probes))
    assert "status is 503, expected 200" in verdict.findings[0].sentence


def rising(*values: object) -> list[ProbeRecord]:
    return [
        look(float(n), expected=False, fields={"value": value}) for n, value in enumerate(values, 5)
    ]


def test_growth_is_counted_from_the_first_value() -> None:
    check = Always(probe="ready", growth=1.5)
    steady = check.judge(run(probes=rising(0, 40, 52, 60, 41)))
    assert (steady.outcome, steady.figures["growth"]) == (Outcome.PASS, 1.5)
    assert steady.summary == "met in all 4 observations; at most 1.5 times the first value, 40"
    late = check.judge(run(probes=rising(None, 0, 40, 52, None)))
    assert (late.outcome, late.figures["missed"]) == (Outcome.FAIL, 1)
    assert check.judge(run(probes=rising(None, 0, 40, 52))).outcome is Outcome.PASS
    leak = check.judge(run(probes=rising(40, 50, 61, 72)))
    assert (leak.outcome, leak.figures["missed"]) == (Outcome.FAIL, 2)
    assert "value is 61, expected <= 60" in leak.findings[0].sentence


@pytest.mark.parametrize("values", [(0, 0), ("many", True)])
def test_nothing_grows_from_what_is_no_number_above_0(values: tuple[object, ...]) -> None:
    verdict = Always(probe="ready", growth=1.5).judge(run(probes=rising(*values)))
    assert verdict.outcome is Outcome.UNKNOWN


def test_growth_and_an_expectation_are_two_claims() -> None:
    with pytest.raises(ValueError, match="one of expect and growth"):
        Always.model_validate({"probe": "ready", "growth": 1.5, "expect": "< 3"})


@pytest.mark.parametrize("kind", [Always, Sometimes, Never])
def test_a_probe_without_an_expectation_proves_nothing(kind: Any) -> None:
    verdict = kind(probe="ready").judge(run(probes=[look(5.0, expected=False)]))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no expectation" in verdict.summary


def test_a_window_leaves_the_rest_out() -> None:
    history = run(faults=[fault()], probes=looks(range(20, 32)))
    outcomes = {
        name: Always.model_validate({"probe": "ready", **window}).judge(history).outcome
        for name, window in {
            "all": {},
            "during": {"during": "pause"},
            "after": {"after": "pause"},
            "graceful": {"after": "pause", "grace": "2s"},
            "before": {"before": "*"},
        }.items()
    }
    assert outcomes == {
        "all": Outcome.FAIL, "during": Outcome.FAIL, "after": Outcome.FAIL,
        "graceful": Outcome.PASS, "before": Outcome.PASS,
    }  # fmt: skip


def test_looks_before_and_after_the_tracks_are_left_out_unless_there_are_no_others() -> None:
    waiting = [look(0.2, MISS), look(0.6, MISS), look(0.9)]
    assert Always(probe="ready").judge(run(probes=[*waiting, *looks()])).outcome is Outcome.PASS
    final = [look(95.0, MISS), look(96.0)]
    verdict = Always(probe="ready").judge(run(probes=final))
    assert (verdict.outcome, verdict.figures["observations"]) == (Outcome.PASS, 1)
    verdict = Always(probe="ready", after="pause").judge(run(faults=[fault()], probes=final))
    assert verdict.outcome is Outcome.FAIL


def test_never_says_what_was_seen() -> None:
    check = Never(probe="leaders", expect="> 1")
    probes = [look(float(t), probe="leaders", fields={"value": v}) for t, v in [(5, 1), (6, 2)]]
    verdict = check.judge(run(probes=probes))
    assert [one.sentence for one in verdict.findings] == ["met at 6.0 s: value is 2"]
    blind = [look(5.0, probe="leaders", reason="refused", fields={})]
    assert check.judge(run(probes=blind)).outcome is Outcome.UNKNOWN


def eventually(history: Any, **given: Any) -> Verdict:
    return Eventually.model_validate(
        {"probe": "ready", "within": "10s", "after": "pause", **given}
    ).judge(history)


def test_eventually_measures_from_the_release() -> None:
    verdict = eventually(run(faults=[fault()], probes=looks(range(20, 34))))
    assert (verdict.outcome, verdict.figures["worst_s"]) == (Outcome.PASS, 4.0)
    late = eventually(run(faults=[fault()], probes=looks(range(20, 42))))
    assert late.outcome is Outcome.FAIL
    assert late.summary == f"not met within 10s after pause-1: {MISS}"


def test_eventually_can_measure_from_the_injection_the_start_and_the_end() -> None:
    history = run(faults=[fault()], probes=looks(range(1, 24)))
    assert eventually(history, edge="injected").figures["worst_s"] == 4.0
    assert eventually(history, after="start", within="30s").figures["worst_s"] == 23.0
    final = run(probes=[look(91.0, MISS), look(93.0)])
    assert eventually(final, after="end").figures["worst_s"] == 3.0


def test_eventually_demands_steadiness() -> None:
    flapping = looks(range(20, 32), range(33, 36))
    history = run(faults=[fault()], probes=flapping)
    assert eventually(history).figures["worst_s"] == 2.0
    assert eventually(history, steady="3s").figures["worst_s"] == 6.0
    gone_again = run(faults=[fault()], probes=looks(range(20, 32), range(33, 90)))
    assert eventually(gone_again, steady="3s").outcome is Outcome.FAIL


def test_eventually_is_unknown_when_nobody_looked_long_enough() -> None:
    short = run(faults=[fault()], probes=looks(range(20, 99), until=36))
    verdict = eventually(short)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "watched for only 5.0 s" in verdict.summary
    steady = run(faults=[fault()], probes=looks(range(20, 34), until=36))
    assert eventually(steady, steady="5s").outcome is Outcome.UNKNOWN
    assert eventually(run(faults=[fault()], probes=looks(until=25))).outcome is Outcome.UNKNOWN
    too_late = run(faults=[fault()], probes=[look(80.0)])
    assert "came too late" in eventually(too_late).summary


def test_every_release_counts_and_the_worst_is_told() -> None:
    faults = [fault(), fault("pause", 50.0, 60.0)]
    history = run(faults=faults, probes=looks(range(20, 33), range(50, 80)))
    verdict = eventually(history)
    assert verdict.outcome is Outcome.FAIL
    assert len(verdict.findings) == 2
    unreleased = run(faults=[fault("pause", 5.0, None)], probes=looks())
    assert eventually(unreleased).outcome is Outcome.UNKNOWN
    assert recovers(unreleased).outcome is Outcome.UNKNOWN


ROW = {"current_job_id": "j1", "bots": 3}


def table(time: float, *rows: dict[str, Any], count: int | None = None) -> ProbeRecord:
    fields = {"value": None, "count": len(rows) if count is None else count}
    return look(time, probe="duplicates", rows=rows, fields=fields)


def test_an_invariant_tells_each_row_once_with_the_time_it_was_seen() -> None:
    check = Invariant(probe="duplicates", sentence="Job {current_job_id} assigned to {bots} bots")
    probes = [table(5.0), table(6.0, ROW), table(7.0, ROW, {**ROW, "bots": 2}), table(8.0)]
    verdict = check.judge(run(probes=probes))
    assert [one.sentence for one in verdict.findings] == [
        "Job j1 assigned to 3 bots, seen from 6.0 s to 7.0 s",
        "Job j1 assigned to 2 bots, seen at 7.0 s",
    ]
    assert verdict.findings[0].data == ROW
    assert Invariant(probe="duplicates", at="end").judge(run(probes=probes)).outcome is (
        Outcome.PASS
    )


def test_an_invariant_counts_rows_that_were_not_shipped() -> None:
    verdict = Invariant(probe="duplicates").judge(run(probes=[table(5.0, count=4)]))
    assert verdict.outcome is Outcome.FAIL
    assert "4 rows" in verdict.summary


def test_failed_looks_prove_nothing_about_an_invariant() -> None:
    blind = look(6.0, probe="duplicates", reason="refused", fields={})
    check = Invariant(probe="duplicates")
    assert check.judge(run(probes=[table(5.0), blind])).outcome is Outcome.PASS
    assert check.judge(run(probes=[blind])).outcome is Outcome.UNKNOWN
    at_end = Invariant(probe="duplicates", at="end")
    assert at_end.judge(run(probes=[table(5.0), blind])).outcome is Outcome.UNKNOWN
    no_table = look(6.0, probe="duplicates", fields={"value": 0})
    assert "gives no rows" in check.judge(run(probes=[no_table])).summary


def counted(value: int | None, reason: str = "") -> ProbeRecord:
    miss = "" if value else f"value is {value}, expected > 0"
    fields = {} if reason else {"value": value}
    return look(9.0, probe="rows", fields=fields, reason=reason, miss=miss, expected=True)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([counted(0)], "there was nothing to look at: rows: value is 0, expected > 0"),
        ([counted(5), counted(0)], "there was nothing to look at: rows: value is 0, expected > 0"),
        (
            [counted(None, "refused")],
            "no evidence from 'rows': no observation had a value: refused",
        ),
        ([], "no evidence from 'rows': it was never observed"),
    ],
)
def test_an_invariant_without_the_evidence_it_asks_for_is_unknown(
    rows: list[ProbeRecord], why: str
) -> None:
    check = Invariant(probe="duplicates", evidence="rows")
    verdict = check.judge(run(probes=[table(5.0), *rows]))
    assert (verdict.outcome, verdict.summary, verdict.advice) == (Outcome.UNKNOWN, why, "")
    broken = check.judge(run(probes=[table(5.0, ROW), *rows]))
    assert broken.outcome is Outcome.FAIL


def test_an_invariant_with_its_evidence_passes() -> None:
    check = Invariant(probe="duplicates", evidence="rows")
    assert check.judge(run(probes=[table(5.0), counted(5)])).outcome is Outcome.PASS


def test_an_unknown_column_in_a_sentence_stands_for_itself() -> None:
    verdict = Invariant(probe="duplicates", sentence="{job} {bots}").judge(
        run(probes=[table(5.0, ROW)])
    )
    assert verdict.findings[0].sentence == "{job} 3, seen at 5.0 s"


@pytest.mark.parametrize("text", ["{", "{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "{0}"])
def test_a_sentence_takes_plain_column_names_only(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Invariant(probe="duplicates", sentence=text)


def recovers(history: Any, **given: Any) -> Verdict:
    return Recovers.model_validate(
        {"fault": "pause", "of": "ready", "within": "10s", **given}
    ).judge(history)


def test_recovery_is_measured_from_injection_and_release() -> None:
    verdict = recovers(run(faults=[fault()], probes=looks(range(22, 34))))
    assert verdict.outcome is Outcome.PASS
    assert verdict.figures == {"episodes": 1, "detect_s": 2.0, "recover_s": 4.0, "worst_s": 4.0}
    assert verdict.summary == (
        f"bad 2.0 s after the injection of pause-1 ({MISS}), good again 4.0 s after its release"
    )


def test_late_recovery_and_none_both_fail() -> None:
    late = recovers(run(faults=[fault()], probes=looks(range(22, 45))))
    assert (late.outcome, late.figures["worst_s"]) == (Outcome.FAIL, 15.0)
    never = recovers(run(faults=[fault()], probes=looks(range(22, 99))))
    assert never.outcome is Outcome.FAIL
    assert never.summary == (
        f"still bad 59.0 s after the release of pause-1: {MISS}; 10s were allowed"
    )


def test_a_failure_says_when_it_was_bad_before_the_fault_already() -> None:
    ill = recovers(run(faults=[fault()], probes=looks(range(15, 99))))
    assert ill.outcome is Outcome.FAIL
    assert ill.summary.endswith(f"; it was bad before the fault, too ({MISS})")
    well_again = recovers(run(faults=[fault()], probes=looks(range(15, 18), range(22, 99))))
    assert (well_again.outcome, "before the fault" in well_again.summary) == (Outcome.FAIL, False)


def test_a_relapse_within_steady_is_not_a_recovery_and_a_later_one_is_told() -> None:
    verdict = recovers(run(faults=[fault()], probes=looks(range(22, 33), range(34, 37))))
    assert verdict.figures["worst_s"] == 7.0
    verdict = recovers(run(faults=[fault()], probes=looks(range(22, 33), range(60, 62))))
    assert verdict.figures["worst_s"] == 3.0
    assert "bad again at 60.0 s" in verdict.summary


def test_a_relapse_that_lasts_until_watching_ends_is_no_recovery() -> None:
    verdict = recovers(run(faults=[fault()], probes=looks(range(22, 33), range(60, 100))))
    assert verdict.outcome is Outcome.FAIL
    assert "bad again at 60.0 s" in verdict.summary
    assert "when watching ended" in verdict.summary
    last = looks()[-1].time
    well = recovers(run(faults=[fault()], probes=looks(range(22, 33), range(60, int(last)))))
    assert (well.outcome, "bad again at 60.0 s" in well.summary) == (Outcome.PASS, True)


def test_watching_ends_when_the_next_fault_of_any_track_is_asked_for() -> None:
    relapsing = looks(range(22, 33), range(60, 100))
    other = replace(fault("kill", 60.0, 70.0), asked=59.5)
    broken_by_it = recovers(run(faults=[fault(), other], probes=relapsing))
    assert (broken_by_it.outcome, broken_by_it.figures["worst_s"]) == (Outcome.PASS, 3.0)
    soon = replace(other, asked=31.5, injected=31.6)
    recovering = recovers(run(faults=[fault(), soon], probes=looks(range(22, 33))))
    assert (recovering.outcome, recovering.figures["worst_s"]) == (Outcome.PASS, 3.0)
    before = recovers(
        run(faults=[fault(), replace(other, asked=70.5, injected=71.0)], probes=relapsing)
    )
    assert before.outcome is Outcome.FAIL
    over = replace(other, asked=24.0, injected=24.1, released=25.0)
    skipped = replace(other, skipped="no GPU", injected=None)
    for harmless in (over, skipped):
        judged = recovers(run(faults=[fault(), harmless], probes=relapsing))
        assert judged.outcome is Outcome.FAIL


def test_what_was_good_until_the_fault_showed_is_no_recovery() -> None:
    verdict = recovers(run(faults=[fault()], probes=looks(range(34, 38))))
    assert (verdict.outcome, verdict.figures["worst_s"]) == (Outcome.PASS, 8.0)
    lasting = recovers(run(faults=[fault()], probes=looks(range(34, 99))))
    assert lasting.outcome is Outcome.FAIL
    assert "still bad" in lasting.summary


def test_never_bad_is_said() -> None:
    verdict = recovers(run(faults=[fault()], probes=looks()))
    assert (verdict.outcome, verdict.figures["worst_s"]) == (Outcome.PASS, 0.0)
    assert verdict.summary.startswith("never bad during or after pause-1, in 10 looks")


@pytest.mark.parametrize(
    ("probes", "told"),
    [
        (looks(range(22, 99), until=30), "nobody looked after the release"),
        (looks(range(22, 99), until=35), "10s are allowed, but nobody looked that long"),
        (looks(range(22, 33), until=34), "not seen to stay so"),
    ],
)
def test_recovery_that_nobody_watched_is_unknown(probes: list[ProbeRecord], told: str) -> None:
    verdict = recovers(run(faults=[fault()], probes=probes))
    assert verdict.outcome is Outcome.UNKNOWN
    assert told in verdict.summary


def test_a_recovery_that_the_next_fault_cut_short_is_unknown_and_says_so() -> None:
    other = replace(fault("pause", 34.0, 40.0), id="other-1", track="other")
    verdict = recovers(run(faults=[fault(), other], probes=looks(range(22, 99))))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "10s are allowed, but the next fault came before" in verdict.summary


def test_sparse_looks_do_not_stand_for_time_that_nobody_watched() -> None:
    probes = [look(25.0, MISS), look(30.5, MISS), look(36.0, MISS)]
    assert recovers(run(faults=[fault()], probes=probes)).outcome is Outcome.UNKNOWN


def test_overlapping_faults_are_one_episode_and_later_ones_another() -> None:
    faults = [fault("pause", 20.0, 30.0), fault("pause", 25.0, 35.0), fault("pause", 60.0, 65.0)]
    verdict = recovers(run(faults=faults, probes=looks(range(21, 37), range(61, 70))))
    assert verdict.figures == {"episodes": 2, "detect_s": 1.0, "recover_s": 3.5, "worst_s": 5.0}


def test_operations_recover_too_and_slow_ones_can_count_as_bad() -> None:
    ops = [
        op(n, float(n), **({"outcome": Ended.FAIL, "error": "refused"} if 21 <= n < 33 else {}))
        for n in range(1, 80)
    ]
    history = run(faults=[fault()], ops=ops)
    verdict = recovers(history, of="claim")
    assert verdict.figures["worst_s"] == pytest.approx(3.01)
    assert "claim ended fail: refused" in verdict.summary
    took = {n: 1.5 if 21 <= n < 35 else 0.01 for n in range(1, 80)}
    slow = run(faults=[fault()], ops=[op(n, float(n), took=took[n]) for n in took])
    assert recovers(slow, of="claim").figures["worst_s"] == 0.0
    slowed = recovers(slow, of="claim", slow="1s").figures["worst_s"]
    assert isinstance(slowed, float) and slowed > 5.0
    assert recovers(history, of="nosuch").outcome is Outcome.UNKNOWN


def test_what_the_next_fault_breaks_is_not_booked_on_this_one() -> None:
    other = replace(fault("pause-2", 31.0, 50.0), asked=31.0)
    shaken = looks(range(25, 30), range(31, 51))
    verdict = recovers(run(faults=[fault(), other], probes=shaken))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "the next fault came at 31.0 s" in verdict.summary


def test_a_fault_during_which_nobody_looked_proves_nothing() -> None:
    verdict = recovers(run(faults=[fault()], probes=[look(5.0), look(31.0), look(40.0)]))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "nobody looked during pause-1" in verdict.summary
