"""The report says the figures, and says when there are none."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from hormesis.testing.effectiveness import page
from hormesis.testing.effectiveness.charts import charts_of
from hormesis.testing.effectiveness.figures import Figures, figures
from hormesis.testing.effectiveness.files import as_csv, as_json, write_files
from hormesis.testing.effectiveness.page import page_of
from hormesis.testing.effectiveness.rows import Execution, Outcome, Record
from hormesis.testing.effectiveness.terminal import lines_of
from tests.unit.effectiveness.planted import EMPTY, FAILED, bit, ran, run, seen


def planted() -> Figures:
    executions = [ran(1, "a"), ran(2, "a", FAILED), ran(1, "b"), ran(2, "b")]
    executions.append(Execution(2, "t.py::c", Outcome.FAILED, 1.0, (), 50, 40, 10))
    evidence = [bit(2, "a", "race"), bit(2, "b", "gremlins")]
    sightings = [seen(2, "a"), seen(2, "c", "a.py:<g>: x")]
    return figures(Record([run(1), run(2)], executions, sightings, evidence), 10)


def test_the_lines_say_all_five_figures() -> None:
    text = "\n".join(lines_of(planted()))
    assert "bugs found     66.7 per 100 chaos tests, 2 in 3, 2 new" in text
    assert re.search(r"failure modes  2\.\d+ % covered, 1 of \d+ \(concurrent 1/6\)", text)
    assert "stable         50 % of 2 tests run again on the same code; 1 run once" in text
    assert "run time       10 s, median 10 s, chaos tests 3 s" in text
    assert "shrinking      40 steps tried, 10 successful" in text
    assert "unstable t.py::a: 1 passed, 1 failed on the same code" in text
    assert "unlisted gremlins" in text


def test_without_data_each_line_says_so_and_no_share_is_given() -> None:
    lines = lines_of(figures(EMPTY, 10))
    assert [line[15:].split(":")[0] for line in lines[:5]] == ["no evidence"] * 5
    assert "%" not in "".join(lines)


def test_the_page_shows_bugs_modes_and_trends_and_escapes_them() -> None:
    text = page_of(planted())
    assert "a.py:&lt;g&gt;: x" in text
    assert "<g>" not in text
    assert "at the same instant" in text
    assert text.count('data-trend="') == 6
    assert "https://" not in re.sub(r'id="chart-library">[^<]*<', "<", text)


def test_a_page_without_data_says_no_evidence() -> None:
    text = page_of(figures(EMPTY, 10))
    assert text.count('<span class="value none">no evidence</span>') == 5


def test_without_plotly_the_page_has_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "packed_chart_library", lambda: None)
    text = page_of(planted())
    assert "plotly was not installed" in text
    assert "data-trend" not in text
    assert "a.py:f: assert x" in text


def test_a_run_without_evidence_is_a_gap_in_the_chart() -> None:
    charts = {chart["name"]: chart for chart in charts_of(planted())}
    assert charts["stable"]["traces"][0]["values"] == [None, 50.0]
    assert charts["bugs"]["traces"][1]["values"] == [0, 2]
    assert charts["rate"]["empty"] is False
    assert all(chart["empty"] for chart in charts_of(figures(EMPTY, 10)))


def test_json_and_csv_hold_the_figures() -> None:
    told = json.loads(as_json(planted()))
    assert told["bugs_per_100_tests"] == pytest.approx(200 / 3)
    assert told["stable_share"] == 0.5
    assert told["unstable"][0]["test"] == "t.py::a"
    assert [one["name"] for one in told["failure_modes"] if one["covered"]] == [
        "at the same instant"
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(planted()))))
    assert [(row["run"], row["bugs"], row["stable"]) for row in rows] == [
        ("1", "0", ""),
        ("2", "2", "0.5"),
    ]


def test_no_evidence_is_null_in_json() -> None:
    told = json.loads(as_json(figures(EMPTY, 10)))
    for name in ("bugs_per_100_tests", "failure_modes_covered_share", "stable_share", "run_s"):
        assert told[name] is None


def test_all_three_files_are_written(tmp_path: Path) -> None:
    write_files(tmp_path / "below" / "chaos.html", planted())
    assert {one.name for one in (tmp_path / "below").iterdir()} == {
        "chaos.html",
        "chaos.json",
        "chaos.csv",
    }
