"""The figures of a load in a terminal: one line per name, what waited, and the generator itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.record.load_table import LoadRow, LoadTable, load_table
from hormesis.record.metric_totals import check_counts
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice
from hormesis.words.report import Judged

NAME_LENGTH_MAX = 40
ROWS_MAX = 30
HEADS = (
    "", "count", "rate", "failed", "response p50", "p95", "p99", "max", "service p95", "lag p99",
)  # fmt: skip
FAILED_SHARE_SEEN = 0.0001


def show_load(console: Console, history: History) -> None:
    """Print the table, the arrivals, the checks and how the generator fared."""
    table = load_table(history)
    console.print()
    for line in columns([_heads(), *_rows(table)]):
        console.print(line)
    for line in (*_arrivals(table), *_checks(history.metrics), *_generator(history.loads)):
        console.print(line)


def breaking_points(judged: Judged) -> list[str]:
    """Return where each threshold that failed began to be broken, in words."""
    found = (finding for one in judged.verdict.verdicts for finding in one.findings)
    return [one.data["breaking_point"] for one in found if "breaking_point" in one.data]


def table_data(history: History) -> dict[str, Any]:
    """Return the same figures for ``--json``; durations in milliseconds, shares 0 to 1."""
    table = load_table(history)
    return {
        "total": _row_data(table.total),
        "rows": [_row_data(row) for row in table],
        "iterations": table.iterations,
        "waited": table.waited,
        "dropped": table.dropped,
        "loads": [
            {
                "load": one.load, "users": one.users, "processes": one.processes,
                "cpu_share": one.cpu_share, "loop_lag_ms": _ms(one.loop_lag_s),
                "trouble": one.trouble, "lost": one.lost,
            }
            for one in history.loads
        ],
    }  # fmt: skip


def duration_told(seconds: float | None) -> str:
    """Return *seconds* in the unit people read it in, with three digits."""
    if seconds is None:
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def rate_told(rate: float | None) -> str:
    """Return a rate with four digits and thousands apart."""
    if rate is None:
        return "–"
    return f"{rate:,.0f}/s" if rate >= 1000 else f"{rate:.4g}/s"


def share_told(share: float | None) -> str:
    """Return a share such that some is never shown as none, nor almost all as all."""
    if share is None:
        return "–"
    if 0 < share < FAILED_SHARE_SEEN:
        return "<0.01%"
    if 1 - FAILED_SHARE_SEEN < share < 1:
        return ">99.99%"
    return f"{share * 100:.3g}%" if share else "0"


def _heads() -> list[str | Text]:
    return [Text(head, style="dim") for head in HEADS]


def _rows(table: LoadTable) -> Iterator[list[str | Text]]:
    several = len({row.load for row in table}) > 1
    shown = table.rows[:ROWS_MAX]
    for row in shown:
        yield _cells(f"{row.load}.{row.title}" if several else row.title, row)
    if (hidden := len(table.rows) - len(shown)) > 0:
        yield [Text(f"and {hidden} more, in the report", style="dim")]
    if len(table.rows) != 1:
        yield _cells("all", table.total)


def _cells(name: str, row: LoadRow) -> list[str | Text]:
    short = name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 1]}…"
    response, lag = row.response, row.lag
    return [
        short,
        f"{row.count:,}",
        rate_told(row.rate),
        Text(share_told(row.failed_share), style="bold red" if row.failed else ""),
        *(duration_told(response.percentile(percent)) for percent in (50, 95, 99, 100)),
        duration_told(row.service.percentile(95)),
        duration_told(lag.percentile(99)),
    ]


def _arrivals(table: LoadTable) -> Iterator[Text]:
    if table.waited or table.dropped:
        told = [f"{table.waited:,} found no free user and waited"]
        told += [f"{table.dropped:,} were never begun"] if table.dropped else []
        style = "bold yellow" if table.dropped else "yellow"
        yield Text(f"arrivals: {', '.join(told)}; their wait is in the response", style=style)


def _checks(metrics: Sequence[MetricSlice]) -> Iterator[Text]:
    counted: dict[str, list[int]] = {}
    for one in check_counts(metrics):
        sums = counted.setdefault(one.name, [0, 0])
        sums[0] += one.passes
        sums[1] += one.fails
    for name, (passes, fails) in counted.items():
        told = f"check {name}: {passes:,} of {passes + fails:,} passed"
        yield Text(told, style="red" if fails else "")


def _generator(loads: Sequence[LoadRecord]) -> Iterator[Text]:
    for one in loads:
        told = [f"{one.users:,} user{'s' * (one.users != 1)}"]
        told += [f"{one.processes} processes"] if one.processes > 1 else []
        told += [f"busiest at {one.cpu_share:.0%} of a core"] if one.cpu_share else []
        told += [f"event loop {duration_told(one.loop_lag_s)} late at worst"]
        name = f" {one.load}" if len(loads) > 1 else ""
        yield Text(f"generator{name}: {', '.join(told)}", style="dim")
        for trouble in filter(None, (one.trouble, one.lost)):
            yield Text(f"generator{name}: {trouble}", style="bold yellow")


def _row_data(row: LoadRow) -> dict[str, Any]:
    return {
        "load": row.load, "name": row.name, "method": row.method, "count": row.count,
        "failed": row.failed, "rate": row.rate, "failed_share": row.failed_share,
        **{
            f"{sort}_{percent}_ms": _ms(getattr(row, sort).percentile(number))
            for sort in ("response", "service", "lag")
            for percent, number in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
        },
    }  # fmt: skip


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 4)
