"""What holds for the reports about a load: they render anything, and the same every time."""

from __future__ import annotations

import csv
import io
import json
from random import Random
from time import perf_counter

import pytest

from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.locust_csv import LocustCsv
from hormesis.reports.markdown import Markdown
from hormesis.reports.prometheus import Prometheus
from hormesis.reports.summary_json import SummaryJson
from hormesis.words.check import RunVerdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report
from tests.unit.reports.load_sample import load_run
from tests.unit.reports.runs import EMPTY, cut_off, dirty, hostile_run, nan_run, not_run
from tests.unit.reports.sample import make_ops, sample_run, sample_suite

REPORTS = (SummaryJson(), LocustCsv(), Prometheus())
every_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.kind)


@every_report
def test_is_written_only_when_it_is_asked_for(report: Report) -> None:
    assert not report.unasked
    assert report.kind in ("summary-json", "locust-csv", "prometheus")
    assert report.file_name in report.files("t", [load_run()])


@pytest.mark.parametrize("report", [Html(), Json(), Junit(), Markdown()], ids=lambda one: one.kind)
def test_the_other_reports_come_unasked_in_one_file(report: Report) -> None:
    assert report.unasked
    files = report.files("t", [load_run()])
    assert files == {report.file_name: report.render("t", [load_run()])}


@every_report
def test_is_a_pure_function(report: Report) -> None:
    runs = [load_run(), *sample_suite()]
    assert report.files("t", runs) == report.files("t", runs)


@every_report
@pytest.mark.parametrize(
    "run", [EMPTY, cut_off(), dirty(), hostile_run(), nan_run(), not_run(skipped="no bots")],
    ids=["empty", "cut off", "dirty", "hostile", "nan", "skipped"],
)  # fmt: skip
def test_renders_the_runs_that_nobody_planned(report: Report, run: Judged) -> None:
    for runs in ([run], [run, sample_run()], []):
        for content in report.files("odd", runs).values():
            text = content.decode("utf-8")
            if report.kind == "summary-json":
                json.loads(text, parse_constant=pytest.fail)
            if report.kind == "locust-csv":
                widths = {len(row) for row in csv.reader(io.StringIO(text, newline=""))}
                assert len(widths) == 1


@pytest.mark.prove
@every_report
def test_two_hundred_thousand_operations_take_less_than_three_seconds(report: Report) -> None:
    ops = make_ops(Random(1), 200, 1000, 12)
    history = History({}, ops, loads=[LoadRecord("bots", 0.0, 200.0)],
                      end={"time": 200.0, "reason": "completed"})  # fmt: skip
    run = Judged("many", history, RunVerdict(Outcome.PASS, "", ()))
    before = perf_counter()
    files = report.files("many", [run])
    assert perf_counter() - before < 3
    assert sum(map(len, files.values())) < 200_000
