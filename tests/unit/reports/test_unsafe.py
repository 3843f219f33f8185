"""What `on_fail` did not succeed in is told: in the terminal, the log and every report."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hormesis.cli.verdict_view import as_data, show_run
from hormesis.compose.suite_log import SuiteLog
from hormesis.engine.clock import LoopClock
from hormesis.record.verdict_file import read_verdict, write_verdict
from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.markdown import Markdown
from hormesis.suites.leader.evidence import LeaderEvidence
from hormesis.testing.judged_failure import message_of
from hormesis.words.check import Verdict
from hormesis.words.judging import EVIDENCE, PUT_BACK
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged, Report
from tests.unit.reports.sample import sample_run

TOLD = "asking http(http://h: abort) did not succeed: abort: http 404; it is not safe"


def unsafe() -> Judged:
    run = sample_run()
    return replace(run, verdict=replace(run.verdict, unsafe=(TOLD,)))


@pytest.mark.parametrize("kind", [Html, Markdown, Json, Junit])
def test_every_report_tells_it(kind: type[Report]) -> None:
    text = kind().render("t", [unsafe()]).decode()
    assert TOLD in unescape(text).replace("\\", "")
    several = kind().render("t", [sample_run(), unsafe()]).decode()
    assert TOLD in unescape(several).replace("\\", "")
    clean = kind().render("t", [sample_run()]).decode()
    assert "not made safe" not in clean and "made safe" not in clean


@pytest.mark.parametrize("brief", [True, False])
def test_the_terminal_tells_it_under_the_verdict(brief: bool) -> None:
    console = Console(file=StringIO(), width=200)
    show_run(console, unsafe(), ExitCode.FAIL, brief=brief)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-1] == f"  not made safe: {TOLD}"
    assert lines[-2].startswith("FAIL ")
    assert as_data(unsafe(), ExitCode.FAIL, Path("r"))["unsafe"] == [TOLD]


def test_the_suite_s_log_and_a_failed_test_tell_it(tmp_path: Path) -> None:
    log = SuiteLog(tmp_path, LoopClock(lambda: 0.0, wall=lambda: 0.0))
    log.ended(unsafe(), tmp_path)
    assert f"not made safe: {TOLD}\n" in log.path.read_text()
    assert f"\n  not made safe: {TOLD}\n" in message_of(unsafe(), tmp_path)


def test_the_verdict_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    write_verdict(path, unsafe().verdict)
    assert read_verdict(path).unsafe == (TOLD,)


def test_the_leader_s_evidence_has_a_key_for_it() -> None:
    (text,) = LeaderEvidence().files("t", [unsafe()]).values()
    assert f"abort_failed,{TOLD}" in text.decode().splitlines()
    (text,) = LeaderEvidence().files("t", [sample_run()]).values()
    assert "abort_failed" not in text.decode()


def test_what_is_left_on_the_host_is_told_once() -> None:
    run = sample_run()
    left = "kill-1/0 (kill): it said no"
    row = Verdict(PUT_BACK, EVIDENCE, Outcome.UNKNOWN, f"left on this host: {left}")
    verdict = replace(run.verdict, dirty=(left,), verdicts=(*run.verdict.verdicts, row))
    dirty = replace(run, verdict=verdict)
    console = Console(file=StringIO(), width=200)
    show_run(console, dirty, ExitCode.LEFT_DIRTY)
    assert console.file.getvalue().count("it said no") == 1  # type: ignore[attr-defined]
    assert Markdown().render("t", [dirty]).decode().count("it said no") == 1
