"""Locust's figures by name: one row per type and name, and the row of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from hormesis.record.load_table import LoadRow, load_table, tables_together
from hormesis.record.metric_table import slices_named
from hormesis.record.metric_totals import metric_totals
from hormesis.record.results import AROUND
from hormesis.record.trend import Trend
from hormesis.words.history import History

PERCENTS = (50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0)
PERCENT_HEADS = tuple(f"{percent:g}%" for percent in PERCENTS)
AGGREGATED = "Aggregated"
NONE = "N/A"
"""What Locust writes where there were no requests."""

Cell = str | int | float


class Durations(Protocol):
    """The distribution of some durations, in seconds."""

    count: int
    lowest: float | None
    highest: float | None

    @property
    def mean(self) -> float | None:
        """Return the mean."""
        ...

    def percentile(self, percent: float) -> float | None:
        """Return a percentile."""
        ...


def stats_rows(histories: Sequence[History]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of ``_stats.csv``, by type and name."""
    table = tables_together([load_table(one) for one in histories])
    sizes = content_sizes(histories)
    rows: dict[tuple[str, str], list[LoadRow]] = {}
    for row in table:
        rows.setdefault((row.method or row.load, row.name), []).append(row)
    for (kind, name), each in sorted(rows.items()):
        seconds = [one.count / one.rate for one in each if one.rate]
        named = kind, bare_name(kind, name)
        yield _row(named, each, max(seconds, default=0.0), sizes(name))
    yield _row(("", AGGREGATED), [table.total], table.lasted_s, sizes(None))


def bare_name(method: str, name: str) -> str:
    """Return a name without the method before it, which has a column of its own in Locust's."""
    return name.removeprefix(f"{method} ")


def content_sizes(histories: Iterable[History]) -> Callable[[str | None], float | None]:
    """Return a function that tells how many bytes were received, under a name or (None) in all.

    It returns None for a name of which that is not known: sessions count for all names together.
    """
    received = metric_totals(
        (
            one
            for each in histories
            for one in slices_named(each.metrics, "data_received")
            if one.load not in AROUND
        ),
        lambda one: (one.tags.get("name", ""),),
    )
    by_name = {name: total.total for (name,), total in received.items()}
    whole = sum(by_name.values())
    return lambda name: whole if name is None else by_name.get(name)


def millis(seconds: float | None) -> Cell:
    """Return milliseconds, to a microsecond; a whole number without a point."""
    if seconds is None:
        return 0
    value = round(1000 * seconds, 3)
    return int(value) if value.is_integer() else value


def percentile_cells(values: Durations) -> list[Cell]:
    """Return a cell per percentile that Locust tells."""
    if not values.count:
        return [NONE] * len(PERCENTS)
    return [millis(values.percentile(percent)) for percent in PERCENTS]


def total_cells(values: Durations, received: float | None) -> list[Cell]:
    """Return median, average, shortest, longest, and the average content size in bytes.

    The size is empty where nobody knows what was received.
    """
    middle = values.percentile(50.0) if values.count else None
    size: Cell = ""
    if received is not None:
        size = round(received / values.count, 3) if values.count else 0.0
    times = (middle, values.mean, values.lowest, values.highest)
    return [*(millis(one) for one in times), size]


def per_s(count: float, lasted_s: float) -> float:
    """Return events per second; 0 where no time has passed."""
    return round(count / lasted_s, 6) if lasted_s > 0 else 0.0


def _row(
    named: tuple[str, str], rows: Sequence[LoadRow], lasted_s: float, received: float | None
) -> Sequence[Cell]:
    count, failed = sum(one.count for one in rows), sum(one.failed for one in rows)
    response = Trend()
    for one in rows:
        response.merge(one.response)
    return (
        *named,
        count,
        failed,
        *total_cells(response, received),
        per_s(count, lasted_s),
        per_s(failed, lasted_s),
        *percentile_cells(response),
    )
