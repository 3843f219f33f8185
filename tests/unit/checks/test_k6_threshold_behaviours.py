"""What k6 documents or does with thresholds: kept, or done better on purpose.

One row for each behaviour that was seen in k6 2.2; ``k6`` says what it does. ``kept`` rows give the
same answer here, ``better`` rows another one, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.record.claim import claim_of
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Drop, Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
REFUSED = "refused"


def at(number: int, due: float, **given: Any) -> Any:
    tags = {"status": given.pop("status", "200"), "method": "GET"}
    return replace(op(number, due, **given), tags=tags)


def played() -> History:
    """Return six seconds at 50/s; half of the first second fails."""
    ops = [
        at(n, 1.0 + n / 50, outcome=Ended.FAIL if n < 50 and n % 2 else Ended.OK)
        for n in range(300)
    ]
    ops += [at(1000, 2.0, name="http://a.b:80/c?d")]
    slices = [
        MetricSlice("checks", MetricSort.RATE, "main", 2.0, 10, 9.0, 0.0, 1.0, 1.0),
        MetricSlice("my_gauge", MetricSort.GAUGE, "main", 2.0, 3, 9.0, 2.0, 4.0, 3.0),
    ]
    loads = (LoadRecord("main", 1.0, ended=7.0, iterations=300),)
    return replace(run(ops=ops, loads=loads), metrics=slices)


NOTHING = run(loads=(LoadRecord("main", 1.0, ended=7.0),))
FROZEN = run(
    ops=[op(n, 1.0 + n / 50, took=1.2 if n in range(700, 760) else 0.008) for n in range(1500)],
    loads=(LoadRecord("main", 1.0, ended=31.0),),
)
DROPPED = replace(
    run(
        ops=[op(n, 1.0 + n / 100, took=0.0085) for n in range(910)],
        loads=(LoadRecord("main", 1.0, ended=13.0, dropped=291),),
    ),
    drops=[Drop("main", 6.0 + n / 100) for n in range(291)],
)


@dataclass(frozen=True)
class Row:
    """One behaviour: what is asked of which run, what comes out here, and what k6 does."""

    expression: str
    history: History
    here: Outcome | str
    k6: str
    verdict: str


RUN = played()
ROWS = [
    Row("no_such_metric_here count>1", RUN, UNKNOWN, "exit 104", "better: names the recorded ones"),
    Row("http_req_duratio p(95)<1", RUN, REFUSED, "exit 104", "kept"),
    Row("http_req_failed p(95)<1", RUN, REFUSED, "exit 104, lists the supported ones", "kept"),
    Row("http_reqs p(95)<1", RUN, REFUSED, "exit 104", "kept"),
    Row("http_req_duration p(95)<200ms", RUN, PASS, "exit 104", "better: units are read"),
    Row("http_req_duration p(95)<200", RUN, PASS, "passes", "kept: milliseconds"),
    Row("http_req_duration p(95)<5", RUN, FAIL, "fails", "kept"),
    Row("http_req_duration p(101)<5", RUN, REFUSED, "exit 104", "kept"),
    Row("http_req_duration p(99.99)<200", RUN, PASS, "passes", "kept: decimals"),
    Row("http_req_failed rate<5", RUN, REFUSED, "passes always", "better: no share is above 1"),
    Row("http_req_duration p(95)<200", NOTHING, UNKNOWN, "passes", "better: no samples"),
    Row("http_req_duration avg<1", NOTHING, UNKNOWN, "passes", "better: no samples"),
    Row("http_req_failed rate<0.01", NOTHING, UNKNOWN, "passes", "better: no samples"),
    Row("http_req_failed rate>0.5", NOTHING, UNKNOWN, "passes", "better: no samples"),
    Row("my_gauge value<1", NOTHING, UNKNOWN, "passes", "better: no samples"),
    Row("http_req_duration p(95)>200", NOTHING, UNKNOWN, "fails", "better: no samples"),
    Row("http_reqs count>10", NOTHING, UNKNOWN, "fails", "better: no samples"),
    Row("http_reqs{name:never} count<1", RUN, UNKNOWN, "passes", "better: nothing has the tag"),
    Row("http_req_duration{name:never} p(95)<9", RUN, UNKNOWN, "passes", "better: the same"),
    Row("http_reqs{ status : 200 } count==301", RUN, PASS, "passes", "kept"),
    Row('http_reqs{status:"200"} count==301', RUN, PASS, "passes", "kept"),
    Row("http_reqs{status:200} count==301", RUN, PASS, "passes", "kept"),
    Row("http_reqs{status:200,method:GET} count==301", RUN, PASS, "passes", "kept"),
    Row("http_reqs{name:http://a.b:80/c?d} count==1", RUN, PASS, "passes", "kept: first colon"),
    Row("http_req_failed rate<0.2", RUN, PASS, "passes: an early failure heals", "kept"),
    Row("http_req_failed rate<0.2 worst 1s", RUN, FAIL, "no window", "better: it is found"),
    Row("checks rate===0.9", RUN, PASS, "passes", "kept"),
    Row("checks rate!=0.9", RUN, FAIL, "fails", "kept"),
    Row("my_gauge value==3", RUN, PASS, "passes", "kept: the last value"),
    Row("my_gauge max==4", RUN, PASS, "exit 104", "better: min and max of a gauge"),
    Row("http_reqs rate>50", RUN, PASS, "per second over the whole run", "kept"),
    Row("iterations count>=300", RUN, PASS, "passes", "kept"),
    Row("http_req_sending avg<1", RUN, REFUSED, "passes", "better: not measured, with the reason"),
    Row("g count>1", RUN, REFUSED, "refused when made", "kept"),
    Row("http_req_duration p(95)<500", FROZEN, PASS, "passes, p95 is 8 ms", "kept"),
    Row("http_req_duration p(95)<500 worst 2s", FROZEN, FAIL, "no window", "better: it is found"),
    Row("http_req_duration p(95)<500", DROPPED, UNKNOWN, "passes", "better: 291 were dropped"),
    Row("dropped_iterations count==0", DROPPED, FAIL, "fails", "kept"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression}: {row.verdict}")
def test_behaviour(row: Row) -> None:
    if row.here == REFUSED:
        with pytest.raises(ValueError, match="expected"):
            claim_of(row.expression)
        return
    verdict = Threshold(expression=row.expression).judge(row.history)
    assert verdict.outcome is row.here, verdict.summary


def test_no_row_passes_without_samples() -> None:
    assert all(row.here is UNKNOWN for row in ROWS if row.history is NOTHING)
