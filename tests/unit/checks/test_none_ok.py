"""Where nothing ended ok it is told what it ended with, the most frequent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.counter import Counter
from hormesis.checks.exactly_once import ExactlyOnce
from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.queue import Queue
from hormesis.checks.set import Set
from hormesis.checks.threshold import Threshold
from hormesis.words.check import Check
from hormesis.words.not_ok import told_not_ok
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run

CHECKS: list[Check] = [
    NeverLost(of="claim", key="id", found_in="rows"),
    ExactlyOnce(of="claim", key="id", found_in="rows"),
    NeverDuplicate.model_validate({"of": "claim", "key": "id"}),
    Set.model_validate({"of": "rows", "added_by": "claim", "key": "id"}),
]


def refused(count: int, error: str, first: int = 1, **given: Any) -> list[Op]:
    return [op(first + n, outcome=Ended.INFO, error=error, **given) for n in range(count)]


FAILED = [*refused(2, "timeout"), *refused(3, "http-202", 10), *refused(1, "", 20),
          *refused(1, "http-500", 30), *refused(1, "http-502", 40)]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.kind)
def test_it_is_told_why_nothing_was_acknowledged(check: Check) -> None:
    verdict = check.judge(run(ops=FAILED, probes=[look(50.0, probe="rows", rows=({"id": "a"},))]))
    assert verdict.outcome is Outcome.UNKNOWN
    assert (
        "no operation 'claim' ended ok with id "
        "(http-202: 3, timeout: 2, http-500: 1, 2 more); " in verdict.summary
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.kind)
def test_an_answer_without_the_field_is_told_as_that(check: Check) -> None:
    ops = [op(1), op(2), *refused(1, "http-503", 3)]
    told = check.judge(run(ops=[replace(one, value={}) for one in ops])).summary
    assert "ended ok with id (2 ended ok without it; http-503: 1); " in told


def test_a_threshold_and_a_counter_tell_it_too() -> None:
    slow = Threshold(expression="http_req_duration p(95) < 500ms").judge(run(ops=FAILED))
    assert "none of 8 operations ended ok (http-202: 3, timeout: 2, " in slow.summary
    counter = Counter.model_validate({"of": "rows", "added_by": "claim"})
    looked = run(ops=FAILED, probes=[look(50.0, probe="rows")])
    assert "no operation 'claim' ended ok (http-202: 3, " in counter.judge(looked).summary
    queue = Queue.model_validate({"of": "take", "added_by": "claim", "key": "id"})
    assert "no operation 'claim' ended ok (http-202: 3, " in queue.judge(looked).summary


@pytest.mark.parametrize("kept", [list, tuple])
def test_only_one_load_is_told(kept: type[Sequence[Op]]) -> None:
    ops = kept([*refused(2, "timeout"), *refused(1, "http-500", 10, load="other"), op(20)])
    assert told_not_ok(ops, "main") == "timeout: 2"
    assert told_not_ok(ops) == "timeout: 2, http-500: 1"
    assert told_not_ok(run(ops=ops).ops, "other") == "http-500: 1"
