"""A limit on time that only the load generator's own lag breaks is neither kept nor broken."""

from __future__ import annotations

from dataclasses import replace

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


SLOW = [op(n, due=2.0 + n, took=0.006) for n in range(100)]
STARVED = LoadRecord(
    "main", 1.0, ended=90.0, users=20, loop_lag_s=0.005, cpu_share=0.04, cpu_wait_share=0.14,
    late_p50_s=0.0001, late_p95_s=0.003, late_p99_s=0.004,
)  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "record", "told"),
    [
        ("http_req_duration p(95) < 5ms", {}, "load generator itself was 3ms late (p95)"),
        ("http_req_service p(99) < 2.5ms", {}, "load generator itself was 4ms late (p99)"),
        ("http_req_duration max < 2.5ms", {}, "load generator itself was 4ms late (p99)"),
        ("http_req_duration p(95) < 2ms", {}, "up to 9ms late: it waited for a CPU 14%"),
        ("http_req_duration p(95) < 2ms", {"cpu_share": 0.5}, ""),
        ("http_req_duration p(95) < 2ms", {"cpu_share": 0.5, "cpu_wait_share": 0.3}, "up to 9ms"),
        ("http_req_duration med < 5ms", {"cpu_wait_share": 0.0}, ""),
        ("http_req_duration p(95) < 5.9ms", {"cpu_wait_share": 0.0, "late_p95_s": 0.0009}, ""),
        ("http_req_duration p(95) < 7ms", {}, None),
    ],
)
def test_what_may_be_the_generators_own_lateness_is_not_blamed_on_the_system(
    expression: str, record: dict[str, float], told: str | None
) -> None:
    load = replace(STARVED, **record)  # type: ignore[arg-type]
    verdict = Threshold(expression=expression).judge(run(ops=SLOW, loads=(load,)))
    expected = Outcome.PASS if told is None else Outcome.UNKNOWN if told else Outcome.FAIL
    assert verdict.outcome is expected, verdict.summary
    assert (told or "") in verdict.summary
