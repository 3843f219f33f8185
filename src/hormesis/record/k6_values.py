"""k6 values: the figures of a load by k6's metric names, in k6's units (times in milliseconds).

Two things differ from k6, on purpose. ``http_req_duration`` counts from when an operation was due;
the time from the send is ``http_req_service``, and what lies between is ``lag``. And arrivals that
had to wait for a free user are counted, in ``waited_iterations``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hormesis.record.load_table import LoadTable
from hormesis.record.metric_totals import MetricTotal, metric_totals
from hormesis.record.metrics import METRICS
from hormesis.record.trend import Trend
from hormesis.words.metric import MetricSlice, MetricSort

TREND_STATS = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)", "count")
"""What is told of a trend, by k6's names."""

TIMES = {"http_req_duration": "response", "http_req_service": "service", "lag": "lag"}
"""Which latency of the table is which metric."""

_CONTAINS = {"s": "time", "B": "data"}
_OWN = frozenset({"iterations", "dropped_iterations", "waited_iterations", "vus", "vus_max"})
"""Told by the loads' own records, which are whole even where slices are not."""


@dataclass(frozen=True, slots=True)
class K6Metric:
    """``sort`` is k6's type; ``contains`` is ``time`` (milliseconds), ``data`` or ``default``."""

    sort: MetricSort
    contains: str
    values: Mapping[str, float | None]


def latency_metrics(table: LoadTable) -> dict[str, K6Metric]:
    """Return what the operations of *table* tell: three trends, their count, their failures."""
    total = table.total
    found = {
        metric: K6Metric(MetricSort.TREND, "time", trend_values(getattr(total, latency), 1000.0))
        for metric, latency in TIMES.items()
    }
    found["http_reqs"] = _counter(total.count, total.rate)
    found["http_req_failed"] = _rate(total.failed, total.count)
    return found


def load_metrics(
    table: LoadTable, slices: Iterable[MetricSlice], lasted_s: float
) -> dict[str, K6Metric]:
    """Return all metrics of a load that lasted *lasted_s* seconds; *slices* are its others."""

    def per_s(count: float) -> float | None:
        return count / lasted_s if lasted_s > 0 else None

    found = latency_metrics(table)
    for name in ("iterations", "dropped", "waited"):
        metric = name if name == "iterations" else f"{name}_iterations"
        found[metric] = _counter(getattr(table, name), per_s(getattr(table, name)))
    totals = metric_totals(slices, lambda one: () if one.metric in _OWN else (one.metric,))
    for (metric,), total in totals.items():
        found.setdefault(metric, metric_of(total, per_s))
    return found


def metric_of(total: MetricTotal, per_s: Callable[[float], float | None]) -> K6Metric:
    """Return the figures of one metric that was gathered in slices."""
    contains = contains_of(total.metric)
    if total.sort is MetricSort.COUNTER:
        values = {"count": total.total, "rate": per_s(total.total)}
    elif total.sort is MetricSort.GAUGE:
        values = {"value": total.last, "min": total.lowest, "max": total.highest}
    elif total.sort is MetricSort.RATE:
        return _rate(total.total, total.count)
    else:
        values = trend_values(total.trend(), 1000.0 if contains == "time" else 1.0)
    return K6Metric(total.sort, contains, values)


def contains_of(metric: str) -> str:
    """Return ``time`` for lengths of time, ``data`` for bytes, ``default`` for everything else."""
    known = METRICS.get(metric)
    return _CONTAINS.get(known.unit, "default") if known else "default"


def gauge_metric(values: Sequence[float]) -> K6Metric:
    """Return a gauge that had *values*, one after the other."""
    told = {"value": values[-1], "min": min(values), "max": max(values)} if values else {}
    return K6Metric(MetricSort.GAUGE, "default", told)


def trend_values(values: Trend, factor: float) -> dict[str, float | None]:
    """Return :data:`TREND_STATS` of *values*, times *factor*; None where there were no values."""

    def scaled(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else round(value * factor, 6)

    percents = {"min": 0.0, "med": 50.0, "max": 100.0}
    told: dict[str, float | None] = {}
    for stat in TREND_STATS:
        if stat == "count":
            told[stat] = values.count
        elif stat == "avg":
            told[stat] = scaled(values.mean)
        else:
            percent = percents[stat] if stat in percents else float(stat[2:-1])
            told[stat] = scaled(values.percentile(percent) if values.count else None)
    return told


def _counter(count: float, rate: float | None) -> K6Metric:
    return K6Metric(MetricSort.COUNTER, "default", {"count": count, "rate": rate})


def _rate(passes: float, count: float) -> K6Metric:
    values = {"rate": passes / count if count else None, "passes": passes, "fails": count - passes}
    return K6Metric(MetricSort.RATE, "default", values)
