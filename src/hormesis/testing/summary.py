"""The summary: what the chaos tests of a session say at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

Heard = tuple[pytest.TestReport, Mapping[str, str]]


def write_summary(reporter: Any, heard: Sequence[Heard], seed: int) -> None:
    """Write the seed, how to repeat what failed, and every verdict that was let pass unknown."""
    latest = {report.nodeid: said for report, said in heard}
    quiet = reporter.config.get_verbosity() < 0
    failed = {report.nodeid: said for report, said in heard if report.failed}
    unknown = {
        nodeid: text
        for nodeid, said in latest.items()
        for text in said.get("hormesis_unknown", "").splitlines()
    }
    if quiet and not failed and not unknown:
        return
    reporter.section("hormesis", sep="-")
    reporter.write_line(f"seed {seed} (--chaos-seed={seed})")
    for told in sorted({said.get("hormesis_postgres", "") for said in latest.values()} - {""}):
        reporter.write_line(f"PostgreSQL {told}")
    for nodeid, text in unknown.items():
        reporter.write_line(f"unknown, and allowed: {nodeid}: {text}", yellow=True)
    for said in failed.values():
        reporter.write_line(f"again: {said.get('hormesis_replay', '')}")
        if directory := said.get("hormesis_run_directory"):
            reporter.write_line(f"  recorded in {directory.splitlines()[-1]}")
    for said in latest.values():
        if dirty := said.get("hormesis_dirty"):
            reporter.write_line(f"stopped: {dirty}", red=True)
