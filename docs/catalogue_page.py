"""The page of all scenarios: on the clean system, with planted defects, and how long they take.

The figures are those of ``tests/quality/catalogue.tsv``, which
``python -m tests.quality.catalogue`` fills by making the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from docs.kind_page import NOTE, cell_of
from hormesis.compose.suite import Suite, find_suite, suite_names
from tests.quality.catalogue import Row, read_rows

_ABOUT = (
    "Each scenario of each bundled suite: how often it passed of how many runs on the clean",
    "proving ground, which planted defects it catches and by which of its checks, and how long one",
    "run takes (the middle one, the system's start included, with the options below the table).",
    "A defect counts as caught when its own checks failed and no unrelated one did.",
    "`python -m tests.quality.catalogue` makes the runs; *not recorded*: none was made yet.",
)


def catalogue_page() -> str:
    """Return the Markdown page."""
    rows = read_rows()
    lines = [NOTE, "", "# The catalogue of scenarios", "", *_ABOUT, ""]
    for name in suite_names():
        suite = find_suite(name)
        if suite is not None:
            lines += _table(suite, [row for row in rows if row.suite == name])
    return "\n".join(lines).rstrip() + "\n"


def _table(suite: Suite, rows: Sequence[Row]) -> list[str]:
    lines = [f"## [`{suite.name}`](../reference/suites/{suite.name}.md)", ""]
    lines += ["| scenario | passes on clean | catches | duration |", "|---|---|---|---|"]
    for scenario in suite.scenarios:
        own = [row for row in rows if row.scenario == scenario]
        clean = [row for row in own if not row.defect]
        caught = [row for row in own if row.defect]
        cells = (scenario, _passes(clean), _catches(caught), _lasts(clean))
        lines.append(f"| {' | '.join(cells)} |")
    options = dict.fromkeys(row.options for row in rows if not row.defect)
    told = ", ".join(f"`{one}`" if one else "none" for one in options)
    return [*lines, "", f"Options of the clean runs: {told}.", ""] if told else [*lines, ""]


def _passes(clean: Sequence[Row]) -> str:
    if not clean:
        return "*not recorded*"
    if all(row.result == "skipped" for row in clean):
        return "skipped, with the reason"
    return f"{sum(row.result == 'pass' for row in clean)} of {len(clean)}"


def _catches(caught: Sequence[Row]) -> str:
    told = [
        f"`{row.defect}` ({cell_of(row.checks) or 'nothing failed'})"
        + ("" if row.result == "caught" else f", {cell_of(row.result)}")
        for row in caught
    ]
    return "; ".join(told) or "*not recorded*"


def _lasts(clean: Sequence[Row]) -> str:
    return f"{median(float(row.seconds) for row in clean):.0f} s" if clean else ""
