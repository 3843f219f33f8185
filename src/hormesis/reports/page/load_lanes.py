"""Load lanes: users, what was due and done, errors by kind, the generator, and a heat map.

Times are seconds of the run, latencies milliseconds, everything else per second. The heat map is
sent as rows of short responses first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hormesis.record.load_series import LoadSeries, heat_map, load_series
from hormesis.record.load_table import load_ops
from hormesis.record.op_columns import Floats
from hormesis.reports.parts.buckets import Buckets
from hormesis.reports.parts.threshold_facts import threshold_facts
from hormesis.reports.parts.wording import shortened
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

INTERVALS_MAX = 600
"""So many intervals at most; of what lasts longer, the end is put into the last one."""
HEAT_OPS_MIN = 200
"""Of fewer operations a heat map is only dots."""
THRESHOLD_ROWS_MAX = 12
LOG_SPREAD = 20.0
"""From which factor between the slowest and the usual response the axis is logarithmic."""

Model = dict[str, Any]
_WORDS = {Outcome.PASS: "kept", Outcome.FAIL: "crossed", Outcome.UNKNOWN: "unknown"}


def load_lanes(history: History, buckets: Buckets) -> Model:
    """Return the lanes of all loads together on the intervals of *buckets*; empty without loads."""
    ops = load_ops(history)
    if not buckets.each or not len(ops):
        return {}
    start, width = buckets.each[0].start, buckets.width_s
    last = float(np.nanmax(ops.ended_s, initial=start))
    wanted = math.floor((last - start) / width) + 1 if math.isfinite(last) else 1
    intervals = min(max(wanted, len(buckets.each)), INTERVALS_MAX)
    series = load_series(history, start, width, intervals)
    times = [round(time, 3) for time in series.times.tolist()]
    return {
        "flow": {
            "t": times,
            "width": _short(width),
            "done": _listed(series.done),
            "dropped": _listed(series.dropped) if series.dropped.any() else None,
            "waited": _some(series.waited),
        },
        "users": _users(series, times),
        "errors": _errors(series, times, width),
        "generator": {
            "t": times,
            "lag": _listed(series.lag_p99_s * 1000),
            "loop": _some(None if series.loop_lag_s is None else series.loop_lag_s * 1000),
            "cpu": _some(None if series.cpu is None else series.cpu * 100),
        },
        "heat": _heat(history, start, width, intervals) if len(ops) >= HEAT_OPS_MIN else None,
    }


def threshold_rows(run: Judged) -> list[Model]:
    """Return a row per threshold with the stretches that it looked at."""
    return [
        {
            "name": shortened(fact.verdict.check, 90),
            "word": _WORDS[fact.verdict.outcome],
            "told": shortened(fact.verdict.summary, 140),
            "bars": [[round(at, 3) for at in each] for each in fact.stretches(run.history)],
        }
        for fact in threshold_facts(run)[:THRESHOLD_ROWS_MAX]
    ]


def wants_log(response: Model | None) -> bool:
    """Return whether responses differ so much that only a logarithmic axis shows them all."""
    if not response:
        return False
    usual = sorted(value for value in response["p50"] if value)
    slow = max((value for value in response["p99"] if value), default=0.0)
    return bool(usual) and slow > LOG_SPREAD * usual[len(usual) // 2]


def _users(series: LoadSeries, times: list[float]) -> Model | None:
    if series.users is None or not np.nan_to_num(series.users).any():
        return None
    return {"t": times, "v": _listed(series.users)}


def _errors(series: LoadSeries, times: list[float], width: float) -> Model | None:
    if not series.errors:
        return None
    names = [shortened(name, 40) for name in series.errors]
    values = [_listed(each) for each in series.errors.values()]
    return {"t": times, "width": _short(width), "names": names, "v": values}


def _heat(history: History, start: float, width: float, intervals: int) -> Model | None:
    found = heat_map(history, start, width, intervals)
    if found is None:
        return None
    return {
        "start": round(start, 3),
        "width": _short(width),
        "ms": [_short(1000 * edge) for edge in found.edges_s],
        "z": [[int(count) for count in row] for row in found.counts],
    }


def _some(values: Floats | None) -> list[float | None] | None:
    return None if values is None or not np.nan_to_num(values).any() else _listed(values)


def _listed(values: Floats) -> list[float | None]:
    return [_short(value) if math.isfinite(value) else None for value in values.tolist()]


def _short(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 1000 else round(float(value), 2)
