"""Load: figures by name with all three latencies, arrivals, the load's checks, the generator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from hormesis.record.load_table import LATENCIES, LoadRow, LoadTable, load_table
from hormesis.record.metric_table import slices_named
from hormesis.record.metric_totals import CheckCount, check_counts
from hormesis.record.results import AROUND
from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.parts.load_sentences import arrival_sentences
from hormesis.reports.parts.wording import NONE, count, plural, rate, share, shortened, span
from hormesis.words.history import History, LoadRecord

ROWS_MAX = 50
"""How many names are in the table; the others are counted."""
CHECKS_MAX = 50
_HEADS = (
    ("ops", "operations that ended"),
    ("rate", "operations per second while the load ran"),
    ("failed", "share that failed or whose outcome nobody knows"),
    ("p50", "response, median"),
    ("p95", "response"),
    ("p99", "response"),
    ("max", "response"),
    ("service p95", LATENCIES["service"]),
    ("lag p99", LATENCIES["lag"]),
)


def load_section(history: History) -> Content:
    """Return what the loads of *history* came to; nothing without any."""
    loads = [one for one in history.loads if one.load not in AROUND]
    table = load_table(history)
    if not loads and not table.rows:
        return None
    return [
        _legend(),
        _table(table) if table.rows else element("p", "No operation was recorded.", cls="empty"),
        element("ul", [element("li", one) for one in arrival_sentences(table)], cls="arrivals"),
        _checks(check_counts(slices_named(history.metrics, "checks"))),
        _generators(loads),
    ]


def _legend() -> Markup:
    pairs = [
        element("div", element("dt", name), element("dd", told)) for name, told in LATENCIES.items()
    ]
    return element("dl", pairs, cls="latencies")


def _table(table: LoadTable) -> Markup:
    slowest = max((row.response.percentile(95) or 0.0 for row in table), default=0.0)
    heads = [element("th", name, cls="n", scope="col", title=why) for name, why in _HEADS]
    head = element("tr", element("th", "Operation", scope="col"), heads)
    rows: list[Markup] = []
    shown = table.rows[:ROWS_MAX]
    several = len({row.load for row in table}) > 1
    for load, each in groupby(shown, key=lambda row: row.load):
        if several:
            rows.append(element("tr", element("th", load, colspan=len(_HEADS) + 1), cls="group"))
        rows += [_row(row, slowest) for row in each]
    hidden = len(table.rows) - len(shown)
    if hidden > 0:
        told = f"and {plural(hidden, 'more name')}"
        rows.append(element("tr", element("td", told, colspan=len(_HEADS) + 1, cls="more")))
    rows.append(_row(table.total, slowest, total=True))
    made = element("table", element("thead", head), element("tbody", rows), cls="table")
    return element("div", made, cls="frame phases load-table")


def _row(row: LoadRow, slowest: float, *, total: bool = False) -> Markup:
    p50, p95, p99 = (row.response.percentile(percent) for percent in (50, 95, 99))
    numbers: list[Content] = [
        count(row.count),
        rate(row.rate),
        element("span", share(row.failed_share), cls="some" if row.failed else None),
        span(p50),
        [span(p95), None if total else _meter(p95, slowest)],
        span(p99),
        span(row.response.highest),
        span(row.service.percentile(95)),
        span(row.lag.percentile(99)),
    ]
    apart = row.title != row.name
    method = element("span", row.method, cls="method") if apart else None
    named = "all together" if total else [method, element("b", shortened(row.name, 80) or NONE)]
    cells = [element("td", number, cls="n") for number in numbers]
    return element("tr", element("td", named), cells, cls="total" if total else None)


def _meter(value: float | None, slowest: float) -> Markup | None:
    if value is None or not slowest:
        return None
    return element("span", cls="meter", style=f"--part:{max(3.0, 100 * value / slowest):.0f}%")


def _checks(checks: Sequence[CheckCount]) -> Content:
    if not checks:
        return None
    names = ("Check of the load", "Group", "held", "passed", "failed")
    head = element(
        "tr",
        [
            element("th", name, scope="col", cls="n" if at > 1 else None)
            for at, name in enumerate(names)
        ],
    )
    ranked = sorted(checks, key=lambda one: -one.fails)
    rows = [_check(one) for one in ranked[:CHECKS_MAX]]
    hidden = len(ranked) - len(rows)
    if hidden > 0:
        told = f"and {plural(hidden, 'more check')}"
        rows.append(element("tr", element("td", told, colspan=len(names), cls="more")))
    table = element("table", element("thead", head), element("tbody", rows), cls="table")
    return element("div", table, cls="frame phases load-checks")


def _check(one: CheckCount) -> Markup:
    whole = one.passes + one.fails
    held = share(one.passes / whole if whole else None)
    return element(
        "tr",
        element("td", element("b", shortened(one.name, 80) or NONE)),
        element("td", one.group.removeprefix("::").replace("::", " › ")),
        element("td", element("span", held, cls="some" if one.fails else None), cls="n"),
        element("td", count(one.passes), cls="n"),
        element("td", count(one.fails), cls="n"),
    )


def _generators(loads: Sequence[LoadRecord]) -> Content:
    if not loads:
        return None
    return element("div", [_generator(one) for one in loads], cls="generators")


def _generator(one: LoadRecord) -> Markup:
    facts = [
        f"{plural(one.users, 'user')}",
        f"{plural(one.iterations, 'iteration')}",
        f"{plural(one.processes, 'process', 'processes')}",
        f"event loop at most {span(one.loop_lag_s)} late",
        f"busiest stretch {share(one.cpu_share)} of a core" if one.cpu_share else "",
        f"burst within {span(one.spread_s)}" if one.spread_s is not None else "",
    ]
    told = " · ".join(fact for fact in facts if fact)
    troubles = [element("span", text, cls="some") for text in (one.trouble, one.lost) if text]
    return element("p", element("b", one.load), " ", told, [[" · ", text] for text in troubles])
