"""A suite's own report, which may be broken: that is told and costs no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.suite import Suite
from hormesis.compose.suite_reports import suite_reports
from hormesis.words.history import History
from hormesis.words.judging import judge_run
from hormesis.words.report import Judged
from hormesis.words.trouble import InputTrouble
from tests.unit.compose.suite_folders import suite_at

OWN = """\
from typing import ClassVar
from hormesis.words.report import Report


class Own(Report):
    file_name: str = "own.txt"
    per_run: ClassVar[bool] = True

    def render(self, title, runs):
        return {}
"""


def suite_with(folder: Path, report: str, file: str = "own.py") -> Suite:
    (folder / "own.py").write_text(report)
    results = f'{{report: "{file}:Own", always: true, folder: copies}}'
    return suite_at(folder, f"title: mine\nresults: {results}\n")


def told(suite: Suite, base: Path, run: Path) -> list[str]:
    history = History(manifest={"title": "t"})
    reports = suite_reports(suite, base, own=False, base=base)
    reports.of_run(Judged("A", history, judge_run(history, [])), run)
    return [str(one) for one in reports.troubles]


def test_one_that_breaks_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    broken = suite_with(tmp_path, OWN.format("1 / 0"))
    assert told(broken, tmp_path, run) == [
        f"the suite's own report in {run} was not written: ZeroDivisionError: division by zero"
    ]


def test_copies_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    suite = suite_with(tmp_path, OWN.format('b"x"'))
    assert told(suite, tmp_path, run) == []
    assert (tmp_path / "copies" / "own.txt").read_text() == "x"
    (tmp_path / "file").write_text("")
    (trouble,) = told(suite, tmp_path / "file", run)
    assert "was not written: NotADirectoryError" in trouble


@pytest.mark.parametrize(
    ("report", "file", "expected"),
    [
        ("raise OSError('no')", "own.py", "own.py: it cannot be imported: OSError: no"),
        ("", "nosuch.py", "expected FILE.py:CLASS with a file of the suite's folder, found"),
        ("", "own.py", "own.py: there is no report class 'Own'"),
    ],
)
def test_one_that_is_not_there(report: str, file: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InputTrouble, match=r"own|Own") as raised:
        suite_with(tmp_path, report, file).own_report()
    assert expected in str(raised.value)
