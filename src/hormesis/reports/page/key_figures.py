"""Key figures: the strip of large numbers under the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.reports.page.markup import Markup, element
from hormesis.reports.parts.standing import standing_of_run
from hormesis.reports.parts.totals import Totals, totals_of
from hormesis.reports.parts.wording import NONE, count, rate, share, span
from hormesis.words.report import Judged


def key_figures(runs: Sequence[Judged], totals: Totals | None = None) -> Markup:
    """Return the strip for one run or for a suite."""
    sums = totals or totals_of(runs)
    bite = "bite seen, then gone" if sums.faults else ""
    slowest = f"max {span(sums.response.highest)}" if sums.ops else ""
    cells = [
        ("checks passed", _of(sums.checks_passed, sums.checks), ""),
        ("faults proven", _of(sums.faults_proven, sums.faults), bite),
        ("operations", count(sums.ops), _told_ops(sums)),
        ("errors", share(sums.error_share), _told_errors(sums)),
        ("response p95", span(sums.response.p95), slowest),
    ]
    if sums.recover_s_max is not None or sums.recoveries_failed:
        cells.append(("slowest recovery", span(sums.recover_s_max), _told_recovery(sums)))
    if len(runs) > 1:
        passed = sum(standing_of_run(run).key == "pass" for run in runs)
        told = f"{span(sums.duration_s)} of runs"
        cells.insert(0, ("scenarios passed", _of(passed, len(runs)), told))
    else:
        cells.append(("duration", span(sums.duration_s), ""))
    return element("dl", [_cell(*cell) for cell in cells], cls="key-figures")


def _cell(name: str, value: str, told: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", element("span", value, cls="value"), element("span", told, cls="told")),
    )


def _of(part: int, whole: int) -> str:
    return f"{count(part)} / {count(whole)}" if whole else NONE


def _told_ops(sums: Totals) -> str:
    told = [rate(sums.rate)] if sums.rate else []
    told += [f"{count(sums.dropped)} dropped"] if sums.dropped else []
    return ", ".join(told)


def _told_errors(sums: Totals) -> str:
    if not sums.ops:
        return ""
    # No-break spaces, so that a narrow tile breaks after the comma.
    failed = f"{count(sums.failed)}\u00a0failed"
    return f"{count(sums.undecided)}\u00a0undecided, {failed}" if sums.undecided else failed


def _told_recovery(sums: Totals) -> str:
    late = sums.recoveries_failed
    return f"{count(late)} not in time" if late else "release to good again"
