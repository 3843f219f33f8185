"""JSON: a shape that programs can rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hormesis.reports.json import SCHEMA, Json
from hormesis.words.report import Judged
from tests.unit.reports.runs import dirty
from tests.unit.reports.sample import sample_run, sample_suite

RUN_FIELDS = {
    "name", "outcome", "left_dirty", "reason", "dirty", "unsafe", "stopped_by", "skipped",
    "duration_s", "ended", "remark", "early", "manifest", "replay", "checks", "left_out",
    "evidence", "faults", "phases", "loads", "processes", "notes", "problems", "results",
}  # fmt: skip
RESULT_FIELDS = {
    "race_condition_detected", "total_requests", "successful_requests", "consistency_violations",
    "requests_per_second", "average_response_time_ms", "p95_response_time_ms",
}  # fmt: skip


def told(*runs: Judged) -> Any:
    return json.loads(Json().render("nightly", runs), parse_constant=pytest.fail)


def test_the_shape_is_the_documented_one() -> None:
    whole = told(*sample_suite())
    assert whole["schema"] == SCHEMA
    assert set(whole) == {
        "schema", "title", "outcome", "left_dirty", "reason", "runs", "recommendations",
    }  # fmt: skip
    for run in whole["runs"]:
        assert set(run) == RUN_FIELDS
        assert set(run["results"]) == RESULT_FIELDS
    assert whole["outcome"] == "fail"


def test_checks_and_evidence_are_kept_apart() -> None:
    (run,) = told(sample_run())["runs"]
    assert len(run["checks"]) == 4
    assert {one["kind"] for one in run["evidence"]} == {"evidence"}
    assert run["checks"][0]["findings"][0]["cites"] == ["partition-1", "56.0 s", "op 6213"]


def test_results_tell_a_race_from_a_clean_run_and_from_no_check() -> None:
    runs = {run["name"]: run["results"] for run in told(*sample_suite())["runs"]}
    race = runs["J-RACE-2 high concurrency"]
    assert race["race_condition_detected"] is True
    assert len(race["consistency_violations"]) == 27
    assert race["total_requests"] == race["successful_requests"] == 5400
    assert 0 < race["average_response_time_ms"] < race["p95_response_time_ms"] < 1000
    assert runs["J-LOAD-heavy claim and complete"]["race_condition_detected"] is False
    assert runs["J-CHAOS-4 corrupted assignments"]["race_condition_detected"] is None


def test_phases_and_faults_carry_their_numbers() -> None:
    (run,) = told(sample_run())["runs"]
    names = [one["name"] for one in run["phases"]]
    assert {"before", "during partition", "after"} <= set(names)
    assert sum(one["count"] + one["overtaken"] for one in run["phases"]) == 7200
    assert [one["state"] for one in run["faults"]] == ["proven", "proven"]
    assert run["faults"][1]["healed"] == 65.4


def test_left_dirty_is_told_beside_the_outcome() -> None:
    whole = told(dirty())
    assert whole["left_dirty"] is True
    assert whole["runs"][0]["dirty"] == ["tc rule on eth0 could not be removed"]
