"""Exposition: a load's figures as families of samples, as monitoring systems take them.

Counters only grow, gauges stand at a value, histograms count values up to fixed bounds. What is
written from a finished run and what is served from a running one is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate

from hormesis.record.histogram import middle_of
from hormesis.record.metric_totals import MetricTotal
from hormesis.record.metrics import METRICS
from hormesis.words.metric import MetricSort

BOUNDS_S = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Upper bounds of the buckets, in seconds; above the last one there is another."""

_ANY_BOUNDS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0, 1_000_000.0)
_UNITS = {"s": "_seconds", "B": "_bytes"}
_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9_]")
_TAKEN = frozenset({"le", "quantile", "load"})


class FamilySort(Enum):
    """How samples of a family are to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Buckets:
    """Values counted in buckets: ``counts`` has one entry per bound and one above the last."""

    bounds: Sequence[float]
    counts: Sequence[int]
    total: float

    @property
    def cumulative(self) -> list[int]:
        """Return how many values do not exceed each bound; the last entry is all of them."""
        return list(accumulate(self.counts))


@dataclass(frozen=True, slots=True)
class Sample:
    """One value with its labels."""

    labels: Mapping[str, str]
    value: float | Buckets


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name; the name has its unit, and ``_total`` when it is a counter's."""

    name: str
    sort: FamilySort
    told: str
    samples: Sequence[Sample] = field(default=())


def label_name(tag: str) -> str:
    """Return *tag* as a label's name, of letters, digits and underscores."""
    name = _NOT_A_NAME.sub("_", tag) or "_"
    return f"tag_{name}" if name in _TAKEN or name[0].isdigit() or name.startswith("__") else name


def metric_families(totals: Iterable[MetricTotal]) -> list[Family]:
    """Return the families of metrics that were gathered in slices, by name."""
    found: dict[str, list[MetricTotal]] = {}
    for one in totals:
        found.setdefault(one.metric, []).append(one)
    return [family for _, each in sorted(found.items()) for family in _families_of(each)]


def _families_of(totals: Sequence[MetricTotal]) -> list[Family]:
    metric, sort = totals[0].metric, totals[0].sort
    known = METRICS.get(metric)
    unit = _UNITS.get(known.unit, "") if known else ""
    base = f"hormesis_{'' if known else 'custom_'}{_NOT_A_NAME.sub('_', metric)}{unit}"
    told = known.meaning if known else f"the load's own metric {metric}"
    labelled = [({"load": one.load, **_tags(one.tags)}, one) for one in totals]
    if sort is MetricSort.COUNTER:
        samples = [Sample(labels, one.total) for labels, one in labelled]
        return [Family(f"{base}_total", FamilySort.COUNTER, told, samples)]
    if sort is MetricSort.GAUGE:
        samples = [Sample(labels, one.last) for labels, one in labelled]
        return [Family(base, FamilySort.GAUGE, told, samples)]
    if sort is MetricSort.RATE:
        samples = [
            Sample({**labels, "result": result}, value)
            for labels, one in labelled
            for result, value in (("true", one.total), ("false", one.count - one.total))
        ]
        return [Family(f"{base}_total", FamilySort.COUNTER, told, samples)]
    bounds = BOUNDS_S if unit == "_seconds" else _ANY_BOUNDS
    samples = [Sample(labels, buckets_of_trend(one, bounds)) for labels, one in labelled]
    return [Family(base, FamilySort.HISTOGRAM, told, samples)]


def buckets_of_trend(total: MetricTotal, bounds: Sequence[float]) -> Buckets:
    """Return a trend in buckets with *bounds*; what lies within 1 % of a bound may be beyond it."""
    counts = [0] * (len(bounds) + 1)
    for bucket, number in total.buckets.items():
        value = middle_of(bucket)
        counts[sum(value > bound for bound in bounds)] += number
    return Buckets(bounds, counts, total.total)


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {label_name(tag): value for tag, value in sorted(tags.items())}
