"""Checks that `unless` left out are counted in every report and in the terminal."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from hormesis.cli.verdict_view import as_data, show_run
from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.markdown import Markdown
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged, Report
from tests.unit.reports.runs import EMPTY
from tests.unit.reports.sample import sample_run

TOLD = "stays-up (unless ${server})"


def leaving_out(run: Judged, *told: str) -> Judged:
    manifest = {**run.history.manifest, "left_out": list(told)}
    return replace(run, history=replace(run.history, manifest=manifest))


@pytest.mark.parametrize("kind", [Html, Markdown, Json, Junit])
@pytest.mark.parametrize("run", [sample_run(), EMPTY], ids=["full", "empty"])
def test_every_report_tells_it(kind: type[Report], run: Judged) -> None:
    text = kind().render("t", [leaving_out(run, TOLD)]).decode()
    assert TOLD in unescape(text).replace("\\", "")
    assert "left out:" not in kind().render("t", [run]).decode()


def test_markdown_and_the_page_count_them() -> None:
    run = leaving_out(sample_run(), TOLD, "other (unless x)")
    for kind in (Markdown, Html):
        assert "2 checks left out: stays-up" in kind().render("t", [run]).decode()


def test_junit_counts_them_as_skipped_beside_the_others() -> None:
    plain, leaving = sample_run(), leaving_out(sample_run(), TOLD)
    before, after = (
        ElementTree.fromstring(Junit().render("t", [run])).attrib for run in (plain, leaving)
    )
    assert int(after["skipped"]) == int(before["skipped"]) + 1
    assert int(after["tests"]) == int(before["tests"]) + 1
    assert after["failures"] == before["failures"]


@pytest.mark.parametrize("brief", [True, False])
def test_the_terminal_counts_them(brief: bool) -> None:
    console = Console(file=StringIO(), width=200)
    run = leaving_out(sample_run(), TOLD)
    show_run(console, run, ExitCode.FAIL, brief=brief)
    assert isinstance(console.file, StringIO)
    assert f"1 check left out: {TOLD}" in console.file.getvalue()
    assert as_data(run, ExitCode.FAIL, Path("d"))["left_out"] == [TOLD]
