"""A list of which only a part was kept leaves things undecided, and the verdict says why."""

from __future__ import annotations

import pytest

from hormesis.checks.exactly_once import ExactlyOnce
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.set import Set
from hormesis.words.check import Check
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run

CHECKS: list[Check] = [
    NeverLost.model_validate({"of": "add", "key": "id", "found_in": "all"}),
    ExactlyOnce.model_validate({"of": "add", "key": "id", "found_in": "all"}),
    Set.model_validate({"of": "all", "added_by": "add", "key": "id"}),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.kind)
@pytest.mark.parametrize(("count", "outcome"), [(3, Outcome.UNKNOWN), (2, Outcome.FAIL)])
def test_what_a_cut_list_lacks_is_undecided_with_the_reason(
    check: Check, count: int, outcome: Outcome
) -> None:
    ops = [op(n, float(n), name="add", value={"id": f"k{n}"}) for n in (1, 2, 3)]
    rows = [{"id": "k1"}, {"id": "k2"}]
    seen = look(50.0, probe="all", rows=rows, fields={"count": count})
    verdict = check.judge(run(ops=ops, probes=[seen]))
    assert verdict.outcome is outcome
    told = "the list of 'all' had 3 rows, of which 2 were kept (raise its rows_max)"
    assert (told in verdict.summary) is (outcome is Outcome.UNKNOWN)
