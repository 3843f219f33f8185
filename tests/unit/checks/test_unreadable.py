"""A probe that could not be read even once says nothing; one that was lost is a miss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.always import Always
from hormesis.checks.eventually import Eventually
from hormesis.checks.invariant import Invariant
from hormesis.checks.never import Never
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.recovers import Recovers
from hormesis.checks.sometimes import Sometimes
from hormesis.words.check import Check
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, look, op, run

UNDEFINED = 'relation "jobs" does not exist (42P01)'
CHECKS: list[Check] = [
    Always(probe="ready"),
    Sometimes(probe="ready"),
    Never(probe="ready"),
    Invariant(probe="ready"),
    Eventually.model_validate({"probe": "ready", "within": "10s", "after": "pause"}),
    Recovers(fault="pause", of="ready"),
]
OUTAGES_MISS: list[Check] = [
    one for one in CHECKS if not isinstance(one, Never | Invariant)
]


def seen(reason: str, since: int = 1, **given: Any) -> History:
    looks = [look(float(t), reason=reason, fields={}) for t in range(since, 90)]
    return run(faults=[fault()], probes=looks, **given)


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.kind)
@pytest.mark.parametrize("since", [1, 25], ids=["monitor", "late"])
def test_a_statement_that_does_not_fit_is_unknown(check: Check, since: int) -> None:
    verdict = check.judge(seen(UNDEFINED, since))
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.advice == ""


@pytest.mark.parametrize("check", OUTAGES_MISS, ids=lambda one: one.kind)
def test_it_is_told_which_probe_and_why(check: Check) -> None:
    told = check.judge(seen(UNDEFINED)).summary
    assert told == (
        f"probe 'ready' never had a value, in 89 observations: {UNDEFINED}; "
        "does its statement fit this database?"
    )
    assert "http-404; does it look at the right place?" in check.judge(seen("http-404")).summary


@pytest.mark.parametrize("check", OUTAGES_MISS, ids=lambda one: one.kind)
def test_what_never_answered_from_beginning_to_end_is_unknown(check: Check) -> None:
    assert check.judge(seen("refused: 127.0.0.1:1")).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("check", OUTAGES_MISS, ids=lambda one: one.kind)
def test_what_does_not_answer_once_something_was_done_to_it_is_a_miss(check: Check) -> None:
    assert check.judge(seen("refused: 127.0.0.1:1", since=21)).outcome is Outcome.FAIL


@pytest.mark.parametrize("reason", ["http-503", "http-404", UNDEFINED])
def test_one_value_is_enough_for_an_outage_to_count(reason: str) -> None:
    history = seen(reason)
    history = replace(history, probes=[look(0.9), *history.probes])
    assert Always(probe="ready").judge(history).outcome is Outcome.FAIL


def test_a_metric_that_is_not_on_the_page_was_looked_for() -> None:
    verdict = Sometimes(probe="ready").judge(seen("retries: no such metric on the page"))
    assert verdict.outcome is Outcome.FAIL


def test_a_final_probe_that_was_not_come_to_was_never_observed() -> None:
    lost = NeverLost(of="claim", key="job", found_in="known")
    verdict = lost.judge(run(ops=[op(1, value={"job": "a"})]))
    assert (verdict.outcome, verdict.summary) == (
        Outcome.UNKNOWN, "'known' was never observed, and no operation was called so",
    )  # fmt: skip
