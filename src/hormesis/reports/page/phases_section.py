"""Phases: one row of figures before, during each fault, between and after."""

from __future__ import annotations

from hormesis.record.phase_cut import PhaseFigures, cut
from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.parts.wording import NONE, count, moment, plural, rate, share, span
from hormesis.words.history import History

_HEADS = (
    ("ops", "operations that were due in this phase"),
    ("rate", "operations per second"),
    ("errors", "share that failed or whose outcome nobody knows"),
    ("p50", "response from due to end, median"),
    ("p95", "response from due to end"),
    ("p99", "response from due to end"),
    ("max", "response from due to end"),
    ("service p95", "from sent to end"),
    ("lag p95", "from due to sent: how late the load generator was"),
)
_OVERTAKEN = "due before the fault worked, ended after it was asked for: counted in no phase"


def phases_section(history: History) -> Content:
    """Return the table of phases; without operations, a sentence that says so."""
    if not history.ops:
        return element("p", "No operation was recorded.", cls="empty")
    phases = sorted(cut(history), key=lambda one: one.stretches[0])
    slowest = max((one.response.p95 or 0.0 for one in phases), default=0.0)
    heads = [element("th", name, cls="n", scope="col", title=why) for name, why in _HEADS]
    head = element("tr", element("th", "Phase", scope="col"), heads)
    body = [_row(one, slowest) for one in phases]
    table = element("table", element("thead", head), element("tbody", body), cls="table")
    return element("div", table, cls="frame phases")


def _row(one: PhaseFigures, slowest: float) -> Markup:
    numbers = [
        count(one.count),
        rate(one.rate),
        element("span", share(one.errors_share), cls="some" if one.fail + one.info else None),
        span(one.response.p50),
        [span(one.response.p95), _meter(one.response.p95, slowest)],
        span(one.response.p99),
        span(one.response.highest),
        span(one.service.p95),
        span(one.lag.p95),
    ]
    when = element("span", _when(one), cls="when")
    named = element("td", element("b", one.name), when, _overtaken(one))
    cells = [element("td", number, cls="n") for number in numbers]
    return element("tr", named, cells, cls="during" if one.name.startswith("during ") else None)


def _when(one: PhaseFigures) -> str:
    if len(one.stretches) != 1:
        return f"{plural(len(one.stretches), 'stretch', 'stretches')}, {span(one.duration_s)}"
    start, end = one.stretches[0]
    return f"{moment(start)} to {moment(end)}" if one.duration_s else NONE


def _overtaken(one: PhaseFigures) -> Markup | None:
    if not one.overtaken:
        return None
    told = f"{count(one.overtaken)} more were overtaken by the fault"
    return element("span", told, cls="when", title=_OVERTAKEN)


def _meter(value: float | None, slowest: float) -> Markup | None:
    if value is None or not slowest:
        return None
    return element("span", cls="meter", style=f"--part:{max(3.0, 100 * value / slowest):.0f}%")
