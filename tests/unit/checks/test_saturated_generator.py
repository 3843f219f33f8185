"""A limit on time that only the load generator's own lag breaks is neither kept nor broken."""

from __future__ import annotations

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.words.history import History, LoadRecord
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import op, run

LATE = "the load generator was saturated"
OPS = [op(n, due=2.0 + n, took=0.4) for n in range(10)]


def history(trouble: str, lag_s: float) -> History:
    loads = (
        LoadRecord("main", 1.0, ended=90.0, users=1, iterations=1, loop_lag_s=lag_s),
        LoadRecord("other", 1.0, ended=90.0, users=1, loop_lag_s=lag_s, trouble=trouble),
    )
    return run(ops=OPS, loads=loads)


@pytest.mark.parametrize(
    ("expression", "trouble", "lag_s", "outcome"),
    [
        ("http_req_duration p(95) < 100ms", LATE, 0.35, Outcome.UNKNOWN),
        ("http_req_duration p(95) < 100ms", LATE, 0.25, Outcome.FAIL),
        ("http_req_duration p(95) < 100ms", "", 0.35, Outcome.FAIL),
        ("http_req_duration p(95) < 500ms", LATE, 0.35, Outcome.PASS),
        ("http_req_duration p(95) > 500ms", LATE, 0.35, Outcome.FAIL),
        ("http_reqs count < 5", LATE, 0.35, Outcome.FAIL),
    ],
)
def test_a_saturated_load_generator_is_not_blamed_on_the_system(
    expression: str, trouble: str, lag_s: float, outcome: Outcome
) -> None:
    verdict = Threshold(expression=expression).judge(history(trouble, lag_s))
    assert verdict.outcome is outcome, verdict.summary
    if outcome is Outcome.UNKNOWN:
        assert "350ms late" in verdict.summary
