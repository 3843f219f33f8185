"""The catalogue: what is recorded of runs, and the page that is made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from docs import catalogue_page
from hormesis.compose.suite import suite_names
from tests.quality import catalogue
from tests.quality.canary_map import Canary, scenario_names
from tests.quality.catalogue import Row, Wanted, read_rows, record, wanted
from tests.quality.suite_runs import SuiteRun


def row(scenario: str, defect: str = "", result: str = "pass", checks: str = "") -> Row:
    return Row("jobs", scenario, defect, result, checks, "4.2", "--time-scale 0.1")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogue, "TABLE", tmp_path / "catalogue.tsv")
    return tmp_path / "catalogue.tsv"


def test_new_runs_replace_those_of_the_same_scenario_and_defect(table: Path) -> None:
    assert read_rows() == []
    record([row("J-MON"), row("J-MON")])
    record([row("J-HEALTH", "cleanup-off", "caught", "healthy")])
    record([row("J-MON", result="fail", checks="recovers")])
    assert read_rows() == [
        row("J-HEALTH", "cleanup-off", "caught", "healthy"),
        row("J-MON", result="fail", checks="recovers"),
    ]


def test_every_scenario_is_wanted_clean_and_with_each_of_its_defects() -> None:
    runs = list(wanted(["jobs"], [], clean=10, defects=True))
    assert [one.scenario for one in runs if one.canary is None] == scenario_names("jobs")
    assert {one.times for one in runs if one.canary is None} == {10}
    only = list(wanted(["jobs"], ["J-RACE-1"], clean=0, defects=True))
    assert [one.canary.name for one in only if one.canary] == ["claim-without-lock"]


@pytest.mark.parametrize(
    ("failed", "result"),
    [(["mine"], "caught"), (["mine", "near"], "caught"), (["near"], "missed"), ([], "missed"),
     (["mine", "other"], "unrelated")],
)  # fmt: skip
def test_a_defect_is_caught_by_its_own_checks_and_no_other(
    failed: Sequence[str], result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = Canary("defect", (), {"S": ["mine"]}, {"near": "a consequence"})
    checks = [{"check": one, "outcome": "fail", "summary": "", "kind": "k"} for one in failed]
    told = json.dumps({"runs": [{"run": "S", "outcome": "fail", "checks": checks}]})
    monkeypatch.setattr(catalogue, "run_suite", lambda *words, **more: SuiteRun(1, told, ""))
    (made,) = catalogue.made(Wanted("suite", "S", canary, ("--time-scale", "0.2")))
    assert (made.result, made.checks) == (result, ", ".join(sorted(failed)))
    assert made.of == ("suite", "S", "defect")


def test_a_run_that_tells_nothing_is_written_down_as_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue, "run_suite", lambda *words, **more: SuiteRun(70, "", "oh"))
    (made,) = catalogue.made(Wanted("suite", "S", None, ()))
    assert made.result.startswith("broken: ")


def test_the_page_counts_passes_and_names_what_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row("J-MON"),
        row("J-MON", result="fail", checks="recovers"),
        row("J-MON", "no-reconnect", "caught", "recovers"),
        row("J-MON", "cleanup-off", "missed"),
    ]
    monkeypatch.setattr(catalogue_page, "read_rows", lambda: rows)
    text = catalogue_page.catalogue_page()
    caught = "`no-reconnect` (recovers); `cleanup-off` (nothing failed), missed"
    assert f"| J-MON | 1 of 2 | {caught} | 4 s |" in text
    assert "| J-HEALTH | *not recorded* | *not recorded* |  |" in text
    assert all(f"## [`{name}`]" in text for name in suite_names())
