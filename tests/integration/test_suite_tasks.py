"""Suite tasks through the command line, on real servers, and the figures that its files promise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proving_ground.programs import TOKEN, Postgres
from tests.proving_ground.queen_program import running_queen
from tests.quality.canary_map import SUITES
from tests.quality.suite_runs import SuiteRun, run_suite

QUICK = ("--set", "tasks=6", "--set", "delay=0.2", "--set", "early=1s")
SECONDS = re.compile(r"(\d+)s")


@cache
def document(name: str) -> dict[str, Any]:
    """Return one file of the suite."""
    loaded: dict[str, Any] = yaml.safe_load((SUITES / "tasks" / f"{name}.yaml").read_text())
    return loaded


def levels(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the levels of difficulty that a file tells apart."""
    variants = document(name)["variants"]
    assert variants["by"] == "difficulty"
    assert list(variants["of"]) == ["1", "2", "3", "4", "5", "6"]
    of: Mapping[str, Mapping[str, Any]] = variants["of"]
    return of


def seconds(text: str) -> int:
    match = SECONDS.fullmatch(text)
    assert match is not None, text
    return int(match[1])


def test_the_general_table_is_the_catalogue_s() -> None:
    told = [
        (
            *(one["workers"], one["tasks"], one["delay"], seconds(one["deadline"])),
            *(seconds(one["gap"]["min"]), seconds(one["gap"]["max"]), one["least"], one["late"]),
        )
        for one in levels("levels").values()
    ]
    assert told == [
        (2, 10, 1, 45, 20, 30, "90%", "fail"),
        (2, 15, 2, 90, 15, 25, "85%", "fail"),
        (3, 25, 3, 60, 10, 15, "80%", "fail"),
        (3, 35, 4, 90, 5, 10, "75%", "fail"),
        (4, 30, 5, 80, 3, 7, "60%", "pass"),
        (2, 40, 6, 60, 2, 5, "20%", "fail"),
    ]


def test_two_kinds_of_failure_take_turns_in_the_general_table() -> None:
    for one in levels("levels").values():
        for edge in ("min", "max"):
            assert seconds(one["each"][edge]) == 2 * seconds(one["gap"][edge])


def test_the_tables_of_the_scenarios_are_the_catalogue_s() -> None:
    several = levels("multi-worker-chaos").values()
    assert [(one["workers"], one["delay"], seconds(one["deadline"])) for one in several] == [
        (2, 1, 45), (2, 2, 90), (3, 2, 120), (3, 2, 150), (4, 3, 180), (2, 4, 120),
    ]
    scaling = levels("dynamic-scaling").values()
    assert [
        (one["first"], one["second"], one["delay"], seconds(one["deadline"])) for one in scaling
    ] == [
        (15, 8, 0.5, 90), (20, 10, 0.5, 150), (30, 15, 1, 180),
        (40, 20, 1, 240), (50, 25, 1.5, 300), (60, 30, 2, 360),
    ]
    assert all(one["first"] + one["second"] == one["total"] for one in scaling)


@pytest.mark.parametrize("name", ["levels", "multi-worker-chaos"])
def test_the_work_fits_at_every_level_but_the_last(name: str) -> None:
    shares = [
        one["workers"] * seconds(one["deadline"]) / (one["tasks"] * one["delay"])
        for one in levels(name).values()
    ]
    assert all(share > 1.5 for share in shares[:-1])
    assert (levels(name)["6"]["least"], levels(name)["6"]["most"]) == ("20%", "50%")
    # Not even without a single failure could more be done than the level allows.
    assert shares[-1] <= float(levels(name)["6"]["most"].rstrip("%")) / 100


def test_the_api_is_tested_by_as_many_steps_as_are_told() -> None:
    (track,) = document("api_tests")["tracks"]
    steps = track["client"]["steps"]
    assert len(steps) == document("api_tests")["vars"]["api_tests"] >= 44
    assert [one["name"] for one in steps if "status" not in one["expect"]] == []
    assert len({one["name"] for one in steps}) == len(steps)


def test_the_sets_are_the_seed_s() -> None:
    sets = document("suite")["sets"]
    assert {name: one["vars"]["difficulty"] for name, one in sets.items()} == {
        "development": 1, "integration": 2, "load": 3, "resilience": 4, "production": 5,
    }
    scenarios = {path.stem for path in (SUITES / "tasks").glob("*.yaml")}
    for one in sets.values():
        assert set(one.get("scenarios", ())) <= scenarios


def result_lines(out: Path) -> list[str]:
    (file,) = out.glob("*-tasks-*/results.txt")
    return file.read_text().splitlines()


def test_a_flood_is_worked_off_and_told_in_the_lines_of_the_older_runner(tmp_path: Path) -> None:
    run = run_suite("tasks", tmp_path, "--scenarios", "task-flood", "--verbose", *QUICK)
    assert run.code == 0, run
    assert "all-submitted" in run.out
    lines = result_lines(tmp_path)
    assert {"Total scenarios: 1", "Passed: 1", "Failed: 0", "Success rate: 100%"} <= set(lines)
    figures = r"100\.0%, \d+s, 0 retries, [\d.]+ tasks/s"
    assert re.fullmatch(rf"✅ task-flood: PASS \({figures}\)", lines[-1])
    assert "ended early" in run.out


def test_an_unknown_level_is_refused_with_those_there_are(tmp_path: Path) -> None:
    run = run_suite("tasks", tmp_path, "--difficulty", "7")
    assert run.code == 64, run
    assert "1, 2, 3, 4, 5, 6" in run.err
    assert not list(tmp_path.iterdir())


@pytest.mark.prove
def test_an_api_that_runs_already_is_tested_and_left_alone(
    postgres_of_its_own: Postgres, tmp_path: Path
) -> None:
    with running_queen(postgres_of_its_own, tmp_path) as queen:
        queen.worker("--concurrency", "4")
        attached = ("--base-url", queen.url, "--database-url", queen.dsn, "--admin-token", TOKEN)
        scenarios = ("--scenarios", "mixed-chaos,task-flood")
        out = tmp_path / "out"
        run: SuiteRun = run_suite("tasks", out, *scenarios, *QUICK, *attached)
        assert run.code == 2, run
        told = "\n".join(result_lines(out))
        assert "⏭ mixed-chaos: SKIP (The workers of an API that runs already" in told
        assert queen.program.returncode is None
        assert queen.sql("SELECT count(*) FROM tasks WHERE status = 'completed'") == [(6,)]


def test_every_submission_has_a_key_of_its_own_run() -> None:
    keys = {
        (name, track["name"]): track["client"]["vars"]["key"]
        for name in (path.stem for path in (SUITES / "tasks").glob("*.yaml"))
        for track in document(name).get("tracks", ())
        if "key" in track.get("client", {}).get("vars", {})
    }
    assert len(keys) >= 7
    for track, key in keys.items():
        assert key == "${tag}-{{uuid}}", track  # The second half alone is the same in each run.


@pytest.mark.prove
def test_a_suite_is_run_again_on_a_system_that_remembers(
    postgres_of_its_own: Postgres, tmp_path: Path
) -> None:
    with running_queen(postgres_of_its_own, tmp_path) as queen:
        queen.worker("--concurrency", "4")
        attached = ("--base-url", queen.url, "--database-url", queen.dsn, "--admin-token", TOKEN)
        chosen = ("--scenarios", "task-flood,baseline", "--seed", "7")
        for time in (1, 2):
            run = run_suite("tasks", tmp_path / f"out-{time}", *chosen, *QUICK, *attached)
            assert run.code == 0, run
        ((made, keys, draws),) = queen.sql(
            "SELECT count(*), count(DISTINCT idempotency_key),"
            " count(DISTINCT right(idempotency_key, 36)) FROM tasks"
            " WHERE starts_with(idempotency_key, 'run-')"
        )
        assert made == keys == 24      # four times six
        assert draws < 24              # the seed's own, whichever client draws them


@pytest.fixture
def postgres_of_its_own(tmp_path: Path) -> Any:
    server = Postgres(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.discard()


@pytest.mark.prove
def test_all_of_it_but_late_is_a_pass_with_a_star(tmp_path: Path) -> None:
    late = ("--set", "deadline=20s", "--set", "delay=1.5")
    run = run_suite("tasks", tmp_path, "--scenarios", "dynamic-scaling", *late)
    assert run.code == 0, run
    assert re.fullmatch(
        r"✅ dynamic-scaling: PASS\* \(100\.0%, \d+s, 0 retries\)", result_lines(tmp_path)[-1]
    )
    assert "PASS*" in run.out
