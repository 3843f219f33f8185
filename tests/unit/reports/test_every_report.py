"""What holds for every report: it renders anything, the same every time, and never pretends."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.markdown import Markdown
from hormesis.reports.parts.standing import standing_of_suite
from hormesis.words.history import FaultRecord, History, Phase
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report
from tests.unit.reports.runs import (
    EMPTY,
    HOSTILE,
    NAN,
    cut_off,
    dirty,
    hostile_run,
    nan_run,
    not_run,
)
from tests.unit.reports.sample import sample_run, sample_suite

REPORTS = (Html(), Json(), Junit(), Markdown())
PASSED = next(run for run in sample_suite() if run.verdict.outcome is Outcome.PASS)
every_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.kind)


@every_report
def test_is_a_kind_with_a_file_of_its_own(report: Report) -> None:
    assert report.kind in ("html", "json", "junit", "markdown")
    assert len({one.file_name for one in REPORTS}) == len(REPORTS)
    assert "." in report.file_name


@every_report
def test_is_a_pure_function(report: Report) -> None:
    assert report.render("nightly", sample_suite()) == report.render("nightly", sample_suite())


@every_report
def test_no_run_at_all_is_unknown(report: Report) -> None:
    told = report.render("nothing", [])
    assert b"PASS" not in told.split(b"</head>")[-1]
    if report.kind == "json":
        assert json.loads(told)["outcome"] == "unknown"


@every_report
@pytest.mark.parametrize(
    "run", [EMPTY, cut_off(), dirty(), hostile_run(), nan_run(), not_run(skipped="no bots")],
    ids=["empty", "cut off", "dirty", "hostile", "nan", "skipped"],
)  # fmt: skip
def test_renders_the_runs_that_nobody_planned(report: Report, run: Judged) -> None:
    for runs in ([run], [run, sample_run()]):
        told = report.render("odd", runs)
        told.decode("utf-8")
        if report.kind == "junit":
            ElementTree.fromstring(told)
        if report.kind == "json":
            json.loads(told, parse_constant=pytest.fail)


@every_report
def test_a_cut_off_run_is_told_as_unknown(report: Report) -> None:
    told = report.render("cut", [cut_off()]).decode()
    assert "cut off" in told
    assert cut_off().verdict.outcome is Outcome.UNKNOWN


@every_report
@pytest.mark.parametrize("why", ["skipped", "not_begun"])
@pytest.mark.parametrize("beside", [[], [PASSED]], ids=["alone", "beside another"])
def test_what_did_not_run_is_told_and_never_passes(
    report: Report, why: str, beside: list[Judged]
) -> None:
    run = not_run(**{why: "there are no bots here"})
    assert run.verdict.outcome is Outcome.UNKNOWN
    told = report.render("nightly", [run, *beside]).decode()
    assert "there are no bots here" in told
    assert standing_of_suite([run, *beside]).key != "pass"
    if beside and why == "skipped":
        assert report.kind == "junit" or "1 skipped" in told
    if report.kind == "junit":
        suite = ElementTree.fromstring(told).findall("testsuite")[0].attrib
        told_as = "skipped" if why == "skipped" else "errors"
        assert {key: suite[key] for key in ("skipped", "errors")} == {
            "skipped": "0", "errors": "0", told_as: "1"
        }  # fmt: skip


@every_report
def test_what_is_left_on_the_host_is_told(report: Report) -> None:
    told = report.render("left", [dirty()]).decode()
    assert "tc rule on eth0" in told
    assert "dirty" in told.lower()


@every_report
def test_hostile_text_stays_text(report: Report) -> None:
    told = report.render(HOSTILE, [hostile_run()]).decode()
    assert HOSTILE not in told
    if report.kind == "html":
        assert "<script>alert" not in told
        assert "<img" not in told
    if report.kind == "markdown":
        told = re.sub(r"(`+) .*? \1", "", told)
        assert "<script" not in told.replace("\\<script", "")
        assert "@everyone" not in told
        rows = [line for line in told.splitlines() if line.startswith("| ✅ PASS")]
        assert rows
        assert all(line.count(" | ") == 2 for line in rows)


def test_json_says_null_for_what_is_no_number() -> None:
    told = json.loads(Json().render("nan", [nan_run()]))
    (run,) = told["runs"]
    assert run["checks"][0]["figures"] == {"nan_ms": None, "inf_s": None, "fine": 1}
    assert run["manifest"]["odd"] == [None]
    assert NAN != NAN


def test_a_history_without_operations_says_so() -> None:
    history = History({"seed": 1}, phases=[Phase("tracks", 0.0)],
                      faults=[FaultRecord("f", "pause", "pause", "server", 1.0)],
                      end={"time": 2.0, "reason": "completed"})  # fmt: skip
    run = Judged("silent", history, judge_run(history, ()))
    told = Html().render("silent", [run]).decode()
    assert "No operation was recorded." in told
    assert "not injected" in told
    assert run.verdict.outcome is Outcome.UNKNOWN
