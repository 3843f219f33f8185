"""Thresholds on every metric: slices, a user's own, tags, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.record.histogram import Histogram
from hormesis.words.check import Verdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def made(
    metric: str, sort: MetricSort, values: list[float], tags: Mapping[str, str] | None = None
) -> MetricSlice:
    buckets = Histogram.of(values).to_json()["buckets"] if sort is MetricSort.TREND else {}
    return MetricSlice(
        metric, sort, "main", 5.0, len(values), sum(values), min(values), max(values), values[-1],
        tags or {}, {int(bucket): count for bucket, count in buckets.items()},
    )  # fmt: skip


SLICES = [
    made("checks", MetricSort.RATE, [1.0, 1.0, 0.0, 1.0], {"check": "status is 200"}),
    made("checks", MetricSort.RATE, [1.0], {"check": "body"}),
    made("http_req_waiting", MetricSort.TREND, [0.1, 0.2, 0.3]),
    made("data_sent", MetricSort.COUNTER, [1000.0, 500.0]),
    made("vus", MetricSort.GAUGE, [5.0, 9.0]),
    made("logins", MetricSort.COUNTER, [3.0, 4.0], {"tenant": "big"}),
    made("queue", MetricSort.GAUGE, [3.0, 1.0]),
    made("waiting_time", MetricSort.TREND, [100.0, 200.0]),
]
OPS = [
    replace(op(1, 5.0), tags={"tenant": "big", "status": "200", "method": "GET"}),
    replace(op(2, 6.0, outcome=Ended.FAIL, error="http-503"), tags={"status": "503"}),
    replace(op(3, 7.0, name="http://a:80/b"), tags={"status": "200"}),
]
LOADS = (LoadRecord("main", 1.0, ended=80.0, iterations=7, waited=2),)


def played() -> History:
    return replace(run(ops=OPS, faults=[fault()], loads=LOADS), metrics=SLICES)


def judged(expression: str) -> Verdict:
    return Threshold(expression=expression).judge(played())


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("checks rate > 0.99", 0.8),
        ('checks{check:"status is 200"} rate > 0.99', 0.75),
        ("checks{check:body} rate < 0.5", 1.0),
        ("http_req_waiting p(95) < 1", 0.3),
        ("http_req_waiting avg < 1", 0.2),
        ("data_sent count > 10KB", 1500.0),
        ("vus max < 2", 9.0),
        ("vus value < 2", 9.0),
        ("logins count > 100", 7.0),
        ("logins{tenant:big} count > 100", 7.0),
        ("queue value > 5", 1.0),
        ("queue max < 2", 3.0),
        ("waiting_time p(95) < 150", 200.0),
        ("iterations count > 9", 7.0),
        ("iterations{scenario:main} count > 9", 7.0),
        ("waited_iterations count < 1", 2.0),
        ("http_reqs{tenant:big} count > 5", 1.0),
        ("http_reqs{status:200,method:GET} count > 5", 1.0),
        ("http_reqs{status:404} count > 5", 0.0),
        ("http_reqs{name:http://a:80/b} count > 5", 1.0),
        ("http_reqs{scenario:main} count > 5", 3.0),
        ("http_req_failed{status:503} rate < 50%", 1.0),
    ],
)
def test_figures(expression: str, value: float) -> None:
    verdict = judged(expression)
    assert verdict.outcome is FAIL, verdict.summary
    [figure] = [number for name, number in verdict.figures.items() if name.startswith("value")]
    assert figure == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (
            "signups count > 1",
            "no samples: signups was not recorded; recorded metrics: checks, data_sent, "
            "http_req_waiting, logins, queue, vus, waiting_time",
        ),
        ("signups count < 1", "no samples: signups was not recorded; recorded metrics: checks"),
        ("group_duration p(95) < 1", "no samples: group_duration was not recorded"),
        ("checks{check:statsu} rate > 0.9", "checks never had check:statsu; there are: body, sta"),
        ("logins p(95) < 5", "logins is a counter, which has count, rate, value"),
        ("waiting_time rate < 5", "waiting_time is a trend, which has avg, min, max, med, p(N)"),
        ("http_reqs{name:clam} count == 0", "no operation has name:clam; did you mean claim?"),
        ("http_reqs{tennant:big} count == 0", "no operation has the tag tennant; recorded tags: "),
        ("http_req_duration{load:mian} p(95) < 5", "no operation has load:mian; did you mean main"),
        ("http_req_duration{status:404} p(95) < 5", "no samples"),
    ],
)
def test_what_is_not_there_is_unknown_and_what_is_there_is_named(
    expression: str, told: str
) -> None:
    verdict = judged(expression)
    assert verdict.outcome is UNKNOWN, verdict.summary
    assert told in verdict.summary


def test_a_count_without_a_window_comes_from_the_loads_own_records() -> None:
    short = replace(played(), metrics=[made("iterations", MetricSort.COUNTER, [1.0])])
    assert Threshold(expression="iterations count == 7").judge(short).outcome is PASS


def test_a_counter_that_never_counted_in_a_window_is_zero_there() -> None:
    verdict = judged("logins count < 5 during(pause)")
    assert (verdict.outcome, verdict.figures["value"]) == (PASS, 0.0)


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        ("150", Outcome.FAIL),
        ("199", Outcome.UNKNOWN),
        ("201", Outcome.UNKNOWN),
        ("250", Outcome.PASS),
    ],
)
def test_a_limit_within_what_a_histogram_knows_decides_nothing(
    limit: str, outcome: Outcome
) -> None:
    verdict = judged(f"waiting_time p(95) < {limit}")
    assert verdict.outcome is outcome
    assert ("known within 1%" in verdict.summary) is (outcome is Outcome.UNKNOWN)
