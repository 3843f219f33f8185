"""Charts of the trend, as plain data that the page's script draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hormesis.testing.effectiveness.figures import Figures, Point

Value = Callable[[Point], float | None]


def charts_of(found: Figures) -> list[dict[str, Any]]:
    """Return a chart for each figure; a run without evidence is a gap, not a zero."""
    points = found.trend
    return [
        _chart("bugs", "Bugs seen in each run", "", points,
               bars=[("seen before", "ok", lambda one: one.bugs - one.new),
                     ("new", "bad", lambda one: one.new)]),
        _chart("rate", "Bugs per 100 chaos tests", "", points,
               lines=[("bugs per 100 tests", "hue-2", lambda one: one.per_100)]),
        _chart("covered", "Failure modes covered", " %", points, top=100,
               lines=[("covered in this run", "hue-0", lambda one: _per_cent(one.covered))]),
        _chart("stable", "Tests stable on the same code", " %", points, top=100,
               lines=[("stable", "good", lambda one: _per_cent(one.stable))]),
        _chart("time", "Run time", " s", points,
               bars=[("run time", "p95", lambda one: one.run_s)]),
        _chart("shrinks", "Shrink steps, mean of tests that shrank", "", points,
               lines=[("steps tried", "hue-1", lambda one: one.shrinks)]),
    ]  # fmt: skip


def _chart(
    name: str,
    title: str,
    unit: str,
    points: Sequence[Point],
    *,
    bars: Sequence[tuple[str, str, Value]] = (),
    lines: Sequence[tuple[str, str, Value]] = (),
    top: float | None = None,
) -> dict[str, Any]:
    traces = [
        {
            "name": told,
            "colour": colour,
            "sort": sort,
            "values": [_rounded(value(one)) for one in points],
        }
        for sort, group in (("bar", bars), ("line", lines))
        for told, colour, value in group
    ]
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "top": top,
        "runs": [one.run for one in points],
        "traces": traces,
        "empty": all(one is None for trace in traces for one in trace["values"]),
    }


def _per_cent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
