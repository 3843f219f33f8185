"""Overview: one row per scenario of a suite, linking to its section."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.page.operation_lanes import sparkline
from hormesis.reports.page.pills import standing_pill
from hormesis.reports.parts.heading import heading_of
from hormesis.reports.parts.standing import standing_of_run
from hormesis.reports.parts.totals import totals_of
from hormesis.reports.parts.wording import NONE, count, share, shortened, span
from hormesis.words.report import Judged

_HEADS = (
    ("", ""), ("Scenario", ""), ("Timeline", "spark"), ("Checks", "n"),
    ("Faults", "n optional"), ("Ops", "n optional"), ("Errors", "n"), ("p95", "n"),
    ("Time", "n optional"),
)  # fmt: skip


def overview_section(runs: Sequence[Judged], anchors: Sequence[str]) -> Markup:
    """Return the table of all *runs* in their own order; *anchors* are where they are told."""
    heads = [element("th", name, cls=cls or None, scope="col") for name, cls in _HEADS]
    head = element("tr", heads)
    rows = [_row(run, anchor) for run, anchor in zip(runs, anchors, strict=True)]
    table = element("table", element("thead", head), element("tbody", rows), cls="table overview")
    return element("div", table, cls="frame")


def _row(run: Judged, anchor: str) -> Markup:
    sums = totals_of([run])
    named = [
        element("a", heading_of(run), href=f"#{anchor}"),
        element("span", shortened(run.verdict.reason, 150), cls="why"),
    ]
    return element(
        "tr",
        element("td", standing_pill(standing_of_run(run))),
        element("td", named),
        element("td", sparkline(run.history), cls="spark"),
        _number(_of(sums.checks_passed, sums.checks)),
        _number(_of(sums.faults_proven, sums.faults), "optional"),
        _number(count(sums.ops) if sums.ops else NONE, "optional"),
        _number(share(sums.error_share)),
        _number(span(sums.response.p95)),
        _number(span(sums.duration_s), "optional"),
    )


def _number(content: Content, more: str = "") -> Markup:
    return element("td", content, cls=f"n {more}".strip())


def _of(part: int, whole: int) -> str:
    return f"{count(part)}/{count(whole)}" if whole else NONE
