"""A pass with a remark, and a run that ended early, are told by the terminal and every report."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hormesis.cli.verdict_view import as_data, show_run
from hormesis.record.verdict_file import read_verdict, write_verdict
from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.markdown import Markdown
from hormesis.reports.parts.totals import totals_of
from hormesis.reports.prometheus import Prometheus
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.end_condition import EARLY, EarlyEnd
from hormesis.words.history import FaultRecord
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged, Report
from tests.unit.reports.sample import sample_run

LATE = Verdict("all work", "completes", Outcome.PASS, "9 of 10 done; 1 late", remark="late")
ENDED = EarlyEnd("all-done", 30.25, "its expectation is met: value is 10")
UNREACHED = FaultRecord("k-2", "k", "kill", "server", 30.25, unreached=f"the run {ENDED.briefly}")


def late_run() -> Judged:
    """Return a run that passed late, and that ended before its last fault began."""
    run = sample_run()
    end = {**(run.history.end or {}), "reason": "completed", EARLY: ENDED.as_data()}
    history = replace(run.history, end=end, faults=[*run.history.faults, UNREACHED])
    return Judged("flood", history, RunVerdict(Outcome.PASS, f"It held; {ENDED}", (LATE,)))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Html, "PASS, late"),
        (Markdown, "PASS, late"),
        (Junit, "<system-out>pass, late: 9 of 10 done; 1 late</system-out>"),
        (Json, '"remark": "late"'),
        (Prometheus, 'remark="late"'),
    ],
)
def test_every_report_tells_that_it_was_late(kind: type[Report], told: str) -> None:
    assert told in kind().render("t", [late_run()]).decode()
    assert told not in kind().render("t", [sample_run()]).decode()


@pytest.mark.parametrize("brief", [True, False])
def test_the_terminal_shows_a_star(brief: bool) -> None:
    console = Console(file=StringIO(), width=200)
    show_run(console, late_run(), ExitCode.PASS, brief=brief)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "✔* all work: 9 of 10 done; 1 late" in told
    assert "PASS* flood (pass, late): It held; ended early at 30.2 s (all-done: " in told
    data = as_data(late_run(), ExitCode.PASS, Path("x"))
    assert (data["remark"], data["checks"][0]["remark"]) == ("late", "late")


def test_only_a_pass_bears_a_remark() -> None:
    verdict = replace(late_run().verdict, outcome=Outcome.FAIL)
    assert verdict.remark == ""


def test_a_verdict_keeps_its_remark_in_its_file(tmp_path: Path) -> None:
    write_verdict(tmp_path / "verdict.json", late_run().verdict)
    assert read_verdict(tmp_path / "verdict.json").verdicts[0].remark == "late"


def test_the_page_tells_what_ended_it_and_what_was_not_reached() -> None:
    page = Html().render("t", [late_run()]).decode()
    assert "ended early at 30.2 s" in page
    assert "all-done: its expectation is met: value is 10" in page
    assert "not reached" in page
    assert "not reached" in Markdown().render("t", [late_run()]).decode()
    gave_up = replace(ENDED, gave_up=True)
    assert str(gave_up).startswith("gave up at 30.2 s (all-done: ")


def test_what_was_not_reached_is_no_fault_that_lacks_its_proof() -> None:
    assert totals_of([late_run()]).faults == totals_of([sample_run()]).faults
