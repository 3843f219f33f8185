"""The verdict of a run: fail > unknown > pass, and nothing passes without evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_exit import NeverExit
from hormesis.words.check import Check, RunVerdict, Verdict
from hormesis.words.history import FaultRecord, History, LoadRecord, Note, ProcessRecord
from hormesis.words.judging import code_of, judge_run
from hormesis.words.op import Ended
from hormesis.words.outcome import ExitCode, Outcome
from tests.unit.record.histories import ENDED, MANIFEST, fault, op, run

CLEAN = run(faults=[fault()], ops=[op(1, value={"job": "a"}), op(2, value={"job": "b"})])
RACE = run(faults=[fault()], ops=[op(1, value={"job": "a"}), op(2, value={"job": "a"})])
CHECK = NeverDuplicate.model_validate({"of": "claim", "key": "job"})


def row(verdict: RunVerdict, name: str) -> Verdict:
    [found] = [one for one in verdict.verdicts if one.check == name]
    return found


def test_a_clean_run_passes_and_shows_its_evidence() -> None:
    verdict = judge_run(CLEAN, [CHECK])
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, "The one check held")
    evidence = [one for one in verdict.verdicts if one.kind == "evidence"]
    assert [one.check for one in evidence] == [
        "the run completed",
        "the record is whole",
        "fault pause bit and healed",
        "load main ran",
        "nothing happened unseen",
        "everything was put back",
    ]
    proof = row(verdict, "fault pause bit and healed").findings[0]
    assert proof.sentence == "server: process stopped; then process runs"
    assert code_of(verdict) == ExitCode.PASS


def test_a_failed_check_fails_the_run() -> None:
    verdict = judge_run(RACE, [CHECK])
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason.startswith("1 of 1 checks failed. no duplicate claim of job: ")
    assert code_of(verdict) == ExitCode.FAIL


def test_no_checks_are_no_pass() -> None:
    verdict = judge_run(CLEAN, [])
    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNKNOWN, "Not enough evidence. Nothing was checked",
    )  # fmt: skip


BARE = FaultRecord("pause-1", "pause", "pause", "server", asked=20.0)
LACKING: dict[str, tuple[History, str]] = {
    "cut off": (replace(CLEAN, end=None), "cut off"),
    "interrupted": (
        replace(CLEAN, end={**ENDED, "reason": "interrupted"}), "ended at 100.0 s, interrupted",
    ),
    "not steady": (
        replace(CLEAN, end={**ENDED, "reason": "not-steady", "detail": "503"}), "not-steady: 503",
    ),
    "torn": (replace(CLEAN, problems=("ops.bin:3: cut off",)), "ops.bin:3"),
    "never injected": (replace(CLEAN, faults=(BARE,)), "was never injected"),
    "skipped": (replace(CLEAN, faults=(replace(BARE, skipped="no GPU"),)), "skipped: no GPU"),
    "refused": (replace(CLEAN, faults=(replace(BARE, trouble="not permitted"),)), "not permitted"),
    "never bit": (replace(CLEAN, faults=(replace(fault(), bitten=None),)), "never bit"),
    "not released": (
        replace(CLEAN, faults=(replace(fault(), released=None, healed=None),)), "never released",
    ),
    "not healed": (replace(CLEAN, faults=(replace(fault(), healed=None),)), "bite is gone"),
    "custodian": (
        replace(CLEAN, faults=(replace(fault(), released_by="custodian: lease"),)),
        "behind the engine's back, by custodian: lease",
    ),
    "blind": (replace(CLEAN, notes=(Note(5.0, "fatal", "monitor", "was blind"),)), "was blind"),
    "lagging": (
        replace(CLEAN, loads=(LoadRecord("main", 1.0, 9.0, trouble="lagged 2 s"),)), "lagged 2 s",
    ),
    "unended load": (replace(CLEAN, loads=(LoadRecord("main", 1.0),)), "no recorded end"),
    "idle load": (
        replace(CLEAN, loads=(*CLEAN.loads, LoadRecord("other", 1.0, 9.0))),
        "load other made no operation",
    ),
    "dirty": (replace(CLEAN, end={**ENDED, "dirty": ["toxic x"]}), "1 effect left on this host. "),
    "declared fault": (
        replace(CLEAN, manifest={**MANIFEST, "tracks": [{"name": "kill", "sort": "fault"}]}),
        "fault kill was never asked for",
    ),
    "declared load": (
        replace(CLEAN, manifest={**MANIFEST, "tracks": [{"name": "calm", "sort": "load"}]}),
        "load calm never started",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lack", sorted(LACKING))
def test_lacking_evidence_makes_a_pass_unknown_with_the_reason(lack: str) -> None:
    history, told = LACKING[lack]
    verdict = judge_run(history, [CHECK])
    assert verdict.outcome is Outcome.UNKNOWN
    assert told in verdict.reason


@pytest.mark.parametrize("lack", sorted(LACKING))
def test_lacking_evidence_does_not_excuse_a_failure(lack: str) -> None:
    history = replace(LACKING[lack][0], ops=RACE.ops)
    assert judge_run(history, [CHECK]).outcome is Outcome.FAIL


def test_an_empty_history_is_unknown() -> None:
    verdict = judge_run(History(MANIFEST), [CHECK])
    assert verdict.outcome is Outcome.UNKNOWN


def test_a_warning_is_no_lack_of_evidence() -> None:
    notes = (Note(5.0, "warning", "steady-state", "slow"),)
    assert judge_run(replace(CLEAN, notes=notes), [CHECK]).outcome is Outcome.PASS


def test_a_check_that_breaks_is_unknown_and_costs_only_itself() -> None:
    class Broken(Check):
        def judge(self, history: History) -> Verdict:
            raise KeyError("oops")

    verdict = judge_run(CLEAN, [Broken(name="mine"), CHECK])
    assert verdict.outcome is Outcome.UNKNOWN
    assert row(verdict, "mine").summary == "the check itself broke: KeyError: 'oops'"
    assert row(verdict, CHECK.title()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({}, ExitCode.FAIL),
        ({"reason": "interrupted"}, ExitCode.INTERRUPTED),
        ({"reason": "stopped", "detail": "the limit of 5 s"}, ExitCode.STOPPED_BY_LIMIT),
        ({"reason": "stopped"}, ExitCode.STOPPED_BY_LIMIT),
        ({"reason": "interrupted", "dirty": ["x"]}, ExitCode.LEFT_DIRTY),
        ({"reason": "crashed"}, ExitCode.FAIL),
    ],
)
def test_the_exit_code_ranks_dirty_first(end: dict[str, Any], code: ExitCode) -> None:
    assert code_of(judge_run(replace(RACE, end={**ENDED, **end}), [CHECK])) == code


def test_an_unknown_run_exits_with_its_own_code() -> None:
    assert code_of(judge_run(replace(CLEAN, end=None), [CHECK])) == ExitCode.UNKNOWN


def test_a_load_of_which_nothing_succeeded_is_no_load() -> None:
    broken = [op(n, outcome=Ended.INFO, error="NameError") for n in (1, 2)]
    verdict = judge_run(run(ops=[*broken, op(3, load="other")]), [])
    assert row(verdict, "load main ran").summary == (
        "none of the 2 operations of load main ended ok (NameError: 2)"
    )
    assert judge_run(run(ops=[*broken, op(3)]), []).verdicts[2].outcome is Outcome.PASS


def test_what_the_toolkit_itself_took_down_is_no_failure_of_the_system() -> None:
    note = Note(6.0, "fatal", "custodian", "reverted system/web behind the engine's back: lease")
    down = ProcessRecord("web", 6.1, "exited", 7, -9, planned=False)
    started = ProcessRecord("web", 0.5, "started", 7)
    history = replace(CLEAN, notes=(note,), processes=(started, down))
    verdict = judge_run(history, [NeverExit(of="web")])
    assert verdict.outcome is Outcome.UNKNOWN
    real = replace(history, processes=(started, replace(down, time=5.0)))
    assert judge_run(real, [NeverExit(of="web")]).outcome is Outcome.FAIL


def test_a_round_that_an_early_end_cut_short_need_not_have_bitten() -> None:
    cut = replace(fault(injected=49.9, released=50.1), id="pause-2", bitten=None)
    early = {"condition": "all-done", "time": 50.0, "told": "done"}
    ended = run(faults=[fault(), cut], end={**ENDED, "early": early})
    told = {one.check: one.outcome for one in judge_run(ended, []).verdicts}
    assert told["fault pause bit and healed"] is Outcome.PASS
    for other in (replace(ended, faults=(cut,)), replace(ended, end=ENDED)):
        told = {one.check: one.outcome for one in judge_run(other, []).verdicts}
        assert told["fault pause bit and healed"] is Outcome.UNKNOWN


def test_why_something_is_left_on_the_host_is_told_with_it_and_nowhere_else() -> None:
    why = "kill-1/0 (kill): service 'server' ended at once"
    trouble = "release of kill-1/0: service 'server' ended at once"
    left = replace(fault(), healed=None, trouble=trouble)
    end = {**ENDED, "dirty": [why]}
    verdict = judge_run(replace(CLEAN, faults=(left,), end=end), [CHECK])
    assert verdict.dirty == (why,)
    assert "ended at once" not in verdict.reason
    assert "it could not be undone, kill-1/0 is left on this host" in verdict.reason
    # One that could be undone later is told as it was.
    assert "ended at once" in judge_run(replace(CLEAN, faults=(left,)), [CHECK]).reason
