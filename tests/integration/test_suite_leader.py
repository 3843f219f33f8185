"""Suite leader: its files, its evidence, and real runs through the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hormesis.cli.main import exit_code_of
from hormesis.compose.suite import find_suite
from hormesis.record.history_reader import read_history
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.history import FaultRecord, History, Phase, ProbeRecord
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report
from tests.quality.canary_map import SUITES, read_scenario_files, scenario_names
from tests.quality.suite_runs import run_suite

SEED_KEYS = [
    "leader_lock_chaos_test", "leader_before", "leader_after_stop", "leader_after_recovery",
    "ready_before", "ready_after_stop", "ready_after_recovery", "scan_hb", "order_hb", "md_hb",
    "test_result",
]  # fmt: skip
"""The keys of the older scripts' evidence, in their order."""


@pytest.mark.parametrize("pace", ["quick", "seed"])
@pytest.mark.parametrize("name", scenario_names("leader"))
def test_every_scenario_can_be_planned_at_both_paces(
    name: str, pace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = SUITES / "leader" / f"{name}.yaml"
    assert exit_code_of(["plan", str(file), "--set", f"pace={pace}"]) == 0, capsys.readouterr()


def test_the_seed_s_figures_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    file = SUITES / "leader" / "L-LOCK.yaml"
    assert exit_code_of(["plan", str(file), "--set", "pace=seed"]) == 0
    plan = capsys.readouterr().out
    assert "within 90s" in plan
    assert "10s     55s    fault redis-stopped: stop" in plan


def planned(name: str, capsys: pytest.CaptureFixture[str], *settings: str) -> str:
    """Return the plan of a scenario, or why there is none."""
    told = [word for setting in settings for word in ("--set", setting)]
    exit_code_of(["plan", str(SUITES / "leader" / f"{name}.yaml"), *told])
    return " ".join("".join(capsys.readouterr()).split())


def test_the_memory_of_the_process_or_of_the_machine_is_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "memory-limit(left=2MB) leader rlimit" in planned("L-MEM", capsys)
    by_machine = planned("L-MEM", capsys, "memory_of=machine")
    assert "memory-saturation(floor=1GB, share=0.05) machine host" in by_machine


@pytest.mark.parametrize(
    ("words", "environment", "by_container"),
    [
        ([], {}, False),
        (["--redis-container", "cache"], {}, True),
        ([], {"REDIS_CONTAINER": "cache"}, True),
        (["--redis-runs-in", "process"], {"REDIS_CONTAINER": "cache"}, False),
    ],
)
def test_a_container_that_is_named_is_where_redis_runs(
    words: list[str],
    environment: Mapping[str, str],
    by_container: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert exit_code_of(["plan", "leader", "--scenario", "L-LOCK", *words]) == 0
    # Where there is no container engine, the fault is told all the same, as one that cannot be.
    assert ("container-stop" in capsys.readouterr().out) is by_container


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("HEARTBEAT_MAX", "abc", "a number of seconds above 0, without a unit"),
        ("WAIT_READY_TIMEOUT", "-5", "a number of seconds above 0, without a unit"),
        ("REDIS_URL", "http://x", "a URL such as redis://127.0.0.1:6379"),
        ("API", "garbage", "a URL such as http://127.0.0.1:80"),
    ],
)
def test_a_wrong_value_of_the_environment_is_told_by_its_name_before_anything_starts(
    command: str,
    name: str,
    text: str,
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, text)
    assert exit_code_of([command, "leader"]) == 64
    assert capsys.readouterr().err.strip() == f"hormesis: {name}={text}: expected {expected}"
    assert not Path("hormesis-runs").exists()


def test_doctor_tells_a_wrong_value_of_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine.yaml"
    target.write_text("title: mine\n")
    monkeypatch.setenv("HEARTBEAT_MAX", "abc")
    assert exit_code_of(["doctor", "--target", str(target), "--suite", "leader"]) == 64
    assert capsys.readouterr().err.startswith("hormesis: HEARTBEAT_MAX=abc: expected a number")


@pytest.mark.parametrize("name", ["L-LOCK", "L-NET", "L-CPU"])
def test_claims_of_orders_that_nobody_can_look_at_are_left_out(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = ["no-duplicate-order", "executed-once", "no-order-lost", "all-executed"]
    seen = planned(name, capsys).partition("left out")[2]
    unseen = planned(name, capsys, "orders_unseen=yes").partition("left out")[2]
    assert not any(claim in seen for claim in claims)
    assert all(claim in unseen for claim in claims), unseen


def test_how_an_order_is_answered_is_one_variable() -> None:
    steps = [
        step
        for one in read_scenario_files("leader").values()
        for track in one.get("tracks", [])
        if isinstance(track, dict) and isinstance(track.get("client"), dict)
        for step in track["client"]["steps"]
        if step["name"] == "order"
    ]
    assert len(steps) == 3
    assert [step["expect"] for step in steps] == [{"status": "${ordered}"}] * 3


@pytest.mark.parametrize("variable", ["orders_renamed", "orders_unseen"])
def test_where_orders_get_other_names_nobody_says_which_were_asked_for(
    variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing-but-orders" not in planned("L-PG", capsys).partition("left out")[2]
    left_out = planned("L-PG", capsys, f"{variable}=yes").partition("left out")[2]
    assert "nothing-but-orders" in left_out


def test_only_orders_of_the_run_are_looked_at() -> None:
    files = read_scenario_files("leader").values()
    asked = {name: text for one in files for name, text in one.get("vars", {}).items()}
    statements = {name for name in asked if name.endswith("_sql")}
    known = {"duplicates_sql", "orders_sql", "deposed_sql", "shared_tokens_sql", "terms_sql"}
    assert statements == known
    looks = [asked[name] for name in (*statements, "executions", "executed_twice")]
    assert [text for text in looks if "${run.id}-" not in text] == []
    assert str(asked["order_id"]).startswith("${run.id}-")


def report() -> Report:
    suite = find_suite("leader")
    assert suite is not None
    own = suite.own_report()
    assert own is not None
    return own


def looks(probe: str, *seen: tuple[float, Mapping[str, Any]]) -> list[ProbeRecord]:
    return [ProbeRecord(probe, time, fields, expected=True) for time, fields in seen]


def judged(name: str = "L-LOCK", outcome: Outcome = Outcome.PASS) -> Judged:
    history = History(
        {"started_wall": 1763044200.0},
        faults=[FaultRecord("stop-1", "stop", "stop", "redis", 5.0, injected=5.1, released=15.0)],
        probes=[
            *looks("leader", (1, {"value": 1}), (6, {"value": 0}), (20, {"value": 1})),
            *looks("ready", (1, {"status": 200}), (6, {"status": 503}), (20, {"status": 200})),
            *looks("paused", (1, {"value": 0}), (6, {"value": 1}), (20, {"value": 0})),
            *looks("health", (1, {"value": "healthy"}), (20, {"value": "healthy"})),
            *looks("scan-heartbeat", (1, {"value": 9.9}), (20, {"value": 0.84})),
            *looks("order-heartbeat", (20, {"value": 0.84})),
            *looks("market-data-heartbeat", (20, {"value": 1.26})),
            *looks("snapshot", (20, {"trader_paused": 0, "value": 1, "ms": 1.0})),
        ],
        phases=[Phase("tracks", 0.5), Phase("closing", 21.0)],
    )
    check = Verdict("backs-off", "always", outcome, "one, two")
    return Judged(name, history, RunVerdict(outcome, "", (check,)))


def test_the_evidence_has_the_seed_s_keys_and_states() -> None:
    files = report().files("t", [judged()])
    assert list(files) == ["leader_lock_2025-11-13T14-30-00.log"]
    (text,) = files.values()
    rows = list(csv.reader(io.StringIO(text.decode())))
    assert text.decode().splitlines()[0] == "leader_lock_chaos_test,2025-11-13T14-30-00"
    told = {row[0]: row[1] for row in rows if len(row) == 2}
    assert [key for key in told if key in SEED_KEYS] == SEED_KEYS
    states = {key: told[key] for key in SEED_KEYS[1:]}
    assert states == {
        "leader_before": "1",
        "leader_after_stop": "0",
        "leader_after_recovery": "1",
        "ready_before": "ready",
        "ready_after_stop": "not_ready",
        "ready_after_recovery": "ready",
        "scan_hb": "0.8",
        "order_hb": "0.8",
        "md_hb": "1.3",
        "test_result": "PASS",
    }
    assert (told["paused_after_stop"], told["health_after_stop"]) == ("true", "not observed")
    assert ["transition", "2025-11-13T14-30-06.000", "leader", "1", "0"] in rows
    assert told["metric_after_recovery:trader_paused"] == "0"


def test_the_evidence_of_a_failure_says_what_failed() -> None:
    (text,) = report().files("t", [judged("L-PG", Outcome.FAIL)]).values()
    lines = text.decode().splitlines()
    assert lines[0].startswith("postgres_chaos_test,")
    assert 'check_backs-off_why,"one, two"' in lines
    assert lines[-1] == "test_result,FAIL"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pace", "slow"], "quick, seed"),
        (["--test", "leader"], "leader-lock"),
        (["--scenario", "L-LOK"], "L-LOCK"),
        (["--heartbeat-maximum", "5"], "--heartbeat-max"),
    ],
)
def test_a_wrong_command_line_is_refused_with_a_hint(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(["run", "leader", "--out", str(tmp_path), *arguments]) == 64
    assert said in capsys.readouterr().err


@pytest.mark.prove
def test_a_failure_aborts_the_system_and_leaves_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAUSE_ON_FAIL", "1")
    monkeypatch.setenv("NONINTERACTIVE", "1")
    monkeypatch.setenv("WAIT_READY_TIMEOUT", "10")
    run = run_suite("leader", tmp_path / "out", "--scenario", "L-LOCK", canary="no-backoff")
    assert run.code == 1, run
    assert "exponentially" in run.out
    (file,) = (tmp_path / "out" / "reports" / "chaos").glob("leader_lock_*.log")
    lines = file.read_text().splitlines()
    assert "leader_after_stop,0" in lines
    assert "check_backs-off,fail" in lines
    assert lines[-1] == "test_result,FAIL"
    (directory,) = tmp_path.glob("out/*-leader-*/*-l-lock-*")
    done = [op for op in read_history(directory).ops if op.load == "on_fail"]
    assert [(op.name, op.outcome.value) for op in done] == [("abort", "ok")]
