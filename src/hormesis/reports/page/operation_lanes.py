"""Operation lanes: response percentiles and throughput over time, for charts and sparklines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hormesis.record.series import Bucket
from hormesis.reports.page.load_lanes import load_lanes
from hormesis.reports.page.markup import Markup, element
from hormesis.reports.parts.buckets import Buckets, buckets_of
from hormesis.reports.parts.totals import end_of
from hormesis.words.history import History
from hormesis.words.window import merged

BUCKETS_MAX = 300
"""How many intervals the time axis of a chart is cut into at most."""
_BUCKETS_LEAST, _OPS_PER_BUCKET = 40, 50
_SPARK_BUCKETS_LEAST, _SPARK_BUCKETS_MAX, _OPS_PER_SPARK_BUCKET = 12, 64, 20
_WIDTH, _HEIGHT = 160.0, 34.0


def operation_lanes(history: History) -> dict[str, Any]:
    """Return the lanes ``response`` (milliseconds), ``rate`` (per second) and ``load``."""
    # A p99 of a handful of operations is only their maximum, so thin traffic gets wide intervals.
    wanted = len(history.ops) // _OPS_PER_BUCKET
    buckets = buckets_of(history, min(BUCKETS_MAX, max(_BUCKETS_LEAST, wanted)))
    each = buckets.each
    if not each:
        return {"response": None, "rate": None, "load": {}}
    times = [_short(one.start + buckets.width_s / 2) for one in each]
    per_s = 1 / buckets.width_s
    return {
        "response": {
            "t": times,
            "p50": [_ms(one.response.p50) for one in each],
            "p95": [_ms(one.response.p95) for one in each],
            "p99": [_ms(one.response.p99) for one in each],
            "max": [_ms(one.response.highest) for one in each],
        },
        "rate": {
            "t": times,
            "width": _short(buckets.width_s),
            "ok": [_short(one.ok * per_s) for one in each],
            "fail": [_short(one.fail * per_s) for one in each],
            "info": [_short(one.info * per_s) for one in each],
        },
        "load": load_lanes(history, buckets),
    }


def sparkline(history: History) -> Markup | None:
    """Return a run's p95 with its faults as bands and its errors as ticks; None without ops."""
    wanted = len(history.ops) // _OPS_PER_SPARK_BUCKET
    buckets = buckets_of(history, min(_SPARK_BUCKETS_MAX, max(_SPARK_BUCKETS_LEAST, wanted)))
    end = end_of(history)
    if not buckets.each or end <= 0:
        return None
    across = _WIDTH / end
    known = [value for one in buckets.each if (value := _finite(one.response.p95)) is not None]
    highest = max(known, default=0.0) or 1.0
    return element(
        "svg",
        element("title", "response p95 over time; shaded: faults; ticks: errors"),
        _bands(history, end, across),
        element("line", cls="floor", x1="0", x2="160", y1="28.5", y2="28.5"),
        _curve(buckets, across, highest),
        _ticks(buckets, across),
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        preserveAspectRatio="none",
        role="img",
    )


def _bands(history: History, end: float, across: float) -> Sequence[Markup]:
    windows = merged([window for one in history.faults if (window := one.window)])
    return [
        element("rect", cls="band", x=_svg(start * across), y="0", height="34",
                width=_svg(max(1.5, (min(stop, end) - start) * across)))
        for start, stop in windows
    ]  # fmt: skip


def _curve(buckets: Buckets, across: float, highest: float) -> Sequence[Markup]:
    """Draw one line per stretch that has operations, so that a gap looks like a gap."""
    lines: list[list[str]] = [[]]
    for one in buckets.each:
        p95 = _finite(one.response.p95)
        if p95 is None:
            lines.append([])
            continue
        x = (one.start + buckets.width_s / 2) * across
        y = _svg(27 - 25 * p95 / highest)
        # A lone point gets a little length, because a line of one point is not drawn.
        lines[-1] += [f"{_svg(x + step)},{y}" for step in ((0.0,) if lines[-1] else (-0.8, 0.8))]
    return [element("polyline", cls="line", points=" ".join(line)) for line in lines if line]


def _ticks(buckets: Buckets, across: float) -> Sequence[Markup]:
    width = max(1.2, buckets.width_s * across * 0.7)
    return [
        element("rect", cls="error", x=_svg(one.start * across), y=_svg(34 - _tall(one)),
                width=_svg(width), height=_svg(_tall(one)))
        for one in buckets.each if one.fail + one.info
    ]  # fmt: skip


def _tall(one: Bucket) -> float:
    errors = one.fail + one.info
    return 1.5 + 3.5 * errors / (errors + one.ok)


def _ms(seconds: float | None) -> float | None:
    known = _finite(seconds)
    return None if known is None else _short(known * 1000)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _svg(value: float) -> str:
    return f"{value:.1f}"
