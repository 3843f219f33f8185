"""``suite.log`` and the totals: what was said, and what it came to."""

from __future__ import annotations

import re
from pathlib import Path

from hormesis.compose.suite_log import SuiteLog
from hormesis.compose.suite_totals import totals_of
from hormesis.engine.clock import LoopClock
from hormesis.engine.live import Live
from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged

CLOCK = LoopClock(lambda: 0.0, wall=lambda: 0.0)


def judged(outcome: Outcome, name: str = "A", **given: str) -> Judged:
    rows = [
        Verdict("p95", "threshold", outcome, "it was so", [Finding("one of them")], advice="mend"),
        Verdict("the run completed", "evidence", Outcome.PASS, "it ended as planned"),
    ]
    return Judged(name, History({}), RunVerdict(outcome, "as it was", rows, **given))


def test_every_line_has_its_time_and_is_said_once(tmp_path: Path) -> None:
    log = SuiteLog(tmp_path, CLOCK)
    live = Live()
    watched: list[Live] = []
    watch = log.following("A", watched.append)
    live.say(0.1, "shop is up")
    watch(live)
    live.phase = "tracks"
    live.say(0.5, "load starts")
    watch(live)
    watch(live)
    lines = log.path.read_text().splitlines()
    assert [re.sub(r"^\S+Z ", "", one) for one in lines] == [
        "A:     0.0 s  starting",
        "A:     0.1 s  shop is up",
        "A:     0.0 s  tracks",
        "A:     0.5 s  load starts",
    ]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", one) for one in lines)
    assert watched == [live] * 3


def test_how_a_scenario_ended_is_logged_with_its_findings(tmp_path: Path) -> None:
    log = SuiteLog(tmp_path, CLOCK)
    log.ended(judged(Outcome.FAIL), tmp_path / "run")
    text = log.path.read_text()
    assert "A: fail p95: it was so" in text
    assert "A:   one of them" in text and "A:   what to try: mend" in text
    assert "A: FAIL as it was" in text and f"logs: {tmp_path / 'run'}" in text
    assert "the run completed" not in text


def test_a_log_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    SuiteLog(tmp_path / "not" / "there", CLOCK).say("x")
    assert list(tmp_path.iterdir()) == []


def test_the_totals_count_each_scenario_once() -> None:
    runs = [
        judged(Outcome.PASS),
        judged(Outcome.PASS),
        judged(Outcome.FAIL),
        judged(Outcome.UNKNOWN, stopped_by="a limit"),
        judged(Outcome.UNKNOWN, skipped="no GPU"),
    ]
    totals = totals_of(runs, 61.23)
    assert totals.told() == (
        "scenarios 5, passed 2, failed 1, unknown 1, skipped 1, success rate 50.0%, duration 61.2s"
    )
    assert totals_of(runs[-1:], 1.0).success_rate is None


def test_the_end_is_logged(tmp_path: Path) -> None:
    log = SuiteLog(tmp_path, CLOCK)
    log.totals(totals_of([judged(Outcome.PASS)], 2.0), [tmp_path / "report.html"], ExitCode.PASS)
    lines = log.path.read_text().splitlines()
    assert "success rate 100.0%" in lines[0]
    assert "report.html" in lines[1]
    assert "exit code 0" in lines[2]
