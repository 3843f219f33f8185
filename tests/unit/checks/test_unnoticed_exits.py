"""A service that ended by itself is repaired, claimed by a check, or makes the run unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_exit import NeverExit
from hormesis.words.check import Verdict
from hormesis.words.history import History, Phase, ProcessRecord
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import op, run, started

HOLDS = NeverDuplicate.model_validate({"of": "claim", "key": "job"})
ENDED = ProcessRecord("server", 40.0, "exited", 11, 1)


def history(*processes: ProcessRecord) -> History:
    return run(ops=[op(1, value={"job": "a"})], processes=(started(), *processes))


def row(told: History, *checks: NeverExit) -> Verdict:
    verdicts = judge_run(told, [HOLDS, *checks]).verdicts
    [found] = [one for one in verdicts if one.check == "no service ended unnoticed"]
    return found


def test_an_exit_that_nothing_repaired_and_no_check_covers_makes_the_run_unknown() -> None:
    verdict = judge_run(history(ENDED), [HOLDS])
    assert verdict.outcome is Outcome.UNKNOWN
    assert "server (pid 11) ended by itself at 40.0 s, status 1" in verdict.reason
    assert "was not started again" in verdict.reason


def test_a_start_of_another_service_or_an_earlier_one_repairs_nothing() -> None:
    other = ProcessRecord("worker", 41.0, "started", 12)
    assert row(history(ENDED, other)).outcome is Outcome.UNKNOWN
    assert row(history(ProcessRecord("server", 39.0, "started", 11), ENDED)).figures == {
        "exits": 1, "repaired": 0,
    }  # fmt: skip


def test_an_exit_that_the_restart_policy_repaired_is_named() -> None:
    told = row(history(ENDED, ProcessRecord("server", 41.5, "started", 12)))
    assert (told.outcome, told.summary) == (
        Outcome.PASS, "1 of 1 exits were repaired by a restart",
    )  # fmt: skip
    assert told.findings[0].sentence == (
        "server (pid 11) ended by itself at 40.0 s, status 1, and was started again at 41.5 s"
    )
    again = ProcessRecord("server", 60.0, "exited", 12, -9)
    assert row(history(ENDED, ProcessRecord("server", 41.5, "started", 12), again)).outcome is (
        Outcome.UNKNOWN
    )


@pytest.mark.parametrize(
    ("pattern", "outcome"),
    [("server", Outcome.PASS), ("s*", Outcome.PASS), ("db", Outcome.UNKNOWN)],
)
def test_a_check_that_covers_the_service_says_it_itself(pattern: str, outcome: Outcome) -> None:
    check = NeverExit.model_validate({"of": pattern})
    assert row(history(ENDED), check).outcome is outcome
    failed = judge_run(history(ENDED), [HOLDS, NeverExit.model_validate({"of": "server"})])
    assert failed.outcome is Outcome.FAIL


def test_planned_exits_and_those_of_the_closing_are_none() -> None:
    planned = replace(ENDED, planned=True)
    assert row(history(planned)).summary == "no service ended by itself"
    late = replace(ENDED, time=96.0)
    assert row(history(late)).outcome is Outcome.UNKNOWN
    told = history(late)
    closing = replace(told, phases=(*told.phases, Phase("closing", 95.0)))
    assert row(closing).outcome is Outcome.PASS


UNSTARTED = ProcessRecord("server", 30.0, "exited", 12, 127, planned=True, failed_start=True)
KILLED = ProcessRecord("server", 20.0, "exited", 11, -9, planned=True)


def test_a_start_of_ours_that_failed_is_not_counted_against_the_system() -> None:
    seen = history(KILLED, UNSTARTED)
    verdict = NeverExit(of="server").judge(seen)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.summary.startswith(
        "this run ended server and could not start it again at 30.0 s, with status 127, so nobody"
    )
    assert row(seen).outcome is Outcome.PASS


def test_one_that_was_started_after_all_is_judged_by_what_followed() -> None:
    again = ProcessRecord("server", 31.0, "started", 13)
    assert NeverExit(of="server").judge(history(KILLED, UNSTARTED, again)).outcome is Outcome.PASS
    fell = ProcessRecord("server", 40.0, "exited", 13, 1)
    verdict = NeverExit(of="server").judge(history(KILLED, UNSTARTED, again, fell))
    assert verdict.outcome is Outcome.FAIL


def test_a_start_that_is_tried_while_everything_is_put_back_takes_nothing_back() -> None:
    closing = Phase("closing", 50.0)
    tried = [
        ProcessRecord("server", 51.0, "started", 14), replace(UNSTARTED, time=51.1),
    ]  # fmt: skip
    before = replace(history(KILLED, UNSTARTED, tried[0]), phases=(closing,))
    assert NeverExit(of="server").judge(before).outcome is Outcome.UNKNOWN
    only = replace(history(*tried), phases=(closing,))
    assert NeverExit(of="server").judge(only).outcome is Outcome.PASS
