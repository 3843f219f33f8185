"""Suite services through the command line, on real servers."""

from __future__ import annotations

import ctypes
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hormesis.compose.preparing import prepare
from hormesis.compose.registry import systems
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import find_suite
from hormesis.compose.suite_needs import needs_of
from hormesis.compose.suite_prepare import requests_of
from hormesis.compose.target_file import target_text
from tests.quality.canary_map import SUITES, read_scenario_files, scenario_names
from tests.quality.suite_runs import run_suite

FOLDER = SUITES / "services"
CATEGORIES = {
    "network": ["NF-001", "NF-002", "NF-003", "NF-004", "NF-005"],
    "workers": ["WC-001", "WC-002", "WC-003", "WC-004", "WC-005"],
    "resources": ["RE-001", "RE-002", "RE-003", "RE-004", "RE-005"],
    "load": ["inference-load", "stress-test", "spike-test"],
    "stress": ["ST-1", "ST-2", "ST-3", "ST-4", "ST-5", "ST-6"],
}
QUICK = ("--time-scale", "0.2")


def has_gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def test_the_suite_has_every_row_of_its_catalogue() -> None:
    choices = yaml.safe_load((FOLDER / "suite.yaml").read_text())["select"]["choices"]
    assert list(choices) == list(CATEGORIES)
    for category, wanted in CATEGORIES.items():
        assert set(wanted) <= set(choices[category])
    listed = sorted(name for names in choices.values() for name in names)
    assert listed == scenario_names("services")


def test_every_scenario_says_what_healthy_means() -> None:
    documents = read_scenario_files("services")
    told = {
        str(one["id"]): str(one.get("description") or one.get("expected_behavior") or "")
        for one in documents.values()
        if "id" in one and "toxic" not in one and one.get("include") != "short_scenario.yaml"
    }
    assert [name for name, text in told.items() if len(text) < 80] == []


def test_a_target_file_says_headers_and_body_of_every_request(tmp_path: Path) -> None:
    suite = find_suite("services")
    assert suite is not None
    data = yaml.safe_load(target_text("services", suite.file, needs_of(suite.scenarios, systems())))
    data["overrides"] = {
        "request_headers": {"authorization": "Bearer ${env.QUEEN_TOKEN}"},
        "hive_headers": {"authorization": "Bearer ${env.HIVE_TOKEN}"},
        "infer_body": {"model": "small", "input": "{{request}}", "max": "${tokens}"},
        "answered": {"status": 200, "asked": "{{request}}"},
    }
    target = tmp_path / "target.yaml"
    target.write_text(yaml.safe_dump(data))
    names = ["NF-002", "WC-004", "WC-006", "RE-001", "RE-004", "ST-4", "ST-5", "inference-load"]
    tokens = {"QUEEN_TOKEN": "queens", "HIVE_TOKEN": "hives"}
    request = RunRequest(Path("-"), tmp_path, system=target, environment=tokens)
    sent: set[str] = set()
    for name, one in requests_of({one: suite.scenarios[one] for one in names}, request, {}).items():
        for load in prepare(one).experiment.loads:
            client: Any = load.client
            told = client.headers["authorization"]
            for step in client.steps:
                asks = step.method == "POST" and "scale" not in step.path
                assert told == ("Bearer queens" if asks else "Bearer hives"), (name, step)
                if asks:
                    assert step.json_ == {"model": "small", "input": "{{request}}", "max": 16}
                if step.name == "infer-again":
                    assert step.expect == {"status": 200, "asked": "{{request}}"}
                sent.add(f"{step.method} {told}")
    assert sent == {
        "POST Bearer queens", "POST Bearer hives", "GET Bearer hives", "PUT Bearer hives",
        "DELETE Bearer hives",
    }  # fmt: skip


@pytest.mark.integration
def test_re_005_is_skipped_where_the_workers_use_no_gpu(tmp_path: Path) -> None:
    run = run_suite("services", tmp_path, "--scenario", "RE-005", *QUICK)
    assert run.code == 2, run
    assert re.search(r"^SKIP RE-005: .*The workers use no GPU", run.out, re.MULTILINE), run
    assert "0 of 1 scenarios passed, 1 skipped" in run.out


@pytest.mark.integration
@pytest.mark.skipif(has_gpu(), reason="this machine has a GPU")
def test_without_a_gpu_re_005_is_skipped_by_name_and_never_passes(tmp_path: Path) -> None:
    used = ("--set", "uses_gpu=yes")
    run = run_suite("services", tmp_path, "--scenario", "RE-005", *QUICK, *used)
    assert run.code == 2, run
    assert re.search(r"^SKIP RE-005: .*no GPU", run.out, re.MULTILINE), run
    assert "0 of 1 scenarios passed, 1 skipped" in run.out


@pytest.mark.integration
def test_a_category_that_is_none_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    run = run_suite("services", tmp_path, "--category", "netwrok")
    assert run.code == 64, run
    assert "network, workers, resources, load, stress" in run.err


@pytest.mark.integration
@pytest.mark.prove
def test_a_scenario_of_ones_own_is_one_data_file(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    scenario = {
        "id": "NF-006",
        "name": "New scenario",
        "toxic": "latency",
        "attributes": {"latency": 1000},
        "duration_seconds": 15,
        "expected_behavior": "Slower by a second, and no request fails",
    }
    (own / "new.json").write_text(json.dumps(scenario))
    out = tmp_path / "runs"
    run = run_suite(
        "services", out, "--scenario-dir", str(own), "--scenario", "NF-006", *QUICK, "--json"
    )
    assert run.code == 0, run
    assert list(run.runs) == ["NF-006"]


def test_executed_once_asks_for_evidence_in_every_scenario() -> None:
    suite = find_suite("services")
    assert suite is not None
    names = [name for name in scenario_names("services") if name != "RE-005"]
    request = RunRequest(Path("-"), FOLDER)
    for name, one in requests_of({one: suite.scenarios[one] for one in names}, request, {}).items():
        experiment = prepare(one).experiment
        checks: dict[str, Any] = {check.name: check for check in experiment.checks}
        assert checks["executed-once"].evidence == "executed-requests", name
        looks: dict[str, Any] = {look.name: look for look in experiment.final_probes}
        assert looks["executed-requests"].probe.expect == "> 0", name


@pytest.mark.integration
@pytest.mark.prove
@pytest.mark.parametrize("own", [False, True])
def test_executed_once_is_undecided_where_no_request_of_the_run_is_recorded(
    tmp_path: Path, own: bool
) -> None:
    folder = tmp_path / "own"
    (folder / "parts").mkdir(parents=True)
    for name in ("cluster.yaml", "requests.yaml"):
        (folder / "parts" / name).write_text((FOLDER / name).read_text())
    scenario: dict[str, Any] = {
        "include": ["parts/cluster.yaml", "parts/requests.yaml"],
        "id": "NF-900",
        "title": "Requests with identities of their own",
        "description": "Who makes identities of its own is not found by those of the run",
        "vars": {"length": "4s", "no_fault": True, "answered": {"status": 200}},
    }
    if own:
        body = {"prompt": "mine", "max_tokens": 16, "request_id": "mine-{{uuid}}"}
        scenario["vars"]["infer_body"] = body
    (folder / "mine.yaml").write_text(yaml.safe_dump(scenario))
    run = run_suite(
        "services", tmp_path / "runs", "--scenario-dir", str(folder), "--scenario", "NF-900",
        "--json",
    )  # fmt: skip
    assert run.code == (2 if own else 0), run
    assert ("executed-once" in run.checks("NF-900", "unknown")) is own, run


@pytest.mark.integration
@pytest.mark.prove
def test_a_slow_link_lets_no_request_fail(tmp_path: Path) -> None:
    run = run_suite(
        "services", tmp_path, "--scenario", "NF-002", *QUICK, "--set", "recovery=2s", "--json",
        canary="flaky-inference",
    )  # fmt: skip
    assert "slower-not-broken" in run.checks("NF-002", "fail"), run


@pytest.mark.integration
@pytest.mark.prove
@pytest.mark.parametrize("canary", ["", "lost-connection-not-retried"])
def test_a_worker_that_dies_with_a_request_in_flight(tmp_path: Path, canary: str) -> None:
    run = run_suite(
        "services", tmp_path, "--scenario", "WC-001", "--time-scale", "0.3", "--json", canary=canary
    )
    failed = run.checks("WC-001", "fail")
    assert ("requests-survive" in failed) == bool(canary), run
    assert run.code == (1 if canary else 0), run
