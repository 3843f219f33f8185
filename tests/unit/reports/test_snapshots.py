"""Snapshots: what the reports look like, kept as files so that a change shows in review.

``UPDATE_SNAPSHOTS=1 pytest tests/unit/reports/test_snapshots.py`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hormesis.reports.html import Html
from hormesis.reports.json import Json
from hormesis.reports.junit import Junit
from hormesis.reports.markdown import Markdown
from hormesis.words.report import Report
from tests.unit.reports.sample import sample_run, sample_suite

FOLDER = Path(__file__).parents[2] / "snapshots"


def shown(report: Report, text: str) -> str:
    """Return *text* without what belongs to other files: the library, styles and scripts."""
    if report.kind != "html":
        return text
    text = re.sub(r"<(style|script)\b([^>]*)>.*?</\1>", r"<\1\2>…</\1>", text, flags=re.S)
    # One element per line, so that a difference is readable.
    return re.sub(r"(</(?:div|tr|li|p|section|article|details|summary|h\d)>)", r"\1\n", text)


@pytest.mark.parametrize("report", [Html(), Json(), Junit(), Markdown()], ids=lambda one: one.kind)
@pytest.mark.parametrize("sort", ["suite", "single"])
def test_looks_as_before(report: Report, sort: str) -> None:
    runs = sample_suite() if sort == "suite" else [sample_run()]
    text = shown(report, report.render("Job queue under chaos", runs).decode())
    path = FOLDER / f"{sort}-{report.file_name}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing; set UPDATE_SNAPSHOTS=1 to write it"
    assert text == path.read_text(encoding="utf-8"), "set UPDATE_SNAPSHOTS=1 if this is wanted"
