"""k6 summary: the object that k6 gives ``handleSummary``, of one run or of several together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import md5
from typing import Any

from hormesis.record.k6_values import (
    TREND_STATS,
    K6Metric,
    gauge_metric,
    latency_metrics,
    load_metrics,
    metric_of,
)
from hormesis.record.load_series import users_over_time
from hormesis.record.load_table import LoadTable, load_ops, load_table, tables_together
from hormesis.record.metric_totals import CheckCount, check_counts, metric_totals
from hormesis.record.metrics import label_has, tags_mask
from hormesis.record.results import AROUND
from hormesis.reports.parts.threshold_facts import ThresholdFact
from hormesis.words.history import History
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended, Label

ROOT = ""
_SEPARATOR = "::"


def k6_summary(
    histories: Sequence[History],
    table: LoadTable,
    thresholds: Sequence[ThresholdFact],
    duration_s: float,
) -> dict[str, Any]:
    """Return ``root_group``, ``options``, ``state`` and ``metrics``; times in milliseconds.

    *table* is that of all *histories*. A threshold's ``ok`` is true when it was kept, false when it
    was crossed, null when nobody knows.
    """
    slices = _slices(histories)
    metrics = dict(load_metrics(table, slices, table.lasted_s))
    metrics |= _users(histories)
    told = {name: _told(one) for name, one in metrics.items()}
    for fact in thresholds:
        if not fact.metric:
            continue
        entry = told.get(fact.metric_told) or _told(_submetric(histories, fact, slices))
        told[fact.metric_told] = entry
        kept = entry.setdefault("thresholds", {})
        earlier = kept.get(fact.expression, {"ok": True})["ok"]
        kept[fact.expression] = {"ok": _both(earlier, fact.kept)}
    return {
        "root_group": _group(ROOT, ROOT, check_counts(slices)),
        "options": {
            "summaryTrendStats": list(TREND_STATS),
            "summaryTimeUnit": "ms",
            "noColor": False,
        },
        "state": {
            "isStdOutTTY": False,
            "isStdErrTTY": False,
            "testRunDurationMs": round(1000 * duration_s, 3),
        },
        "metrics": dict(sorted(told.items())),
    }


def _slices(histories: Iterable[History]) -> list[MetricSlice]:
    return [one for each in histories for one in each.metrics if one.load not in AROUND]


def _told(metric: K6Metric) -> dict[str, Any]:
    return {
        "type": metric.sort.value,
        "contains": metric.contains,
        "values": dict(metric.values),
    }


def _both(one: bool | None, other: bool | None) -> bool | None:
    """Return what holds of a threshold that several runs have: crossed, unknown, kept."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _users(histories: Sequence[History]) -> dict[str, K6Metric]:
    found = {}
    for metric in ("vus", "vus_max"):
        values = [value for each in histories for value in users_over_time(each, metric)]
        if values:
            found[metric] = gauge_metric(values)
    return found


def _submetric(
    histories: Sequence[History], fact: ThresholdFact, slices: Sequence[MetricSlice]
) -> K6Metric:
    """Return the figures of the part of a metric that a threshold is about."""
    tables = []
    for history in histories:
        ops = load_ops(history)
        chosen = ops.where(tags_mask(ops, fact.tags))
        tables.append(load_table(replace(history, ops=chosen)))
    known = latency_metrics(tables_together(tables))
    if fact.metric in known:
        return known[fact.metric]
    lasted_s = sum(one.lasted_s for one in tables)
    mine = (one for one in slices if one.metric == fact.metric and _has(one, fact.tags))
    for total in metric_totals(mine).values():
        return metric_of(total, lambda count: count / lasted_s if lasted_s > 0 else None)
    return K6Metric(MetricSort.COUNTER, "default", {})


def _has(one: MetricSlice, tags: Mapping[str, str]) -> bool:
    label = Label(one.load, one.tags.get("name", ""), Ended.OK, tags=one.tags)
    return all(label_has(label, tag, value) for tag, value in tags.items())


def _group(name: str, path: str, checks: Sequence[CheckCount]) -> dict[str, Any]:
    """Return a group with its checks and, below it, its groups."""
    prefix = f"{path}{_SEPARATOR}"
    inner = dict.fromkeys(
        one.group.removeprefix(prefix).partition(_SEPARATOR)[0]
        for one in checks
        if one.group.startswith(prefix)
    )
    own: dict[str, list[int]] = {}
    for one in checks:
        if one.group == path:
            counts = own.setdefault(one.name, [0, 0])
            counts[0] += one.passes
            counts[1] += one.fails
    return {
        "name": name,
        "path": path,
        "id": _id(path),
        "groups": [_group(each, f"{prefix}{each}", checks) for each in inner],
        "checks": [
            {
                "name": check,
                "path": f"{prefix}{check}",
                "id": _id(f"{prefix}{check}"),
                "passes": passes,
                "fails": fails,
            }
            for check, (passes, fails) in own.items()
        ],
    }


def _id(path: str) -> str:
    """Return k6's identity of a group or check: the MD5 of its path, which protects nothing."""
    return md5(path.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
