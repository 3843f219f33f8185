"""Report ``summary-json``: the load's figures in the shape that k6 gives ``handleSummary``.

What reads k6's summary reads this one: ``root_group``, ``options``, ``state`` and ``metrics``, with
times in milliseconds. Four things are better on purpose:

* ``http_req_duration`` counts from when an operation was **due**. The time from the send, which is
  what k6 calls by that name, is ``http_req_service``; ``lag`` is what lies between both.
* A threshold's ``ok`` means one thing: true, it was kept; false, it was crossed; null, nobody
  knows, because there were no samples or they prove nothing.
* Trends tell ``p(99)``, ``p(99.9)`` and ``count`` too. A figure without any sample is null.
* ``waited_iterations`` counts arrivals that found no free user and had to wait.

As in k6, ``passes`` of ``http_req_failed`` are the requests that **failed**.

An arrival that nobody ever began has no duration and is in no trend; ``dropped_iterations`` counts
it. The section ``hormesis`` tells what the trend would be with it, and whether to trust all this ::

    hormesis
      schema      "hormesis-load-summary/1"
      title, outcome (pass, fail, unknown), reason, left_dirty
      with_dropped  http_req_duration as if dropped arrivals had never been answered: p(90), p(95),
                    p(99); null where the percentile lies among them
      by_name[]   load, name, method, count, rate, failed, and for each of response, service and
                  lag: the values of a trend; at most 1,000, by load and the most frequent first
      names_left_out  how many more there were
      generator   loop_lag_ms, cpu_share, processes, troubles[], lost[]: how well it kept its own
                  schedule
      loads[]     load, started, ended, users, iterations, dropped, waited
      thresholds[]  metric, expression, ok, check, told: each with what was found
      scenarios{} of a suite only: the same object for each run, by its name

Of several runs (a suite) the figures outside ``scenarios`` are of all of them together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from hormesis.record.k6_values import trend_values
from hormesis.record.load_table import LATENCIES, LoadTable, load_table, tables_together
from hormesis.record.results import AROUND
from hormesis.reports.parts.k6_summary import k6_summary
from hormesis.reports.parts.plain_data import plain
from hormesis.reports.parts.standing import standing_of_suite
from hormesis.reports.parts.threshold_facts import ThresholdFact, threshold_facts
from hormesis.reports.parts.totals import end_of
from hormesis.words.report import Judged, Report, outcome_of_suite

SCHEMA = "hormesis-load-summary/1"
NAMES_MAX = 1000
_PERCENTS = (90.0, 95.0, 99.0)


class SummaryJson(Report):
    """The load's figures in k6's summary shape, for programs; see this module for the shape."""

    unasked: ClassVar[bool] = False

    file_name: str = "summary.json"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the object as ASCII, so that no reader's encoding can spoil it."""
        tables = [load_table(run.history) for run in runs]
        told = _object(title, runs, tables)
        if len(runs) > 1:
            told["hormesis"]["scenarios"] = {
                run.name: _object(run.name, [run], [table])
                for run, table in zip(runs, tables, strict=True)
            }
        return json.dumps(plain(told), indent=1, allow_nan=False).encode("ascii") + b"\n"


def _object(title: str, runs: Sequence[Judged], tables: Sequence[LoadTable]) -> dict[str, Any]:
    table = tables_together(tables)
    facts = [fact for run in runs for fact in threshold_facts(run)]
    duration_s = sum(end_of(run.history) for run in runs)
    told = k6_summary([run.history for run in runs], table, facts, duration_s)
    return {
        **told,
        "hormesis": {
            "schema": SCHEMA,
            "title": title,
            "outcome": outcome_of_suite(runs),
            "reason": standing_of_suite(runs).reason,
            "left_dirty": any(run.verdict.dirty for run in runs),
            "with_dropped": _with_dropped(table),
            "by_name": [
                {
                    "load": row.load,
                    "name": row.name,
                    "method": row.method,
                    "count": row.count,
                    "rate": row.rate,
                    "failed": row.failed,
                    **{name: trend_values(getattr(row, name), 1000.0) for name in LATENCIES},
                }
                for row in table.rows[:NAMES_MAX]
            ],
            "names_left_out": max(0, len(table.rows) - NAMES_MAX),
            "generator": _generator(runs),
            "loads": [
                {
                    "load": one.load,
                    "started": one.started,
                    "ended": one.ended,
                    "users": one.users,
                    "iterations": one.iterations,
                    "dropped": one.dropped,
                    "waited": one.waited,
                }
                for run in runs
                for one in run.history.loads
                if one.load not in AROUND
            ],
            "thresholds": [_threshold(fact) for fact in facts],
        },
    }


def _with_dropped(table: LoadTable) -> dict[str, float | None]:
    found = {percent: table.percentile_with_dropped(percent) for percent in _PERCENTS}
    return {
        f"p({percent:g})": None if value is None else round(1000 * value, 6)
        for percent, value in found.items()
    }


def _generator(runs: Sequence[Judged]) -> dict[str, Any]:
    loads = [one for run in runs for one in run.history.loads if one.load not in AROUND]
    return {
        "loop_lag_ms": 1000 * max((one.loop_lag_s for one in loads), default=0.0),
        "cpu_share": max((one.cpu_share for one in loads), default=0.0),
        "processes": max((one.processes for one in loads), default=0),
        "troubles": [f"{one.load}: {one.trouble}" for one in loads if one.trouble],
        "lost": [f"{one.load}: {one.lost}" for one in loads if one.lost],
    }


def _threshold(fact: ThresholdFact) -> dict[str, Any]:
    return {
        "metric": fact.metric_told,
        "expression": fact.expression,
        "ok": fact.kept,
        "check": fact.verdict.check,
        "told": fact.verdict.summary,
    }
