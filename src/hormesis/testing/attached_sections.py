"""Sections: what stands below a failing chaos test, so that it can be understood and repeated."""

from __future__ import annotations

import pytest

from hormesis.testing.said import Said

LINES = (("seed", "seed"), ("run_directory", "recorded in"), ("replay", "again"))


def attach_sections(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the seed, where the runs lie, how to repeat the test, and what the server was doing."""
    said = Said(item)
    lines = [f"{told}: {said.get(name)}" for name, told in LINES if said.get(name)]
    report.sections.append(("hormesis", "\n".join(lines)))
    monitor = getattr(item, "funcargs", {}).get("transaction_monitor")
    if monitor is None or report.when != "call":
        return
    if told := monitor.report():
        report.sections.append(("postgres sessions", told))
