"""The mapping ``thresholds``: k6's form becomes threshold checks, and what ends a run early."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hormesis.checks.threshold import Threshold
from hormesis.spec.json_schema import schema_of
from hormesis.words.catalogue import Catalogue
from hormesis.words.experiment import Experiment
from tests.unit.spec.reading import read_text
from tests.unit.spec.small_kinds import small_catalogue

HEAD = """title: Thresholds
vars: {limit: 500, off: "yes", slow: stop}
system: {processes: {web: {run: [web]}}, targets: {web: {process: web}}}
tracks:
  - {fault: stop, target: web, at: 1s, for: 3s}
"""


def catalogue() -> Catalogue:
    small = small_catalogue()
    return replace(small, checks={**small.checks, "threshold": Threshold})


def read(folder: Path, text: str, **more: Any) -> Experiment:
    return read_text(folder, HEAD + text, catalogue=catalogue(), **more)


def thresholds(experiment: Experiment) -> list[Threshold]:
    return [one for one in experiment.checks if isinstance(one, Threshold)]


@pytest.mark.parametrize(
    "text",
    [
        'thresholds: {"http_reqs{name:claim}": "count>5"}',
        'thresholds: {"http_reqs{name:claim}": ["count>5"]}',
        "thresholds:\n  http_reqs{name:claim}: [count>5]",
        "thresholds:\n  http_reqs{name:claim}: {threshold: count>5}",
        'checks:\n  - {threshold: "http_reqs{name:claim} count>5"}',
    ],
)
def test_all_forms_mean_the_same(text: str, tmp_path: Path) -> None:
    [check] = thresholds(read(tmp_path, text))
    assert check == Threshold(expression="http_reqs{name:claim} count>5")


def test_what_k6_can_say_beside_an_expression(tmp_path: Path) -> None:
    text = """thresholds:
  http_req_duration:
    - "p(95)<${limit}"
    - {threshold: p(99.9)<1500, abortOnFail: true, delayAbortEval: 10s}
    - {threshold: avg<1500, abort_on_fail: true, delay_abort_eval: 2500, name: mean}
"""
    experiment = read(tmp_path, text)
    plain, k6s, ours = thresholds(experiment)
    assert plain.expression == "http_req_duration p(95)<500"
    assert (k6s.abort_on_fail, k6s.delay_abort_eval) == (True, 10.0)
    assert (ours.abort_on_fail, ours.delay_abort_eval, ours.title()) == (True, 2.5, "mean")
    assert [(one.check, one.delay_s, one.reason) for one in experiment.stop_when] == [
        (k6s, 10.0, "aborted"), (ours, 2.5, "aborted"),
    ]  # fmt: skip
    assert experiment.stop_when[1].describe() == "mean fails, from 2.5 s on"


def test_windows_and_ranges(tmp_path: Path) -> None:
    text = """thresholds:
  http_req_duration{name:claim}:
    - 200ms < p(95) < 2s during(${slow})
    - {threshold: p(95)<500, outside: stop, grace: 1s}
    - p(95)<500 worst 10s
"""
    hurt, outside, worst = thresholds(read(tmp_path, text, time_scale=0.5))
    assert hurt.describe() == "200ms < http_req_duration{name:claim} p(95) < 2s during stop"
    assert (outside.outside, outside.grace) == ("stop", 1.0)
    assert worst.worst == 5.0


def test_thresholds_come_after_the_checks_and_can_be_left_out(tmp_path: Path) -> None:
    text = """thresholds:
  http_reqs: [count>1, {threshold: count>2, unless: "${off}", abortOnFail: true}]
checks:
  - {threshold: http_reqs count>0}
"""
    experiment = read(tmp_path, text)
    assert [one.expression for one in thresholds(experiment)] == [
        "http_reqs count>0", "http_reqs count>1",
    ]  # fmt: skip
    assert experiment.left_out == ("http_reqs count>2 (unless ${off})",)
    assert experiment.stop_when == ()


def test_thresholds_of_included_files_count_too(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("thresholds: {http_reqs: count>1}\n")
    text = "include: part.yaml\nthresholds: {http_reqs: count>2}\n"
    found = [one.expression for one in thresholds(read(tmp_path, text))]
    assert found == ["http_reqs count>1", "http_reqs count>2"]


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"http_reqs": "count>1"}, True),
        ({"http_reqs": ["count>1", {"threshold": "count>2", "abortOnFail": True}]}, True),
        ({"http_reqs": {"threshold": "count>2", "worst": "5s"}}, True),
        ({"http_reqs": 5}, False),
        ({"http_reqs": [{"threshold": "count>2", "abortOnFial": True}]}, False),
        (["http_reqs count>1"], False),
    ],
)
def test_the_schema_knows_them(given: Any, fits: bool) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(catalogue()))
    assert validator.is_valid({"title": "t", "thresholds": given}) is fits
